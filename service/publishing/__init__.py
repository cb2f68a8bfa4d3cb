"""
Publishing to any calendar server: the plan, the ledger, retries, and the loop that keeps a target in step.

No CalDAV and no HTTP belongs here; a server comes in as a port.
"""
