"""
CalDAV servers: conversations without I/O, one connection that carries them, quirks as data.

No decision about what is published belongs here; `publishing` makes the plan.
"""
