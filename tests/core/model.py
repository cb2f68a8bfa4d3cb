"""
When a weekly conference takes place, by counting days: the rules in other words than those of `weekly`.

Nothing of `service.core.weekly` is used but the names of the settings.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from service.core.schedule import Weekday, Weekly
from service.core.weekly import WeeklyRules

DAY = timedelta(days=1)
HALF_YEAR = timedelta(days=182)


def read_locally(weekly: Weekly, rules: WeeklyRules) -> bool:
    """Whether the flags count in the organization's zone rather than in UTC."""
    if rules.days != "auto":
        return rules.days == "local"
    here = weekly.start.astimezone(ZoneInfo(rules.timezone))
    return Weekday(here.weekday()) in weekly.days or Weekday(weekly.start.weekday()) not in weekly.days


def starts(weekly: Weekly, rules: WeeklyRules, until: datetime, *, on_the_wall: bool) -> Iterator[datetime]:
    """
    Yield the starts before `until` in UTC.

    `on_the_wall`: the hour on the wall stays; else the instant in UTC stays.
    """
    local = read_locally(weekly, rules)
    if on_the_wall:
        yield from _same_hour(weekly, ZoneInfo(rules.timezone), until, local=local)
    else:
        yield from _same_instant(weekly, ZoneInfo(rules.timezone), until, local=local)


def _same_instant(weekly: Weekly, zone: ZoneInfo, until: datetime, *, local: bool) -> Iterator[datetime]:
    # The flags were set by somebody who looked at a clock when it was made, in whichever season that was.
    seasons = [weekly.start, weekly.start - HALF_YEAR, weekly.start + HALF_YEAR]
    offsets = [moment.astimezone(zone).utcoffset() or timedelta() for moment in seasons]
    fitting = [offset for offset in offsets if (weekly.start + offset).weekday() in weekly.days]
    offset = (fitting or offsets)[0]
    instant = weekly.start
    while instant < until:
        seen = instant + offset if local else instant
        if seen.weekday() in weekly.days:
            yield instant
        instant += DAY


def _same_hour(weekly: Weekly, zone: ZoneInfo, until: datetime, *, local: bool) -> Iterator[datetime]:
    first = weekly.start.astimezone(zone)
    # How many days the calendar on the wall is ahead of the one in UTC.
    ahead = first.date() - weekly.start.date()
    day: date = first.date()
    while True:
        shown = datetime.combine(day, first.time(), zone)
        if shown.astimezone(UTC) >= until:
            return
        flagged = day if local else day - ahead
        if flagged.weekday() in weekly.days and not skipped(shown):
            yield shown.astimezone(UTC)
        day += DAY


def doubled(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks showed, or will show, the same local time an hour before or after."""
    shown = instant.astimezone(zone)
    return shown.replace(fold=0).utcoffset() != shown.replace(fold=1).utcoffset()


def skipped(shown: datetime) -> bool:
    """Whether no clock ever shows this local time."""
    return shown.astimezone(UTC).astimezone(shown.tzinfo).replace(tzinfo=None) != shown.replace(tzinfo=None)


def changes_meanwhile(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Whether the offset at the end is another than at the start."""
    return start.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset()
