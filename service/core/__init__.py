"""
What is decided about conferences: schedules, VEVENTs, revisions, removals, by pure functions.

No I/O, no clock, no chance, and nothing about a protocol, a server or a database belongs here.
"""
