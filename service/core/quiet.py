"""
Quiet hours: when no list is expected of a source, so that its silence means nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_MINUTES_A_DAY: Final = 1440
_MINUTES_AN_HOUR: Final = 60
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RANGE: Final = re.compile(
    r"(?:(?P<first>[a-z]+)(?:\s*-\s*(?P<last>[a-z]+))?\s+)?"
    r"(?P<start>\d{1,2}:\d{2})\s*-\s*(?P<end>\d{1,2}:\d{2})"
)
_LOOKED_AHEAD: Final = 16
"""In days. Quiet hours repeat every week, so what does not occur within two weeks never does."""

_ALARMS: Final = 16384
"""How many alarms are remembered: each page asks for those of all sources."""

_LEAST_AWAKE: Final = 60
"""In minutes: endpoints report every eight to twelve minutes."""


@dataclass(frozen=True, slots=True)
class QuietRange:
    """
    One stretch of quiet, in minutes after the midnight at which its first day begins.
    """

    start: int
    end: int
    """Later than `start`; beyond 1440 where it ends on the following day."""

    days: frozenset[int] = frozenset(range(7))
    """The weekdays on which it begins, Monday being 0."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """
    The quiet hours of one source. Without ranges there are none.
    """

    ranges: tuple[QuietRange, ...] = ()
    zone: str = "UTC"

    def find_alarm(self, since: datetime, after: timedelta) -> datetime | None:
        """
        Return when a silence that began at `since` is too long; None where it never is.

        It is once `after` passed in one go outside the quiet hours, and stays so when they begin.
        """
        return _find_alarm(self, since, after) if self.ranges else since + after

    def excuse(self, since: datetime, now: datetime, after: timedelta) -> bool:
        """Return whether trouble since a moment in quiet hours, or shortly before, means nothing yet."""
        alarm = self.find_alarm(since, after)
        return alarm is None or (alarm > since + after and now < alarm)

    def is_overdue(self, since: datetime, now: datetime, after: timedelta) -> bool:
        """Return whether a silence that began at `since` is too long by now."""
        alarm = self.find_alarm(since, after)
        return alarm is not None and now > alarm

    def list_spans(self, since: datetime, until: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """Return the stretches of quiet between two moments, at most two weeks apart."""
        return tuple((start, end) for start, end in self.spans(since) if start < until)

    def spans(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the stretches of quiet that end after a moment, in order, with those that touch joined."""
        zone = ZoneInfo(self.zone)
        first = since.astimezone(zone).date() - 2 * _DAY
        days = [first + number * _DAY for number in range(_LOOKED_AHEAD + 3)]
        found = sorted(
            (_instant(day, each.start, zone, last=False), _instant(day, each.end, zone, last=True))
            for day in days
            for each in self.ranges
            if day.weekday() in each.days
        )
        joined: tuple[datetime, datetime] | None = None
        for start, end in found:
            if end <= since:
                continue
            if joined and start <= joined[1]:
                joined = joined[0], max(joined[1], end)
                continue
            if joined:
                yield joined
            joined = start, end
        if joined:
            yield joined


NEVER_QUIET: Final = QuietHours()


@lru_cache(maxsize=_ALARMS)
def _find_alarm(quiet: QuietHours, since: datetime, after: timedelta) -> datetime | None:
    awake = since
    for start, end in quiet.spans(since):
        if start - awake >= after:
            return awake + after
        awake = max(awake, end)
    return None


def parse_quiet(text: str) -> tuple[QuietRange, ...]:
    """
    Return the ranges in a text like `20:00-07:00` or `mon-fri 20:00-07:00, sat-sun 00:00-24:00`.

    Raises ValueError with the remedy.
    """
    ranges = tuple(_parse_range(each.strip().lower()) for each in text.split(","))
    if _longest_awake(ranges) < _LEAST_AWAKE:
        raise ValueError("it leaves no hour of the week in which the source is expected to report")
    return ranges


def _parse_range(text: str) -> QuietRange:
    found = _RANGE.fullmatch(text)
    if not found:
        raise ValueError(
            f"{text[:40]!r} is not a range of hours; write 20:00-07:00, "
            "or with weekdays mon-fri 20:00-07:00, sat-sun 00:00-24:00"
        )
    start, end = _parse_minutes(found["start"]), _parse_minutes(found["end"])
    if start in {end, _MINUTES_A_DAY}:
        raise ValueError(f"{text!r} begins where it ends; for a whole day write 00:00-24:00")
    days = range(7)
    if found["first"]:
        first = _parse_weekday(found["first"])
        last = _parse_weekday(found["last"]) if found["last"] else first
        days = range(first, last + 1 if last >= first else last + 8)
    return QuietRange(start, end if end > start else end + _MINUTES_A_DAY, frozenset(day % 7 for day in days))


def _parse_minutes(text: str) -> int:
    hours, minutes = map(int, text.split(":"))
    if minutes >= _MINUTES_AN_HOUR or hours * _MINUTES_AN_HOUR + minutes > _MINUTES_A_DAY:
        raise ValueError(f"{text!r} is not a time of day; write one from 00:00 to 24:00")
    return hours * _MINUTES_AN_HOUR + minutes


def _parse_weekday(text: str) -> int:
    for number, name in enumerate(_DAYS):
        if text in (name, name[:2]):
            return number
    raise ValueError(f"{text[:20]!r} is not a weekday; write one of {', '.join(_DAYS)}")


def _longest_awake(ranges: tuple[QuietRange, ...]) -> int:
    """Return the minutes of the longest stretch of a week that no range covers."""
    week = 7 * _MINUTES_A_DAY
    taken = sorted(
        (day * _MINUTES_A_DAY + each.start + turn * week, day * _MINUTES_A_DAY + each.end + turn * week)
        for each in ranges
        for day in each.days
        for turn in (-1, 0, 1)
    )
    longest, until = 0, taken[0][1]
    for start, end in taken:
        longest, until = max(longest, start - until), max(until, end)
    return longest


def _instant(day: date, minutes: int, zone: ZoneInfo, *, last: bool) -> datetime:
    """
    Return when clocks show a time of day, the first or the last of two such moments.

    Where clocks skip it, return when they do.
    """
    wall = datetime(day.year, day.month, day.day) + minutes * _MINUTE  # noqa: DTZ001 -- a clock on the wall
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:
        return late if last else early
    return _find_change(late, early, zone)


def _find_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment, to the second, at which the offset of `before` no longer holds."""
    offset = before.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        same = datetime.fromtimestamp(middle, zone).utcoffset() == offset
        low, high = (middle, high) if same else (low, middle)
    return datetime.fromtimestamp(high, UTC)
