"""
The protocol of TrueConf endpoints: text in, events and commands out.

No I/O belongs here: no socket, no clock, no task.
"""
