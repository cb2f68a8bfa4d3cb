"""
How a schedule continues after an edit, and which past part of the old one is closed.

A calendar is also a record. The past part of an edited or removed schedule is closed, the live part begins
after the edit, and nothing is invented before it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from service.core.schedule import UNBOUNDED, Bounds, Once, Schedule, Unscheduled, Weekly, is_hidden
from service.core.weekly import WeeklyRules, continues, find_rule_start, first_start, has_pattern_of, recur

_OLD = timedelta(days=2 * 365)
"""A series that began longer ago moves on: readers stop expanding at 100 to 3,500 instances."""

_YEAR = timedelta(days=365)
_INSTANCES = 70
"""The most past instances of a series that must be moved: readers that stop at 100 see the next month."""


@dataclass(frozen=True, slots=True)
class Course:
    """
    What calendars show of a conference from now on, and what they keep showing of its earlier schedule.
    """

    schedule: Schedule
    bounds: Bounds = UNBOUNDED
    closed: Bounds | None = None
    """The bounds of the schedule before, where a part of it took place and is closed now."""


def begin_course(schedule: Schedule, rules: WeeklyRules, now: datetime, keep_ended: timedelta) -> Course:
    """
    Return the course of a conference that is new. A series begins recently enough for readers to expand.
    """
    if not isinstance(schedule, Weekly):
        return Course(schedule)
    since = now - keep_ended
    if schedule.start >= since:
        return _from(None, schedule, rules, now)
    weeks = ceil(_INSTANCES / len(schedule.days))
    return _from(max(since, now - timedelta(weeks=weeks)), schedule, rules, now)


def resume_course(before: Bounds, reported: Schedule, rules: WeeklyRules, now: datetime) -> Course:
    """
    Return the course of a conference that left every calendar and came back.

    It did not take place meanwhile.
    """
    since = before.since
    if isinstance(reported, Weekly):
        since = max(now, since or now)
    return _from(since, reported, rules, now)


def continue_course(
    before: Schedule, bounds: Bounds, reported: Schedule, rules: WeeklyRules, now: datetime
) -> Course:
    """
    Return the course of a conference that had the schedule `before` and is reported with another at `now`.
    """
    if before == reported:
        return Course(before, bounds)
    match before, reported:
        case Weekly(), Weekly() if continues(before, reported, rules, bounds):
            return Course(before, bounds)
        case Weekly(), Weekly() if has_pattern_of(before, reported, rules, bounds) and has_begun(
            before, bounds, rules, now
        ):
            # Moved back by whole occurrences: the additional ones were never in a calendar.
            return Course(before, bounds)
        case Weekly(), Weekly() if continues(
            longer := replace(before, duration=reported.duration), reported, rules, bounds
        ) and not has_pattern_of(longer, reported, rules, bounds):
            # Its flags keep their reading: near midnight, the other season would read them as other days.
            course = _edit_course(before, bounds, longer, rules, now)
            return replace(course, bounds=replace(course.bounds, since=_later(course.bounds, reported)))
        case Once(start), Once(new_start) if start == new_start and _end(reported) > now:
            # One meeting, prolonged.
            return Course(reported, bounds)
        case _:
            return _edit_course(before, bounds, reported, rules, now)


def _edit_course(
    before: Schedule, bounds: Bounds, reported: Schedule, rules: WeeklyRules, now: datetime
) -> Course:
    closed = close(before, bounds, rules, now)
    if closed is None:
        return _from(_floor(before, bounds, reported, now), reported, rules, now)
    if isinstance(before, Once) and isinstance(reported, Once) and _end(reported) <= now:
        # Both the old and the reported schedule are over: the record stays.
        return Course(before, bounds)
    return replace(_from(now, reported, rules, now), closed=closed)


def _later(bounds: Bounds, reported: Weekly) -> datetime:
    return max(reported.start, bounds.since or reported.start)


def _floor(before: Schedule, bounds: Bounds, reported: Schedule, now: datetime) -> datetime | None:
    """Return from when a schedule counts if the one it replaces has not taken place."""
    if isinstance(reported, Weekly):
        # An occurrence that is under way at the moment of the edit does not belong to the past.
        edited = now if isinstance(before, Weekly) else now - reported.duration
        return max(edited, bounds.since or edited)
    return bounds.since


def _from(since: datetime | None, schedule: Schedule, rules: WeeklyRules, now: datetime) -> Course:
    return Course(schedule, Bounds(since, ruled_from=find_rule_start(schedule, rules, now)))


def close(schedule: Schedule, bounds: Bounds, rules: WeeklyRules, moment: datetime) -> Bounds | None:
    """
    Return the bounds of the part that took place before `moment`; None where there is no such part.

    The part of a series is all occurrences that began before `moment`. A single event takes place when it
    ends.
    """
    match schedule:
        case Weekly() if has_begun(schedule, bounds, rules, moment):
            return replace(bounds, until=moment)
        case Once() if _end(schedule) <= moment and not is_hidden(schedule, bounds):
            return replace(bounds, until=_end(schedule))
        case _:
            return None


def move_on(schedule: Schedule, bounds: Bounds, now: datetime, keep_ended: timedelta) -> Bounds:
    """Return the bounds of a live series, moved on if it began too long ago for readers to expand."""
    if not isinstance(schedule, Weekly) or bounds.begin(schedule.start) >= now - max(
        _OLD, keep_ended + _YEAR
    ):
        return bounds
    return replace(bounds, since=now - keep_ended)


def bounds_under(schedule: Schedule, bounds: Bounds, rules: WeeklyRules, now: datetime) -> Bounds:
    """Return the bounds of a schedule under other rules, from when these rules can express its local hour."""
    ruled = find_rule_start(schedule, rules, now)
    if ruled and bounds.until and ruled >= bounds.until:
        ruled = None
    return replace(bounds, ruled_from=ruled)


def part_of(schedule: Schedule, bounds: Bounds, rules: WeeklyRules) -> int:
    """
    Return what identifies a closed part among those of its conference: its first start in UNIX seconds.

    Raises ValueError where there is no schedule.
    """
    match schedule:
        case Weekly():
            return int(first_start(recur(schedule, rules, bounds)).timestamp())
        case Once(start):
            return int(start.timestamp())
        case Unscheduled():
            raise ValueError("what has no schedule has no past")


def has_begun(series: Weekly, bounds: Bounds, rules: WeeklyRules, now: datetime) -> bool:
    """Return whether an occurrence in the bounds of a series began before `now`."""
    return first_start(recur(series, rules, bounds)) < now


def _end(event: Once) -> datetime:
    return event.start + event.duration
