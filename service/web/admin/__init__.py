"""
The administrator's dashboard: sign-in, sessions, forms, charts.

No JSON and no page for subscribers belongs here.
"""
