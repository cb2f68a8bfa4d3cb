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

    def shifted(self, days: int) -> "Weekday":
        """Return the weekday so many days later (earlier where negative)."""
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
