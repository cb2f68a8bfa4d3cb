"""
How long an endpoint has been asked in vain.
"""

from datetime import datetime, timedelta


class Silence:
    """
    Counts the polls since something was last heard.

    It is too long once `polls` polls and the time `least` passed: a few polls in a row prove nothing alone.
    """

    def __init__(self, now: datetime, *, polls: int, least: timedelta) -> None:
        self._polls, self._least = polls, least
        self._asked, self._since = 0, now

    def broken(self, now: datetime) -> None:
        """Begin anew: it was heard."""
        self._asked, self._since = 0, now

    def polled(self, now: datetime) -> timedelta | None:
        """Count a poll; the length of the silence before it where that is too long."""
        # A clock that was set back must not hide a silence until it has caught up.
        length = abs(now - self._since)
        if self._asked >= self._polls and length >= self._least:
            return length
        self._asked += 1
        return None
