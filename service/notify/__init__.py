"""
Messages to people over the services that Apprise knows.

No decision about what is announced belongs here; `service.core.notifications` makes it.
"""
