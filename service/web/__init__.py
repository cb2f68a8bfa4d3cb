"""
The web server and what its four wings share.

No wing's own page, handler or form belongs here, and the wings do not import each other.
"""
