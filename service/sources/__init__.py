"""
How lists come in: connected endpoints, posted events, and the replay of recordings.

No decision about calendars belongs here; a source hands each snapshot to its sink.
"""
