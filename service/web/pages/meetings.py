"""
What a page shows of conferences: when they meet, and how to join.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import assert_never

from service.calendars.calendar import Calendar
from service.core.account_state import Entry
from service.core.conference import Key
from service.core.join_link import join_link
from service.core.occurrences import Occurrence, agenda, occurrences
from service.core.revision import Policy
from service.core.schedule import Once, Schedule, Unscheduled, Weekly
from service.core.vevent import Translate, summary_of, uid_of
from service.core.weekly import WeeklyRules

_AHEAD = timedelta(days=400)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_PAST = 1000
"""Meetings of a closed series that are gone through for its last one."""

_REF = re.compile(r"([0-9a-f]{12})-(\d{1,11})", re.ASCII)

KINDS = {"PxP": "all", "OxP": "lecture", "S|L": "roles", "S|L Auto": "smart"}
"""The modes that have a color of their own."""

_REF_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Meeting:
    """
    One meeting as a page shows it.
    """

    topic: str
    start: datetime
    end: datetime
    link: str
    """Where it is joined; empty in a calendar that shows only times."""

    weekly: bool
    kind: str = ""
    """A word for its mode, one of `KINDS`; empty for an unknown mode, and in a calendar of times."""

    ref: str = ""
    """What a query names it by; empty in a calendar that shows only times."""


@dataclass(frozen=True, slots=True)
class Meetings:
    """
    The conferences of one calendar at one moment.
    """

    calendar: Calendar
    entries: tuple[Entry, ...]
    policy: Policy
    gettext: Translate

    def between(self, since: datetime, until: datetime) -> Iterator[Occurrence]:
        """Yield what ends after `since` and starts before `until`, in order."""
        return agenda(self._with_rules(), since, until)

    def next(self, now: datetime, most: int) -> list[Meeting]:
        """Return at most `most` meetings that are under way or come next."""
        return [self.show(found) for found in islice(self.between(now, now + _AHEAD), most)]

    def count_upcoming(self, now: datetime) -> int:
        """Return how many conferences still meet."""
        return sum(_meets(entry.conference.schedule, now) for entry in self.entries)

    def _with_rules(self) -> Iterator[tuple[Entry, WeeklyRules]]:
        return ((entry, self.policy.rendering(entry.source).weekly) for entry in self.entries)

    def show(self, occurrence: Occurrence) -> Meeting:
        """Return what the page shows of an occurrence."""
        entry = occurrence.entry
        weekly = isinstance(entry.conference.schedule, Weekly)
        if self.calendar.redaction == "busy":
            return Meeting(self.gettext("Busy"), occurrence.start, occurrence.end, "", weekly)
        topic = summary_of(entry.conference, self.gettext)
        link = join_link(entry.key, entry.conference, self.policy.rendering(entry.source).join_url)
        kind = KINDS.get(entry.conference.mode, "")
        return Meeting(topic, occurrence.start, occurrence.end, link, weekly, kind, ref_of(occurrence))

    def find(self, ref: str) -> Occurrence | None:
        """Return the meeting that a query names; None where the calendar lacks it or does not show it."""
        match = _REF.fullmatch(ref)
        if match is None or self.calendar.redaction == "busy":
            return None
        start = datetime.fromtimestamp(int(match[2]), UTC)
        for entry, rules in self._with_rules():
            if _digits(entry.key) == match[1]:
                found = next(occurrences(entry, rules, start), None)
                if found and found.start == start:
                    return found
        return None

    def search(self, words: str, now: datetime, most: int) -> list[Meeting]:
        """
        Return the next meeting, or else the last, of each conference with all these words; coming ones first.
        """
        wanted = words.casefold().split()
        if not wanted or self.calendar.redaction == "busy":
            return []
        found = [
            meeting
            for entry, rules in self._with_rules()
            if _has(entry, wanted) and (meeting := self._nearest(entry, rules, now))
        ]
        coming = sorted((each for each in found if each.end > now), key=lambda each: each.start)
        over = sorted((each for each in found if each.end <= now), key=lambda each: each.start, reverse=True)
        return [*coming, *over][:most]

    def _nearest(self, entry: Entry, rules: WeeklyRules, now: datetime) -> Meeting | None:
        coming = [*islice(occurrences(entry, rules, now), 1)]
        found = coming or [*islice(occurrences(entry, rules, _EARLIEST), _MOST_PAST)][-1:]
        return self.show(found[0]) if found else None


@lru_cache(maxsize=16_384)
def _digits(key: Key) -> str:
    return uid_of(key).replace("-", "")[:_REF_DIGITS]


def ref_of(occurrence: Occurrence) -> str:
    """Return what names a meeting in a query: digits of the UID, and the moment of its start."""
    return f"{_digits(occurrence.entry.key)}-{int(occurrence.start.timestamp())}"


def _has(entry: Entry, words: Iterable[str]) -> bool:
    conference = entry.conference
    searched = f"{conference.topic}\n{conference.owner}\n{conference.id}".casefold()
    return all(word in searched for word in words)


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
