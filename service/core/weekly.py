"""
Weekly schedules as recurrence rules: which weekdays, in which zone, from which day on.

TrueConf keeps a fixed UTC instant and seven flags without their zone (its own client sends local weekdays
with a UTC time). `WeeklyRules` is what the operator knows about the zone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from service.core.schedule import UNBOUNDED, Bounds, Schedule, Weekday, Weekly
from service.core.vtimezone import compact_zone

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_HALF_YEAR = timedelta(weeks=26)

DaysBasis = Literal["local", "utc"]


@dataclass(frozen=True, slots=True)
class WeeklyRules:
    """
    How to read the weekly schedules of one source.
    """

    timezone: str = "UTC"
    """IANA name of the organization's zone."""

    days: Literal["auto", "local", "utc"] = "auto"
    """In which zone the flags count; `auto`: in the one in which the day of `start_time` is flagged."""

    time: Literal["utc", "wall"] = "utc"
    """What stays the same across a change of offset: the instant in UTC, or the hour on the wall."""

    named: bool = True
    """Whether the zone may be written by its name; otherwise the instant is."""


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
    """The reason for this basis and this zone, for the log."""

    doubtful: bool = False
    """Whether no reading of the flags has the start on a flagged day."""


def recur(weekly: Weekly, rules: WeeklyRules, bounds: Bounds = UNBOUNDED) -> Recurrence:
    """
    Return the recurrence that a weekly schedule means under `rules`, from its first occurrence in `bounds`.

    The reported start decides in which zone the flags count, wherever the series begins.
    """
    zone = ZoneInfo(rules.timezone)
    local = weekly.start.astimezone(zone)
    flags = _flags(weekly, _days_between(weekly.start, local), rules)
    begin = bounds.begin(weekly.start)
    tzid, why_zone = _zone_of(begin, rules)
    if tzid and rules.time == "wall":
        # Readers take an hour that comes twice as the first one (RFC 5545, 3.3.5): the end counts from there.
        first = local.replace(fold=0)
        written = _days_between(weekly.start, local) - flags.shift
        first = _move_on(first, begin) if begin > weekly.start else first
    else:
        moved = _move_on(weekly.start, begin)
        first = moved.astimezone(zone) if tzid else moved
        written = _days_between(moved, first) - flags.shift
    # First from the date of the flags to the date in UTC, then to the date that is written.
    days = frozenset(day.shift(written) for day in weekly.days)
    byday = tuple(sorted(days))
    start = _first_flagged(first, days, weekly.duration)
    reason = f"{flags.reason}; {why_zone}"
    if not tzid:
        end = start + weekly.duration
        return Recurrence(start, end, "", byday, flags.basis, reason, flags.doubtful)
    if _meets_a_change(start, byday, tzid):
        reason = f"{reason}, though once a year the clock skips or repeats it"
    # DTEND is the exact end of the first occurrence; RFC 5545, 3.8.5.3 gives all others its duration.
    end = _naive(_end(start, weekly.duration))
    return Recurrence(_naive(start), end, tzid, byday, flags.basis, reason, flags.doubtful)


def _days_between(moment: datetime, other: datetime) -> int:
    """Return how many days later the date of `other` is; both are one instant in two zones."""
    return (other.date() - moment.date()).days


def _move_on(start: datetime, begin: datetime) -> datetime:
    """Return `start`, or the same time of day on the first later day that is not before `begin`."""
    if start.astimezone(UTC) >= begin:
        return start
    start += max(0, (begin.astimezone(start.tzinfo).date() - start.date()).days) * _DAY
    while start.astimezone(UTC) < begin:
        start += _DAY
    return start


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None, fold=0)


@dataclass(frozen=True, slots=True)
class _Flags:
    basis: DaysBasis
    shift: int
    """Days from the date of `start_time` in UTC to the date that the flags are of."""

    reason: str
    doubtful: bool = False


def _flags(weekly: Weekly, shift: int, rules: WeeklyRules) -> _Flags:
    """Return in which zone the flags count; `shift` leads from the date in UTC to the local one."""
    zone, day = rules.timezone, Weekday(weekly.start.weekday())
    if rules.days == "utc":
        return _Flags("utc", 0, "days are utc by setting")
    local = day.shift(shift) in weekly.days
    if not local and rules.days == "auto" and day in weekly.days:
        return _Flags("utc", 0, "the start is a flagged day in UTC only")
    if not local and rules.time == "utc":
        # The instant in UTC is fixed. A series near midnight that was made in the other half of the year is
        # reported on the neighboring day, but its flags belong to the day it was made for.
        for other in _other_shifts(weekly.start, zone):
            if day.shift(other) in weekly.days:
                return _Flags("local", other, f"the start is a flagged day in the other season of {zone}")
    if rules.days == "local":
        return _Flags("local", shift, "days are local by setting", doubtful=not local)
    if local:
        return _Flags("local", shift, f"the start is a flagged day in {zone}")
    reason = f"the start is on no flagged day, so days are read in {zone}"
    return _Flags("local", shift, reason, doubtful=True)


