"""
What is decided about conferences: schedules, VEVENTs, revisions, removals; and what of it is put into the
journal, announced, and shown as needing somebody. All by pure functions.

No I/O, no clock, no chance, and nothing about a protocol, a server or a database belongs here.
"""
