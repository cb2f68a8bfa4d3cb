"""
Built feeds, as many as memory allows.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from service.core.account_state import Revision
from service.core.conference import Key

Members = tuple[tuple[Key, Revision], ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """
    One calendar's iCalendar object with its validators.
    """

    body: bytes
    etag: bytes
    """Strong, with its quotes."""

    changed_at: datetime
    last_modified: bytes = field(init=False)

    def __post_init__(self) -> None:
        """Write the date down once: it goes with every answer."""
        object.__setattr__(self, "last_modified", http_date(self.changed_at))


def http_date(moment: datetime) -> bytes:
    """Return a moment in UTC as HTTP writes it (RFC 9110, 5.6.7)."""
    return format_datetime(moment, usegmt=True).encode()


@dataclass(frozen=True, slots=True)
class Built:
    """
    A feed, and what it was built from.
    """

    feed: Feed
    changes: int
    """How many changes of the state are in it."""

    members: Members | None
    """What it holds, where that is cheaper to compare than to build; otherwise None."""


class Shelf:
    """
    The feeds last asked for, as many as `most_bytes` hold, and always the last one.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._built: OrderedDict[str, Built] = OrderedDict()

    def get(self, calendar: str) -> Built | None:
        """Return what was built for a calendar, up to date or not."""
        built = self._built.get(calendar)
        if built is not None:
            self._built.move_to_end(calendar)
        return built

    def put(self, calendar: str, built: Built) -> None:
        """Keep a feed; those not asked for the longest make room."""
        before = self._built.pop(calendar, None)
        self._bytes += len(built.feed.body) - (len(before.feed.body) if before else 0)
        self._built[calendar] = built
        while self._bytes > self._most_bytes and len(self._built) > 1:
            _, dropped = self._built.popitem(last=False)
            self._bytes -= len(dropped.feed.body)
