"""
The composition root, the daemon, and what the commands do beside a running daemon.

No protocol, no SQL and no HTTP handler belongs here; it only puts parts together and runs them.
"""
