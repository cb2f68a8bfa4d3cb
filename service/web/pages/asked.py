"""
What part of the schedule the query of a page asks for, and the queries of the parts around it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import assert_never
from urllib.parse import urlencode

from service.web.pages.month import Month

_MONTHS_BACK = 6
_MONTHS_AHEAD = 12
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
_DAY = timedelta(days=1)
_WEEK = 7


class View(StrEnum):
    """
    How the schedule is laid out.
    """

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    AGENDA = "agenda"


@dataclass(frozen=True, slots=True)
class Asked:
    """
    One view of the schedule on one day, as far as the schedule is shown.
    """

    view: View
    day: date
    """A day of the part that is shown."""

    today: date
    alone: bool = False
    """Whether the agenda is of this day alone; else it is of the month."""

    explicit: bool = True
    """Whether the query asked for any of this."""

    @property
    def month(self) -> Month:
        """The month that the day is in."""
        return Month.of(self.day)

    @property
    def params(self) -> dict[str, str]:
        """The parameters that ask for this."""
        if self.view in {View.DAY, View.WEEK} or self.alone:
            return {"view": self.view, "day": self.day.isoformat()}
        return {"view": self.view, "month": str(self.month)}

    @property
    def query(self) -> str:
        """The query that asks for this."""
        return f"?{urlencode(self.params)}"

    @property
    def previous(self) -> "Asked | None":
        """What comes before; None where the schedule begins."""
        return self._turn(-1)

    @property
    def next(self) -> "Asked | None":
        """What comes after; None where the schedule ends."""
        return self._turn(1)

    @property
    def present(self) -> "Asked":
        """The same view, of today."""
        return replace(self, day=self.today)

    def change_view(self, view: View) -> "Asked":
        """Return another view of what is shown; of this month it is today's part of it."""
        whole = self.view is View.MONTH or (self.view is View.AGENDA and not self.alone)
        day = self.today if whole and self.month == Month.of(self.today) else self.day
        return replace(self, view=view, day=day, alone=False)

    def narrow_to(self, day: date) -> "Asked":
        """Return the agenda of one day."""
        return replace(self, view=View.AGENDA, day=day, alone=True)

    def open_day(self, day: date) -> "Asked":
        """Return the view of one day by its hours."""
        return replace(self, view=View.DAY, day=day, alone=False)

    def days(self, first_weekday: int) -> tuple[date, date]:
        """Return the first and the last day shown; weeks begin with `first_weekday`, Monday being 0."""
        match self.view:
            case View.DAY:
                return self.day, self.day
            case View.WEEK:
                first = self.day - (self.day.weekday() - first_weekday) % _WEEK * _DAY
                return first, first + (_WEEK - 1) * _DAY
            case View.MONTH:
                weeks = self.month.weeks(first_weekday)
                return weeks[0][0], weeks[-1][-1]
            case View.AGENDA:
                return (self.day, self.day) if self.alone else (self.month.first, _last(self.month))
            case _ as unreachable:
                assert_never(unreachable)

    def _turn(self, by: int) -> "Asked | None":
        if self.view is View.DAY or self.alone:
            day = self.day + by * _DAY
        elif self.view is View.WEEK:
            day = self.day + by * _WEEK * _DAY
        else:
            day = self.month.shift(by).first
        return replace(self, day=day) if _is_shown(day, self.today) else None


def read_asked(params: Mapping[str, str], today: date, *, handheld: bool) -> Asked:
    """
    Return what a query asks for; a month or a day beyond the schedule becomes the nearest month of it.

    Where it asks for nothing, a phone is shown the agenda, and everything else the week.
    """
    view = next((each for each in View if each == params.get("view")), None)
    day, month = _read_day(params.get("day", "")), Month.read(params.get("month", ""))
    if day and _is_shown(day, today):
        return Asked(view or View.AGENDA, day, today, alone=view in {None, View.AGENDA})
    if day or month:
        asked = Month.of(day) if day else month or Month.of(today)
        nearest = min(max(asked, _earliest(today)), _latest(today))
        near = today if nearest == Month.of(today) and not day else nearest.first
        return Asked(view or View.MONTH, near, today)
    return Asked(view or (View.AGENDA if handheld else View.WEEK), today, today, explicit=view is not None)


def _earliest(today: date) -> Month:
    return Month.of(today).shift(-_MONTHS_BACK)


def _latest(today: date) -> Month:
    return Month.of(today).shift(_MONTHS_AHEAD)


def _is_shown(day: date, today: date) -> bool:
    return _earliest(today) <= Month.of(day) <= _latest(today)


def _last(month: Month) -> date:
    return month.shift(1).first - _DAY


def _read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # So that days around it can be reckoned with.
    return day if _FIRST_YEAR <= day.year < _LAST_YEAR else None
