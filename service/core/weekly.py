"""
Weekly schedules as recurrence rules: which weekdays, in which zone, from which day on.

TrueConf keeps a fixed UTC instant and seven flags whose zone it does not tell (its own client code sends
local weekdays with a UTC time). `WeeklyRules` is what the operator knows about it.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from service.core.schedule import Schedule, Weekday, Weekly
from service.core.vtimezone import compact_zone

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)

DaysBasis = Literal["local", "utc"]


@dataclass(frozen=True, slots=True)
class WeeklyRules:
    """
    How one source's weekly schedules are to be read.
    """

    timezone: str = "UTC"
    """IANA name of the organization's zone."""

    days: Literal["auto", "local", "utc"] = "auto"
    """In which zone the flags count; `auto`: in the one in which the day of `start_time` is flagged."""

    time: Literal["utc", "wall"] = "utc"
    """What stays the same across a change of offset: the instant in UTC, or the hour on the wall."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """
    A weekly schedule as DTSTART, DTEND and BYDAY say it.
    """

    start: datetime
    """Always an instance of the rule (RFC 5545, 3.8.5.3): naive where `tzid` is set, else aware UTC."""

    end: datetime
    tzid: str
    """Empty where times are in UTC."""

    byday: tuple[Weekday, ...]
    """Monday first, in the zone of `start`."""

    basis: DaysBasis
    reason: str
    """Why this basis and this zone, for the log."""


def recur(weekly: Weekly, rules: WeeklyRules) -> Recurrence:
    """
    Return the recurrence that a weekly schedule means under `rules`.
    """
    zone = ZoneInfo(rules.timezone)
    local = weekly.start.astimezone(zone)
    shift = (local.date() - weekly.start.date()).days
    basis, why_basis = _basis(weekly, Weekday(local.weekday()), rules)
    tzid, why_zone = _zone_of(weekly.start, rules)
    match (basis, bool(tzid)):
        case ("local", False):
            days = frozenset(day.shifted(-shift) for day in weekly.days)
        case ("utc", True):
            days = frozenset(day.shifted(shift) for day in weekly.days)
        case _:
            days = weekly.days
    byday = tuple(sorted(days))
    reason = f"{why_basis}; {why_zone}"
    if not tzid:
        start = _first_flagged(weekly.start, days)
        return Recurrence(start, start + weekly.duration, "", byday, basis, reason)
    # An hour that comes twice is read as the first one (RFC 5545, 3.3.5), so its end is counted from there.
    start = _first_flagged(local.replace(fold=0), days)
    if _meets_a_change(start, byday, tzid):
        reason = f"{reason}, though once a year the clock skips or repeats it"
    # DTEND is the exact end of the first occurrence; RFC 5545, 3.8.5.3 gives all others its duration.
    end = (start.astimezone(UTC) + weekly.duration).astimezone(zone)
    return Recurrence(_naive(start), _naive(end), tzid, byday, basis, reason)


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None, fold=0)


def _basis(weekly: Weekly, local_day: Weekday, rules: WeeklyRules) -> tuple[DaysBasis, str]:
    if rules.days != "auto":
        return rules.days, f"days are {rules.days} by setting"
    if local_day in weekly.days:
        return "local", f"the start is a flagged day in {rules.timezone}"
    if Weekday(weekly.start.weekday()) in weekly.days:
        return "utc", "the start is a flagged day in UTC only"
    return "local", f"the start is on no flagged day, so days are read in {rules.timezone}"


def _zone_of(start: datetime, rules: WeeklyRules) -> tuple[str, str]:
    """Return the TZID to write, empty for UTC, and why."""
    compact = compact_zone(rules.timezone)
    if compact is None:
        return "", f"the rules of {rules.timezone} fit no VTIMEZONE, so the instant in UTC is kept"
    if compact.fixed and compact.observances[0].offset_to == timedelta():
        return "", "the zone is UTC"
    if rules.time == "utc" and not compact.fixed:
        return "", f"the instant in UTC is fixed and {rules.timezone} changes its offset"
    if start < compact.valid_from:
        return "", f"the series began before the present rules of {rules.timezone}, so the instant is kept"
    return rules.timezone, f"the hour in {rules.timezone} is fixed"


def _meets_a_change(start: datetime, byday: tuple[Weekday, ...], tzid: str) -> bool:
    """Whether one occurrence a year falls into the hour that clocks skip or repeat; readers differ there."""
    compact = compact_zone(tzid)
    hour = timedelta(hours=start.hour, minutes=start.minute)
    for observance in compact.observances if compact else ():
        if observance.onset is None:
            continue
        at = timedelta(
            observance.onset.weekday, hours=observance.onset.at.hour, minutes=observance.onset.at.minute
        )
        change = observance.offset_to - observance.offset_from
        first = min(at, at + change)
        if any((timedelta(day) + hour - first) % _WEEK < abs(change) for day in byday):
            return True
    return False


def _first_flagged(start: datetime, days: frozenset[Weekday]) -> datetime:
    """Return `start`, or the first occurrence after it at the same time of day."""
    while Weekday(start.weekday()) not in days or not _exists(start):
        start += _DAY
    return start


def _exists(moment: datetime) -> bool:
    """Whether clocks show this time on this day: an hour is skipped where summer time begins."""
    if moment.tzinfo is UTC:
        return True
    return _naive(moment.astimezone(UTC).astimezone(moment.tzinfo)) == _naive(moment)


def settled(schedule: Schedule, rules: WeeklyRules, now: datetime) -> Schedule:
    """
    Return the schedule with a start that the zone's present rules can tell, where that is needed.

    Where the hour on the wall is fixed and the zone changed its rules between the start and `now`, no
    VTIMEZONE covers both: the series then begins with the present rules, and its hour stays right.
    """
    if not isinstance(schedule, Weekly) or rules.time == "utc":
        return schedule
    compact = compact_zone(rules.timezone)
    if compact is None or not schedule.start < compact.valid_from <= now:
        return schedule
    zone = ZoneInfo(rules.timezone)
    # Whole weeks on the wall, so that the day keeps its place among the flags and the hour its place in it.
    weeks = (compact.valid_from - schedule.start) // _WEEK
    moved = schedule.start.astimezone(zone).replace(fold=0) + weeks * _WEEK
    while moved.astimezone(UTC) < compact.valid_from or not _exists(moved):
        moved += _WEEK
    return replace(schedule, start=moved.astimezone(UTC))


def anchored(previous: Schedule, current: Schedule, rules: WeeklyRules) -> Schedule:
    """
    Return `current`, or `previous` where the series only moved on by whole occurrences.

    TrueConf may report the next occurrence as `start_time`; the first DTSTART of a series is kept, or its
    past would vanish from the calendars with every list.
    """
    if not (isinstance(previous, Weekly) and isinstance(current, Weekly)):
        return current
    if (previous.days, previous.duration) != (current.days, current.duration):
        return current
    series = recur(previous, rules)
    if _occurs(series, current.start, rules):
        return previous
    moved = recur(current, rules)
    # Neither start is on a flagged day: both were moved forward to one.
    same = (moved.tzid, moved.byday, moved.start.time()) == (series.tzid, series.byday, series.start.time())
    return previous if same and moved.start >= series.start else current


def _occurs(series: Recurrence, instant: datetime, rules: WeeklyRules) -> bool:
    local = instant
    if series.tzid:
        local = instant.astimezone(ZoneInfo(rules.timezone)).replace(tzinfo=None)
    return (
        local >= series.start
        and local.time() == series.start.time()
        and Weekday(local.weekday()) in series.byday
    )
