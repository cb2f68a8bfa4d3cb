"""
The journal without a database.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from typing_extensions import override

from service.core.conference import Key
from service.core.journal import (
    MOST_ENTRIES,
    FieldChange,
    Happening,
    Journal,
    JournalEntry,
    JournalQuery,
    clip,
)
from service.core.strip import CONFCAL, slot_of, start_of_strip


class MemoryJournal(Journal):
    """
    Implements `service.core.journal.Journal`; what it holds is gone with it.
    """

    def __init__(self) -> None:
        self.entries: list[JournalEntry] = []
        self._numbers = 0
        self._heard: set[tuple[str, int]] = set()
        self._remembered: dict[str, str] = {}
        self._listeners: list[Callable[[], None]] = []

    @override
    async def write(self, entries: Sequence[JournalEntry]) -> None:
        self.add(entries)

    def add(self, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            self._numbers += 1
            self.entries.append(_clipped(replace(entry, number=self._numbers)))
        self.entries = self.entries[-MOST_ENTRIES:]
        if entries:
            for listener in self._listeners:
                listener()

    @override
    async def read(self, query: JournalQuery) -> list[JournalEntry]:
        return [entry for entry in reversed(self.entries) if _matches(entry, query)][: query.limit]

    @override
    async def read_after(self, number: int, limit: int) -> list[JournalEntry]:
        return [entry for entry in self.entries if entry.number > number][:limit]

    @override
    async def read_last(self, events: frozenset[Happening]) -> Mapping[str, JournalEntry]:
        return {entry.source: entry for entry in self.entries if entry.source and entry.event in events}

    @override
    async def last_number(self) -> int:
        return self.entries[-1].number if self.entries else 0

    @override
    async def prune(self, before: datetime) -> int:
        kept = [entry for entry in self.entries if entry.at >= before]
        dropped, self.entries = len(self.entries) - len(kept), kept
        return dropped

    @override
    async def note_running(self, now: datetime) -> None:
        self.note_heard(CONFCAL, now)
        oldest = slot_of(start_of_strip(now))
        self._heard = {(source, slot) for source, slot in self._heard if slot >= oldest}

    def note_heard(self, source: str, at: datetime) -> None:
        self._heard.add((source, slot_of(at)))

    @override
    async def read_heard(self) -> Mapping[str, frozenset[int]]:
        return {
            source: frozenset(slot for each, slot in self._heard if each == source)
            for source in {source for source, _ in self._heard}
        }

    @override
    async def recall(self, name: str) -> str:
        return self._remembered.get(name, "")

    @override
    async def remember(self, name: str, value: str, entries: Sequence[JournalEntry] = ()) -> None:
        self._remembered[name] = value
        self.add(entries)

    @override
    def listen(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def blank(self, kept: Iterable[Key]) -> None:
        """Take what is said of conferences that are not kept."""
        known = {(key.server, key.id) for key in kept}
        self.entries = [
            _without_names(each)
            if each.conference_id and (each.server, each.conference_id) not in known
            else each
            for each in self.entries
        ]

    def blank_accounts(self, names: Iterable[str]) -> None:
        """Take the names of accounts that are forgotten."""
        gone = set(names)
        blank = [
            replace(_without_names(each), account="") if each.account in gone else each
            for each in self.entries
        ]
        self.entries = [
            replace(_without_names(each), calendar="") if each.calendar in gone else each for each in blank
        ]


def _clipped(entry: JournalEntry) -> JournalEntry:
    fields = tuple(FieldChange(each.name, clip(each.before), clip(each.after)) for each in entry.fields)
    return replace(entry, topic=clip(entry.topic), note=clip(entry.note), fields=fields)


def _matches(entry: JournalEntry, query: JournalQuery) -> bool:
    """Return whether a query asks for an entry, whatever its limit."""
    wanted: Iterable[tuple[str, str]] = (
        (query.source, entry.source),
        (query.account, entry.account),
        (query.server, entry.server),
        (query.conference_id, entry.conference_id),
        (query.target, entry.target),
        (query.calendar, entry.calendar),
    )
    return (
        (not query.events or entry.event in query.events)
        and all(not asked or asked == found for asked, found in wanted)
        and (query.since is None or entry.at >= query.since)
        and (query.until is None or entry.at < query.until)
        and (query.before is None or entry.number < query.before)
    )


def _without_names(entry: JournalEntry) -> JournalEntry:
    """Return an entry as the purge leaves it: without anything that may name people."""
    return JournalEntry(
        entry.at,
        entry.event,
        entry.source,
        entry.account,
        entry.server,
        entry.conference_id,
        entry.target,
        entry.calendar,
        number=entry.number,
    )
