"""
What a page shows of conferences: when they meet, and how to join.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import assert_never

from service.calendars.calendar import Calendar
from service.core.account_state import Entry
from service.core.occurrences import Occurrence, agenda
from service.core.revision import Policy
from service.core.schedule import Once, Schedule, Unscheduled, Weekly
from service.core.vevent import join_link, summary_of
from service.core.weekly import WeeklyRules

_AHEAD = timedelta(days=400)

Gettext = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Meeting:
    """
    One meeting as a page shows it.
    """

    topic: str
    start: datetime
    end: datetime
    link: str
    """Where it is joined; empty in a calendar that tells nothing but times."""

    weekly: bool


@dataclass(frozen=True, slots=True)
class Meetings:
    """
    The conferences of one calendar at one moment.
    """

    calendar: Calendar
    entries: tuple[Entry, ...]
    policy: Policy
    gettext: Gettext

    def between(self, since: datetime, until: datetime) -> Iterator[Occurrence]:
        """Yield what ends after `since` and starts before `until`, in order."""
        return agenda(self._with_rules(), since, until)

    def next(self, now: datetime, most: int) -> list[Meeting]:
        """Return what is under way and what comes next, at most so many."""
        return [self.show(found) for found in islice(self.between(now, now + _AHEAD), most)]

    def count_upcoming(self, now: datetime) -> int:
        """Return how many conferences still meet."""
        return sum(_meets(entry.conference.schedule, now) for entry in self.entries)

    def _with_rules(self) -> Iterator[tuple[Entry, WeeklyRules]]:
        return ((entry, self.policy.rendering(entry.source).weekly) for entry in self.entries)

    def show(self, occurrence: Occurrence) -> Meeting:
        """Return what the page tells of an occurrence."""
        entry = occurrence.entry
        weekly = isinstance(entry.conference.schedule, Weekly)
        if self.calendar.redaction == "busy":
            return Meeting(self.gettext("Busy"), occurrence.start, occurrence.end, "", weekly)
        topic = summary_of(entry.conference, self.gettext)
        link = join_link(entry.key, entry.conference, self.policy.rendering(entry.source).join_url)
        return Meeting(topic, occurrence.start, occurrence.end, link, weekly)


def _meets(schedule: Schedule, now: datetime) -> bool:
    match schedule:
        case Unscheduled():
            return False
        case Once(start, duration):
            return start + duration > now
        case Weekly():
            return True
        case _ as unreachable:
            assert_never(unreachable)
