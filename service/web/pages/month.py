"""
A month as the weeks that a calendar hangs on the wall, and the days of an agenda.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Literal, Protocol, TypeVar

from service.web.pages.meetings import Meeting

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_WEEK = 7
_WRITTEN = re.compile(r"(\d{4})-(\d{2})", re.ASCII)

Part = Literal["whole", "first", "middle", "last"]


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """
    One month of one year.
    """

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Month":
        """Return the month that a day is in."""
        return cls(day.year, day.month)

    @classmethod
    def read(cls, text: str) -> "Month | None":
        """Return the month that `2026-10` names, or None where it names none."""
        match = _WRITTEN.fullmatch(text)
        if match is None or int(match[2]) not in range(1, 13) or int(match[1]) not in range(1970, 9000):
            return None
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def first(self) -> date:
        """The first day."""
        return date(self.year, self.number, 1)

    def shift(self, months: int) -> "Month":
        """Return the month that many months later, or earlier for a negative number."""
        years, number = divmod(self.number - 1 + months, 12)
        return Month(self.year + years, number + 1)

    def weeks(self, first_weekday: int) -> list[list[date]]:
        """Return its days in whole weeks, with the neighbors' days at both ends; Monday is 0."""
        day = self.first - (self.first.weekday() - first_weekday) % _WEEK * _DAY
        weeks = []
        while Month.of(day) <= self:
            weeks.append([day + number * _DAY for number in range(_WEEK)])
            day += _WEEK * _DAY
        return weeks


class Spanning(Protocol):
    """What has a start and an end."""

    @property
    def start(self) -> datetime:
        """When it begins."""
        ...

    @property
    def end(self) -> datetime:
        """When it is over."""
        ...


T = TypeVar("T", bound=Spanning)


@dataclass(frozen=True, slots=True)
class Slot:
    """
    What one day shows of a meeting.
    """

    meeting: Meeting
    part: Part
    """Which of its days this is."""


@dataclass(slots=True)
class Slots:
    """
    The meetings of one day: the first few, and the number of all.
    """

    shown: list[Slot] = field(default_factory=list)
    count: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """
    One day with its meetings, in order.
    """

    date: date
    slots: tuple[Slot, ...]
    count: int
    """How many meetings there are; `slots` may hold fewer."""

    today: bool = False
    inside: bool = True
    """Whether it belongs to the month shown."""


def slots_by_day(
    found: Iterable[T],
    zone: tzinfo,
    first: date,
    last: date,
    *,
    show: Callable[[T], Meeting],
    most: int,
    whole: date | None = None,
) -> dict[date, Slots]:
    """
    Return what is on each day from `first` to `last`, a long meeting on every day that it touches.

    `show` is called for the first `most` of a day only, except on the day `whole`, which has all.
    """
    days: dict[date, Slots] = {}
    for each in found:
        begins = each.start.astimezone(zone).date()
        # A meeting that ends at midnight has nothing of the day that begins then.
        ends = max(begins, (each.end.astimezone(zone) - _INSTANT).date())
        day = max(begins, first)
        while day <= min(ends, last):
            slots = days.setdefault(day, Slots())
            slots.count += 1
            if slots.count <= most or day == whole:
                slots.shown.append(Slot(show(each), _part(day, begins, ends)))
            day += _DAY
    return days


def _part(day: date, begins: date, ends: date) -> Part:
    if begins == ends:
        return "whole"
    return "first" if day == begins else "last" if day == ends else "middle"


def put_coming_first(slots: Slots, now: datetime, most_over: int) -> Slots:
    """Return the meetings of a day: first those that run or come, then at most `most_over` that are over."""
    coming = [slot for slot in slots.shown if slot.meeting.end > now]
    over = [slot for slot in slots.shown if slot.meeting.end <= now]
    return Slots([*coming, *over[:most_over]], slots.count)


def grid(month: Month, first_weekday: int, slots: Mapping[date, Slots], *, today: date) -> list[list[Day]]:
    """Return the weeks of a month with what is on each day."""
    return [
        [_day(day, slots.get(day, Slots()), today, month) for day in week]
        for week in month.weeks(first_weekday)
    ]


def agenda_days(month: Month, slots: Mapping[date, Slots], *, today: date) -> list[Day]:
    """Return the days of a month that have meetings."""
    return [_day(day, slots[day], today, month) for day in sorted(slots) if Month.of(day) == month]


def _day(day: date, slots: Slots, today: date, month: Month) -> Day:
    return Day(day, tuple(slots.shown), slots.count, day == today, Month.of(day) == month)
