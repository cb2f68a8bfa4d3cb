"""
The moments at which the offset of a zone changes, read from `zoneinfo`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST = datetime(1999, 1, 1, tzinfo=UTC)
LAST = datetime(2050, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=3)
_ZERO = timedelta()


@dataclass(frozen=True, slots=True)
class Transition:
    """
    A moment from which another offset counts.
    """

    at: datetime
    """UTC."""

    before: timedelta
    after: timedelta
    name: str
    """What the time is called from then on."""

    @property
    def local(self) -> datetime:
        """The moment as local time in the offset that ends, without a zone."""
        return (self.at + self.before).replace(tzinfo=None)


@lru_cache(maxsize=1024)
def transitions_of(zone: ZoneInfo) -> tuple[Transition, ...]:
    """Return the transitions of a zone between `FIRST` and `LAST`, in order."""
    found = []
    low, offset = FIRST, offset_at(zone, FIRST)
    while low < LAST:
        high = low + _STEP
        after = offset_at(zone, high)
        if after != offset:
            at = _first_instant(zone, low, high)
            found.append(Transition(at, offset, after, at.astimezone(zone).tzname() or ""))
        low, offset = high, after
    return tuple(found)


def _first_instant(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Return the first second in (low, high] with the offset of `high`."""
    target = offset_at(zone, high)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if offset_at(zone, middle) == target:
            high = middle
        else:
            low = middle
    return high


def offset_at(zone: ZoneInfo, moment: datetime) -> timedelta:
    """Return the offset from UTC that counts in a zone at a moment."""
    return moment.astimezone(zone).utcoffset() or _ZERO


def last_change(zone: ZoneInfo, now: datetime) -> Transition | None:
    """Return the last transition up to `now`; None if there was none since `FIRST`."""
    return max((each for each in transitions_of(zone) if each.at <= now), key=lambda t: t.at, default=None)


def next_change(zone: ZoneInfo, after: datetime) -> Transition | None:
    """Return the first transition after a moment; None if there is none before `LAST`."""
    return min((each for each in transitions_of(zone) if each.at > after), key=lambda t: t.at, default=None)
