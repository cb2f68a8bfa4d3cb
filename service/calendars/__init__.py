"""
Which calendars exist, who is in them, their secret addresses, and their feeds as bytes.

No HTTP and no SQL belongs here; the store comes in as a port.
"""
