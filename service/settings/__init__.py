"""
The settings: their types, where they come from, and what an operator reads about them.

No part of the program below `app` may import it; a part is given values, not settings.
"""
