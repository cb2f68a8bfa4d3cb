"""
The JSON API, and the ingest of posted events.

No HTML belongs here.
"""
