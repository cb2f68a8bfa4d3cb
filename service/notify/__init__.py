"""
Messages to people over the services that Apprise knows.

What is told, and when, is decided in `service.core.notifications`, not here.
"""
