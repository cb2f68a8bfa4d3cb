"""
When a conference takes place: `Schedule = Unscheduled | Once | Weekly`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum


class Weekday(IntEnum):
    """
    A day of the week, numbered as `datetime.weekday()` does.
    """

    MO = 0
    TU = 1
    WE = 2
    TH = 3
    FR = 4
    SA = 5
    SU = 6

    def shift(self, days: int) -> "Weekday":
        """Return the weekday that many days later, or earlier for a negative number."""
        return Weekday((self + days) % 7)


@dataclass(frozen=True, slots=True)
class Unscheduled:
    """A virtual room: it exists, but at no particular time."""


@dataclass(frozen=True, slots=True)
class Once:
    """
    One meeting at a fixed instant.
    """

    start: datetime
    """Aware, in UTC, whole seconds."""

    duration: timedelta
    """More than zero."""


@dataclass(frozen=True, slots=True)
class Weekly:
    """
    A meeting that repeats every week, without an end.
    """

    start: datetime
    """One occurrence, or a moment near it: aware, in UTC, whole seconds."""

    duration: timedelta
    """More than zero."""

    days: frozenset[Weekday]
    """The flagged weekdays as sent, never empty. In which zone they count is decided in `weekly`."""


Schedule = Unscheduled | Once | Weekly


@dataclass(frozen=True, slots=True)
class Bounds:
    """
    Which occurrences of a schedule a calendar shows. All moments are aware, in UTC, whole seconds.
    """

    since: datetime | None = None
    """Those before it are shown by closed parts, are too old, or never took place."""

    until: datetime | None = None
    """The moment at which a closed part ends: none begins then or later. None where the schedule goes on."""

    ruled_from: datetime | None = None
    """From when on the present rules of the zone give the local hour; None where it does not matter."""

    def begin(self, start: datetime) -> datetime:
        """Return the moment from which the occurrences of a schedule that starts at `start` count."""
        return max(start, self.since or start, self.ruled_from or start)


UNBOUNDED = Bounds()


def is_hidden(schedule: Schedule, bounds: Bounds) -> bool:
    """Return whether a single event was over before its bounds began: then there is nothing to show."""
    return (
        isinstance(schedule, Once)
        and bounds.since is not None
        and schedule.start + schedule.duration <= bounds.since
    )