def _other_shifts(start: datetime, timezone: str) -> list[int]:
    """Return the shifts to the local date by the offsets of half a year before and after."""
    zone = ZoneInfo(timezone)
    seasons = ((start + away).astimezone(zone) for away in (-_HALF_YEAR, _HALF_YEAR))
    offsets = (local.utcoffset() or timedelta() for local in seasons)
    return [((start + offset).date() - start.date()).days for offset in offsets]


def _zone_of(start: datetime, rules: WeeklyRules) -> tuple[str, str]:  # noqa: PLR0911 -- one for each reason
    """Return the TZID to write, empty for UTC, and why."""
    compact = compact_zone(rules.timezone)
    if compact is None:
        return "", f"the rules of {rules.timezone} fit no VTIMEZONE, so the instant in UTC is kept"
    if compact.is_fixed and compact.observances[0].offset_to == timedelta():
        return "", "the zone is UTC"
    if not rules.named:
        return "", f"stored series go by other rules of {rules.timezone}, so the instant is kept"
    if rules.time == "utc" and not compact.is_fixed:
        return "", f"the instant in UTC is fixed and {rules.timezone} changes its offset"
    # A reader uses the name of the zone, and its zone data may be years older than ours.
    if rules.time == "utc" and not compact.proven:
        return "", f"the rules of {rules.timezone} are younger than five years, so the instant is kept"
    if start < compact.valid_from:
        return "", f"the series began before the present rules of {rules.timezone}, so the instant is kept"
    return rules.timezone, f"the hour in {rules.timezone} is fixed"


def _meets_a_change(start: datetime, byday: tuple[Weekday, ...], tzid: str) -> bool:
    """Return whether an occurrence falls into the hour that clocks skip or repeat, where readers differ."""
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


def _first_flagged(start: datetime, days: frozenset[Weekday], duration: timedelta) -> datetime:
    """
    Return `start`, or the first later occurrence at this time of day that DTSTART and DTEND can express.
    """
    while Weekday(start.weekday()) not in days or not _exists(start) or _end(start, duration).fold:
        start += _DAY
    return start


def _end(start: datetime, duration: timedelta) -> datetime:
    """
    Return the exact end of an occurrence, in the zone of its start.

    With `fold` it is the second time in an hour that comes twice. No DTEND can express that (RFC 5545,
    3.3.5): it would give a wrong length to all occurrences, or none.
    """
    return (start.astimezone(UTC) + duration).astimezone(start.tzinfo)


def _exists(moment: datetime) -> bool:
    """Whether clocks show this time on this day: an hour is skipped where summer time begins."""
    if moment.tzinfo is UTC:
        return True
    return _naive(moment.astimezone(UTC).astimezone(moment.tzinfo)) == _naive(moment)


def first_start(series: Recurrence) -> datetime:
    """Return the instant at which a series begins, in UTC."""
    return series.start.replace(tzinfo=ZoneInfo(series.tzid) if series.tzid else UTC).astimezone(UTC)


def find_rule_start(schedule: Schedule, rules: WeeklyRules, now: datetime) -> datetime | None:
    """
    Return from when the present rules of the zone give the right hour of a series.

    None if it does not matter. If the local hour is fixed and the zone changed its rules between the start
    and `now`, no VTIMEZONE covers both. The series then begins with the present rules, and its hour stays
    right.
    """
    if not isinstance(schedule, Weekly) or rules.time == "utc":
        return None
    compact = compact_zone(rules.timezone)
    if compact is None or not schedule.start < compact.valid_from <= now:
        return None
    return compact.valid_from


def continues(previous: Weekly, current: Weekly, rules: WeeklyRules, bounds: Bounds = UNBOUNDED) -> bool:
    """
    Return whether a series stayed or only moved on by whole occurrences.

    TrueConf may report the next occurrence as `start_time`: same days, same length, same time of day.
    `bounds` are those of the previous series.
    """
    if previous.days != current.days or previous.duration != current.duration:
        return False
    if previous.start == current.start:
        return True
    ruled = Bounds(ruled_from=bounds.ruled_from)
    series = recur(previous, rules, ruled)
    if _occurs(series, current.start, rules):
        return True
    moved = recur(current, rules, ruled)
    # Neither start is on a flagged day: both were moved forward to one.
    return _pattern(moved) == _pattern(series) and moved.start >= series.start


def has_pattern_of(previous: Weekly, current: Weekly, rules: WeeklyRules, bounds: Bounds = UNBOUNDED) -> bool:
    """
    Return whether two series have the same days, the same hour and the same length, whichever began first.
    """
    ruled = Bounds(ruled_from=bounds.ruled_from)
    same_length = previous.duration == current.duration
    return same_length and _pattern(recur(previous, rules, ruled)) == _pattern(recur(current, rules, ruled))


def _pattern(series: Recurrence) -> tuple[str, tuple[Weekday, ...], time]:
    return series.tzid, series.byday, series.start.time()


def _occurs(series: Recurrence, instant: datetime, rules: WeeklyRules) -> bool:
    local = instant
    if series.tzid:
        local = instant.astimezone(ZoneInfo(rules.timezone)).replace(tzinfo=None)
    return (
        local >= series.start
        and local.time() == series.start.time()
        and Weekday(local.weekday()) in series.byday
    )
