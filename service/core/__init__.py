"""
What is decided about conferences: what VEVENTs say, what a list changes, what the journal and people get.

By pure functions: no I/O, no clock, no chance, and nothing about a protocol, a server or a database is here.
"""
