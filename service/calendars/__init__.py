"""
Which calendars exist, who and what is in them and why, their secret addresses, and their feeds as bytes.

No HTTP and no SQL belongs here; the store comes in as a port.
"""
