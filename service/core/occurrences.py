"""
When a conference really takes place, for pages that show days and hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from heapq import merge
from itertools import takewhile
from zoneinfo import ZoneInfo

from service.core.account_state import Entry
from service.core.edits import Policy
from service.core.schedule import UNBOUNDED, Bounds, Once, Unscheduled, Weekly, is_hidden
from service.core.weekly import WeeklyRules, recur

_DAY = timedelta(days=1)

_recur = lru_cache(maxsize=32_768)(recur)
"""A page asks for the same series several times, and the next page again."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """
    One meeting of a conference: aware moments in UTC.
    """

    start: datetime
    end: datetime
    entry: Entry


def occurrences(entry: Entry, rules: WeeklyRules, since: datetime) -> Iterator[Occurrence]:
    """Yield the meetings that end after `since`, in order; a live weekly conference yields without end."""
    match entry.conference.schedule:
        case Unscheduled():
            return
        case Once(start, duration) as once:
            if start + duration > since and not is_hidden(once, entry.bounds):
                yield Occurrence(start, start + duration, entry)
        case Weekly() as weekly:
            until = entry.bounds.until
            for start in starts(weekly, rules, since - weekly.duration, entry.bounds):
                if until and start >= until:
                    return
                yield Occurrence(start, start + weekly.duration, entry)


def find_next(entry: Entry, policy: Policy, now: datetime) -> Occurrence | None:
    """Return the meeting that runs or comes next; None where there is none any more."""
    return next(occurrences(entry, policy.rendering(entry.source).weekly, now), None)


def starts(
    weekly: Weekly, rules: WeeklyRules, after: datetime, bounds: Bounds = UNBOUNDED
) -> Iterator[datetime]:
    """Yield the starts of a weekly conference after a moment, in UTC and in order, without end."""
    series = _recur(weekly, rules, bounds)
    zone = ZoneInfo(series.tzid) if series.tzid else UTC
    local = series.start.replace(tzinfo=None)
    skipped = (after.astimezone(zone).replace(tzinfo=None) - local) // _DAY
    local += max(0, skipped) * _DAY
    while True:
        if local.weekday() in series.byday:
            start = local.replace(tzinfo=zone).astimezone(UTC)
            if start > after:
                yield start
        local += _DAY


def agenda(
    entries: Iterator[tuple[Entry, WeeklyRules]], since: datetime, until: datetime
) -> Iterator[Occurrence]:
    """Yield the meetings of all entries that end after `since` and start before `until`, in order."""
    series = [
        takewhile(lambda o: o.start < until, occurrences(entry, rules, since)) for entry, rules in entries
    ]
    return merge(*series, key=lambda o: (o.start, o.end, o.entry.key))
