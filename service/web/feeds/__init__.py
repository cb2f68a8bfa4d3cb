"""
The feeds over HTTP: conditional requests, answered from memory.

No building of feeds belongs here; `calendars` makes the bytes.
"""
