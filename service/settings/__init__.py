"""
The settings: their types, where they come from, and what an operator reads about them.

Only `app` and `commands` may import it; other parts are given values, not settings.
"""
