"""
One file for each command: it reads options and prints text.

No decision and no I/O of its own belongs here; `app` does the work.
"""
