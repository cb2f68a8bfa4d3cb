"""
Dates and times in the words of a page's locale and zone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import (
    format_date,
    format_interval,
    format_skeleton,
    format_time,
    format_timedelta,
    get_day_names,
    get_month_names,
    get_timezone_location,
    get_timezone_name,
)
from babel.lists import format_list
from babel.units import format_unit

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dates:
    """
    How a page writes moments.
    """

    locale: Locale
    zone: ZoneInfo

    @property
    def zone_name(self) -> str:
        """The zone in words with its place in the database: `Moscow Time, Europe/Moscow`; `UTC` alone."""
        name = get_timezone_name(self.zone, locale=self.locale)
        if name == get_timezone_location(self.zone, locale=self.locale):
            # Babel has no name: it says that UTC lies in an unknown region where, in Russian, it is summer.
            name = get_timezone_location(self.zone, locale=self.locale, return_city=True)
        return f"{name}, {self.zone.key}" if name != self.zone.key else name

    def local(self, moment: datetime) -> datetime:
        """Return the moment in the page's zone."""
        return moment.astimezone(self.zone)

    def day_of(self, moment: datetime) -> date:
        """Return the day that the page's zone has at this moment."""
        return self.local(moment).date()

    def time(self, moment: datetime) -> str:
        """Return the hour and minute: `14:05`, `2:05 PM`."""
        local = self.local(moment)
        return _time(self.locale, time(local.hour, local.minute))

    def day(self, moment: datetime | date) -> str:
        """Return the day with its weekday, without the year: `Mon 23 Nov`."""
        return _day(self.locale, self._date(moment))

    def full_day(self, moment: datetime | date) -> str:
        """Return the day with all there is: `Monday, 23 November 2026`."""
        return _full_day(self.locale, self._date(moment))

    def month(self, first: date) -> str:
        """Return the month with its year, as a heading: `November 2026`, `Ноябрь 2026`."""
        name = get_month_names("wide", "stand-alone", self.locale)[first.month]
        return f"{name[:1].upper()}{name[1:]} {first.year}"

    def short_month(self, moment: datetime | date) -> str:
        """Return the month in a few letters, for the head of a calendar leaf."""
        names = get_month_names("abbreviated", "stand-alone", self.locale)
        return str(names[self._date(moment).month]).rstrip(".")

    def weekday(self, day: int, width: Literal["abbreviated", "wide"] = "abbreviated") -> str:
        """Return the name of a weekday, Monday being 0."""
        name: str = get_day_names(width, "stand-alone", self.locale)[day]
        return name

    def span(self, start: datetime, end: datetime) -> str:
        """Return from when to when: `10:00–10:45`, with the day of the end where it is another one."""
        until = self.time(end)
        if self.day_of(end - timedelta(microseconds=1)) != self.day_of(start):
            until = f"{self.day(end)}, {until}"
        return f"{self.time(start)}–{until}"

    def ago(self, moment: datetime, now: datetime) -> str:
        """Return how long before `now` it was: `3 minutes ago`."""
        passed = max(now - moment, _MINUTE)
        return format_timedelta(-passed, granularity="minute", add_direction=True, locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """Return day and time: `Mon 23 Nov, 14:05`."""
        return f"{self.day(moment)}, {self.time(moment)}"

    def hour(self, hour: int) -> str:
        """Return a full hour of the day: `14:00`, `2:00 PM`."""
        return _time(self.locale, time(hour))

    def days(self, first: date, last: date) -> str:
        """Return from which day to which, with the year: `5–11 Oct 2026`."""
        return _days(self.locale, first, last)

    def length(self, length: timedelta) -> str:
        """Return how long something takes: `1 hour 30 minutes`."""
        minutes = max(1, length // _MINUTE)
        days, rest = divmod(minutes, 24 * 60)
        parts = (("day", days), ("hour", rest // 60), ("minute", rest % 60))
        return " ".join(str(format_unit(n, unit, locale=self.locale)) for unit, n in parts if n)

    def weekdays(self, days: Iterable[int]) -> str:
        """Return weekdays as a list: `Monday and Thursday`."""
        return format_list([self.weekday(day, "wide") for day in days], locale=self.locale)

    def recent(self, moment: datetime, now: datetime) -> str:
        """Return the time alone where the moment is of the same day as `now`, else the day with it."""
        return self.time(moment) if self.day_of(moment) == self.day_of(now) else self.moment(moment)

    def _date(self, moment: datetime | date) -> date:
        return self.day_of(moment) if isinstance(moment, datetime) else moment


# A month of conferences meets at the same few hours, on the same few days.


@lru_cache(maxsize=4096)
def _time(locale: Locale, moment: time) -> str:
    return format_time(moment, "short", locale=locale)


@lru_cache(maxsize=1024)
def _days(locale: Locale, first: date, last: date) -> str:
    return str(format_interval(first, last, "yMMMd", locale=locale))


@lru_cache(maxsize=4096)
def _day(locale: Locale, day: date) -> str:
    return format_skeleton("MMMEd", day, locale=locale)


@lru_cache(maxsize=4096)
def _full_day(locale: Locale, day: date) -> str:
    return format_date(day, "full", locale=locale)
