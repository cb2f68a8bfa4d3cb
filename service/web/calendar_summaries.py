"""
How many events each calendar has, and what comes next in it.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from service.calendars.calendar import Calendar, holds
from service.calendars.directory import Directory
from service.core.account_state import Entry
from service.core.conference import Key
from service.core.occurrences import Occurrence, find_next
from service.core.revision import Policy
from service.core.schedule import Unscheduled
from service.core.state import State

_MOST_SUMMARIES = 2000
_MOST_FOLLOWING = 100_000


@dataclass(slots=True)
class Summary:
    """
    A calendar in numbers, as of one state.
    """

    state: State
    calendar: Calendar
    keys: set[Key]
    """What has a schedule."""

    next: Occurrence | None


class Summaries:
    """
    The summaries of the calendars that were asked for. Each follows the state at the cost of what differs.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._known: OrderedDict[str, Summary] = OrderedDict()
        self._following: dict[Key, tuple[Entry, Occurrence | None]] = {}
        self._differing: tuple[State, State, Collection[Key]] | None = None
        # Pages are rendered in threads.
        self._lock = Lock()

    def summarize(
        self, calendar: Calendar, directory: Directory, now: datetime
    ) -> tuple[int, Occurrence | None]:
        """Return how many events a calendar of the directory has, and the next meeting."""
        with self._lock:
            known = self._known.get(calendar.name)
            if known is None or known.calendar != calendar:
                # Read first: what is newer by then differs once more.
                state = directory.state
                entries = [each for each in directory.entries(calendar) if _has_schedule(each)]
                following = self.find_next(entries, now)
                known = Summary(state, calendar, {each.key for each in entries}, following)
                self._known[calendar.name] = known
                while len(self._known) > _MOST_SUMMARIES:
                    self._known.popitem(last=False)
            self._follow(known, directory.state, now)
            return len(known.keys), known.next

    def _follow(self, known: Summary, state: State, now: datetime) -> None:
        differing = self._find_differing(known.state, state)
        entries = [state.entries[key] for key in differing if holds(known.calendar, state, key)]
        added = [each for each in entries if _has_schedule(each)]
        known.keys.difference_update(differing)
        known.keys.update(each.key for each in added)
        known.state, last = state, known.next
        if last and (last.end <= now or last.entry.key in differing):
            known.next = self.find_next((state.entries[key] for key in known.keys), now)
        elif added:
            found = (each for each in (last, self.find_next(added, now)) if each)
            known.next = min(found, key=_order, default=None)

    def _find_differing(self, before: State, state: State) -> Collection[Key]:
        last = self._differing
        if last is None or last[0] is not before or last[1] is not state:
            found = state.find_differing(before) if state is not before else ()
            last = self._differing = before, state, found
        return last[2]

    def find_next(self, entries: Iterable[Entry], now: datetime) -> Occurrence | None:
        """Return the next meeting of any of these entries."""
        following = (self._find_next(each, now) for each in entries)
        return min((each for each in following if each), key=_order, default=None)

    def _find_next(self, entry: Entry, now: datetime) -> Occurrence | None:
        """Return the next meeting of an entry, kept until it ends: many calendars hold it."""
        kept = self._following.get(entry.key)
        if kept and kept[0] is entry and (kept[1] is None or kept[1].end > now):
            return kept[1]
        found = find_next(entry, self._policy, now)
        if len(self._following) >= _MOST_FOLLOWING:
            self._following.clear()
        self._following[entry.key] = (entry, found)
        return found


def _has_schedule(entry: Entry) -> bool:
    return not isinstance(entry.conference.schedule, Unscheduled)


def _order(meeting: Occurrence) -> tuple[datetime, datetime, Key]:
    return meeting.start, meeting.end, meeting.entry.key
