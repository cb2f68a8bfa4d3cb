"""
Conferences as lists tell of them, and when they take place, by counting days in UTC.

No zone of the tests has summer time: one offset is right for every moment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
START = datetime(2026, 10, 5, 8, tzinfo=UTC)

HERE, THERE = "video.example.com", "other.example.com"
ZONES = {HERE: "Europe/Moscow", THERE: "UTC"}
OFFSETS = {HERE: 3 * HOUR, THERE: timedelta()}

Raw = dict[str, Any]
Span = tuple[datetime, datetime]
"""Start and end of a meeting."""


@dataclass(frozen=True)
class Pattern:
    """
    When a series takes place, whenever it began.
    """

    days: frozenset[int]
    """Weekdays in UTC, Monday is 0."""

    minute: timedelta
    """Since midnight in UTC."""

    duration: timedelta

    def starts(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the starts from `since` on and before `until`."""
        start = since.replace(hour=0, minute=0, second=0) + self.minute
        while start < until:
            if start >= since and start.weekday() in self.days:
                yield start
            start += DAY


@dataclass(frozen=True)
class Told:
    """
    One conference as a list tells of it.
    """

    topic: str
    kind: str
    """`once`, `week` or `none`."""

    starts_at: datetime = START
    days: frozenset[int] = frozenset({0, 3})
    """The flags, Monday is 0; the day of the start in UTC is always among them."""

    duration: timedelta = HOUR
    owner: str = "brown"

    def raw(self, id_: str) -> Raw:
        """Return it as TrueConf sends it."""
        schedule: Raw = {
            "start_time": int(self.starts_at.timestamp()),
            "duration": int(self.duration.total_seconds()),
        }
        if self.kind == "week":
            schedule["days"] = [int((day - 1) % 7 in self.days) for day in range(7)]
        return {
            "id": id_,
            "topic": self.topic,
            "owner": self.owner,
            "schedule_type": self.kind,
            "schedule": {} if self.kind == "none" else schedule,
        }

    @property
    def ends_at(self) -> datetime:
        """The end of a single meeting."""
        return self.starts_at + self.duration

    def pattern(self, server: str) -> Pattern:
        """Return when a series takes place; flags count where the start is flagged, locally first."""
        midnight = self.starts_at.replace(hour=0, minute=0)
        ahead = ((self.starts_at + OFFSETS[server]).date() - self.starts_at.date()).days
        if (self.starts_at.weekday() + ahead) % 7 not in self.days:
            ahead = 0
        days = frozenset((day - ahead) % 7 for day in self.days)
        return Pattern(days, self.starts_at - midnight, self.duration)

    def is_series_of(self, other: "Told", server: str) -> bool:
        """Return whether both tell of one series, whichever occurrence of it."""
        return (
            self.kind == other.kind == "week"
            and self.days == other.days
            and self.pattern(server) == other.pattern(server)
        )

    def says_as(self, other: "Told", server: str) -> bool:
        """Return whether both say the same, but for which occurrence of a series comes next."""
        if self.is_series_of(other, server):
            return replace(self, starts_at=other.starts_at) == other
        return self == other

    def only_moved_on_from(self, other: "Told", server: str) -> bool:
        """Return whether it says what `other` said before, or names a later occurrence of the same series."""
        return self.says_as(other, server) and (self.kind != "week" or self.starts_at >= other.starts_at)


def days_of(start: datetime, *more: int) -> frozenset[int]:
    """
    Return flags for a series, and so many days later; the start is flagged in every zone of the tests.

    Else the occurrence that is named would decide in which zone the flags count.
    """
    ahead = {(start + offset).date() - start.date() for offset in OFFSETS.values()}
    return frozenset((start.weekday() + days) % 7 for days in (*(each.days for each in ahead), *more))


@dataclass(frozen=True)
class Edit:
    """
    What somebody does to a conference.
    """

    KINDS: ClassVar = ("moves on", "moves back", "days", "hour", "length", "once", "week", "none", "topic")

    kind: str
    number: int
    """How many weeks, days or hours, from 1 to 6."""

    topic: str
    day: int
    """Days from now to the new date."""

    def of(self, before: Told, server: str, now: datetime) -> Told:  # noqa: PLR0911 -- one for each kind
        """Return what lists tell afterwards."""
        weekly = before.kind == "week"
        soon = now.replace(hour=8, minute=0, second=0, microsecond=0) + self.day * DAY
        match self.kind:
            case "moves on" if weekly:
                later = before.pattern(server).starts(max(now, before.starts_at), now + 5000 * DAY)
                return replace(before, starts_at=next(later))
            case "moves back" if weekly:
                return replace(before, starts_at=before.starts_at - self.number * WEEK)
            case "days" if weekly:
                start = before.starts_at + self.number * DAY
                return replace(before, starts_at=start, days=days_of(start))
            case "hour" if before.kind != "none":
                minute = (before.starts_at.minute + self.number * 5) % 60
                return replace(before, starts_at=before.starts_at.replace(minute=minute))
            case "length":
                return replace(before, duration=self.number * HOUR)
            case "once":
                return replace(before, kind="once", starts_at=soon)
            case "week":
                return replace(before, kind="week", starts_at=soon, days=days_of(soon, self.number))
            case "none":
                return replace(before, kind="none")
            case _:
                return replace(before, topic=self.topic)
