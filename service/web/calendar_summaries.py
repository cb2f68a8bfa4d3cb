"""
How many events each calendar has, and what comes next in it.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from service.calendars.calendar import Calendar
from service.calendars.feeds import Feeds
from service.core.account_state import Entry
from service.core.conference import Key
from service.core.occurrences import Occurrence, find_next
from service.core.revision import Policy
from service.core.schedule import Unscheduled

_MOST_SUMMARIES = 2000
_MOST_FOLLOWING = 100_000


@dataclass(frozen=True, slots=True)
class Summary:
    """
    A calendar in two numbers.
    """

    changes: int
    """How many changes of the state it is of."""

    events: int
    next: Occurrence | None


class Summaries:
    """
    The summaries of the calendars that were asked for.
    """

    def __init__(self, feeds: Feeds, policy: Policy) -> None:
        self._feeds, self._policy = feeds, policy
        self._known: OrderedDict[str, Summary] = OrderedDict()
        self._following: dict[Key, tuple[Entry, Occurrence | None]] = {}

    def summarize(self, calendar: Calendar, now: datetime) -> Summary:
        """Return the summary of a calendar."""
        changes = self._feeds.changes
        last = self._known.get(calendar.name)
        if last and last.changes == changes and (last.next is None or last.next.end > now):
            return last
        entries = self._feeds.directory.entries(calendar)
        scheduled = [each for each in entries if not isinstance(each.conference.schedule, Unscheduled)]
        summary = Summary(changes, len(scheduled), self.find_next(scheduled, now))
        self._known[calendar.name] = summary
        while len(self._known) > _MOST_SUMMARIES:
            self._known.popitem(last=False)
        return summary

    def find_next(self, entries: Iterable[Entry], now: datetime) -> Occurrence | None:
        """Return the next occurrence of any of these entries."""
        following = (self._find_next(each, now) for each in entries)
        return min(
            (each for each in following if each), key=lambda o: (o.start, o.end, o.entry.key), default=None
        )

    def _find_next(self, entry: Entry, now: datetime) -> Occurrence | None:
        """Return the next occurrence of an entry, kept until it ends: many calendars hold it."""
        kept = self._following.get(entry.key)
        if kept and kept[0] is entry and (kept[1] is None or kept[1].end > now):
            return kept[1]
        found = find_next(entry, self._policy, now)
        if len(self._following) >= _MOST_FOLLOWING:
            self._following.clear()
        self._following[entry.key] = (entry, found)
        return found
