"""
Recurring trouble of a source: its count, its beginning, and when it deserves a log line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from service.sources.connection import ConnectionLost


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    The trouble since the source last worked. Without arguments there is none.
    """

    since: datetime | None = None
    tries: int = 0
    """Connections that failed or were lost, for whatever reason."""

    by_kind: Mapping[object, int] = field(default_factory=dict)
    worth_logging: bool = False
    """Whether the last one is worth a line: the first, second, fourth, eighth ... of its kind is."""

    logged: bool = False
    """Whether a line was logged that no recovery followed yet."""

    def count(self, lost: ConnectionLost, now: datetime) -> "Trouble":
        """Return the trouble after one more lost connection."""
        kind = (lost.state, lost.cause)
        count = self.by_kind.get(kind, 0) + 1
        worth_logging = count & (count - 1) == 0
        return Trouble(
            self.since or now,
            self.tries + 1,
            {**self.by_kind, kind: count},
            worth_logging,
            self.logged or worth_logging,
        )

    def recover(self) -> "Trouble":
        """Return the trouble after the log reported its end; it may come again."""
        return replace(self, logged=False)

    def measure(self, now: datetime) -> timedelta:
        """Return how long the trouble has lasted."""
        return now - (self.since or now)
