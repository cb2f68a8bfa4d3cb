"""
The store without a database: for tests, and for what keeps nothing.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import nsmallest

from typing_extensions import override

from service.core.account_state import AccountState, Entry
from service.core.changes import Arrival, Changes, Edit, Refusal, RenderedVEvent
from service.core.conference import Account, Conference, Key
from service.core.errors import LeaseLost, StaleState
from service.core.journal import JournalEntry
from service.core.ports import ClosedSessions, FeedRecord, Hint
from service.core.rejected import MAX_RAW, RejectedInput
from service.core.replicas import LeaseStore
from service.core.search import ConferenceQuery, ends_at, kind_of, split_words, title_of, words_of
from service.core.shared_map import SharedMap
from service.core.state import State
from service.core.trueconf_id import TrueConfId
from service.publishing.ports import Database, Ledger
from tests.store.memory_journal import MemoryJournal
from tests.store.memory_leases import MemoryLeases
from tests.store.memory_ledger import MemoryLedger
from tests.store.memory_sessions import MemoryClosedSessions


class MemoryStore(Database):
    """
    Implements `service.publishing.ports.Database`; what it holds is gone with it.
    """

    def __init__(self, ledger: Ledger | None = None) -> None:
        self._ledger = MemoryLedger() if ledger is None else ledger

        self._closed_sessions = MemoryClosedSessions()
        self._leases = MemoryLeases()
        self._journal = self._ledger.journal if isinstance(self._ledger, MemoryLedger) else MemoryJournal()

        self._state = State()
        self._vevents: dict[Key, Mapping[str, RenderedVEvent]] = {}
        self._words: dict[Key, tuple[Entry, Sequence[str]]] = {}
        self._rendering = ""
        self._changed_in: dict[Key | Account, int] = {}
        self._forgotten = 0
        self._feeds: dict[str, FeedRecord] = {}
        self._rejected: dict[tuple[str, str, str, bytes], RejectedInput] = {}
        self._numbers = 0

    @property
    @override
    def ledger(self) -> Ledger:
        return self._ledger

    @property
    @override
    def closed_sessions(self) -> ClosedSessions:
        return self._closed_sessions

    @property
    @override
    def leases(self) -> LeaseStore:
        return self._leases

    @override
    async def follow_wakeups(self, wake: Callable[[Hint], None]) -> None:
        """Nobody else writes here."""
        await asyncio.Event().wait()

    @property
    @override
    def journal(self) -> MemoryJournal:
        return self._journal

    @override
    async def version(self) -> int:
        return self._state.version

    @override
    async def load(self) -> State:
        return self._state

    @override
    async def load_accounts(self) -> State:
        known = self._state.accounts.values()
        bare = (AccountState(a.account, list_at=a.list_at, count=a.count, source=a.source) for a in known)
        return State(self._state.version, accounts=SharedMap({each.account: each for each in bare}))

    @override
    async def load_conferences(self, keys: Collection[Key]) -> State:
        return only(self._state, set(keys))

    @override
    async def load_changes(self, state: State) -> State:
        return state if state == self._state else self._state

    @override
    async def record(self, changes: Changes, *, version: int, journal: Sequence[JournalEntry] = ()) -> int:
        server = changes.account.server
        touched = {edit.entry.key for edit in changes.edits} | {c.key for c in changes.closings}
        touched |= {Key(server, c.id) for c in changes.reports} | {Key(server, i) for i in changes.departures}
        edits = [*changes.edits, *(closing.edit for closing in changes.closings)]
        self._require(version, touched, changes.account)
        self._require_same_rules(edits)
        following = self._state.version
        if journal or not changes.empty:
            version = following = following + 1
            self._changed_in[changes.account] = version
        known = _known_after(self._state.account(changes.account), changes)
        accounts = {**self._state.accounts, changes.account: known}
        for closing in changes.closings:
            for account in closing.accounts:
                closed = accounts[account].closed | {closing.key}
                accounts[account] = replace(accounts[account], closed=closed)
        self._write(following, edits, accounts)
        self._journal.note_heard(changes.source, changes.received_at)
        self._journal.add(journal)
        return version

    @override
    async def record_arrivals(self, arrivals: Sequence[Arrival]) -> Sequence[Refusal | None]:
        refusals: list[Refusal | None] = []
        for each in arrivals:
            try:
                if each.fence:
                    each.fence.require()
                await self.record(each.changes, version=each.version)
            except (StaleState, LeaseLost) as refusal:
                refusals.append(refusal)
            else:
                refusals.append(None)
        return refusals

    @override
    async def rendering(self) -> str:
        return self._rendering

    @override
    async def record_rendering(self, digest: str, edits: Sequence[Edit], *, version: int) -> int:
        self._require(version, {edit.entry.key for edit in edits})
        if digest != self._rendering:
            self._state = replace(self._state, vtimezones={})
        self._require_same_rules(edits)
        self._rendering = digest
        version = self._state.version + 1
        self._write(version, edits, self._state.accounts)
        return version

    @override
    async def vevents(self, variant: str, account: Account | None = None) -> list[RenderedVEvent]:
        return self._published(variant, self._members(account))

    @override
    async def vevents_of(self, variant: str, keys: Sequence[Key]) -> list[RenderedVEvent]:
        return self._published(variant, self._members() & set(keys))

    @override
    async def feeds(self) -> dict[str, FeedRecord]:
        return dict(self._feeds)

    @override
    async def rotations(self) -> dict[str, int]:
        return {name: record.generation for name, record in self._feeds.items() if record.generation}

    @override
    async def record_feed(
        self, calendar: str, record: FeedRecord, *, journal: Sequence[JournalEntry] = ()
    ) -> FeedRecord:
        before = self._feeds.get(calendar, record)
        known = record if record.version >= before.version else before
        if record.digest == before.digest:
            known = replace(known, changed_at=before.changed_at)
        elif known is record and record.changed_at and before.changed_at:
            later = max(record.changed_at, before.changed_at + timedelta(seconds=1))
            known = replace(record, changed_at=later)
        generation = max(before.generation, record.generation)
        known = self._feeds[calendar] = replace(known, generation=generation)
        self._journal.add(journal)
        return known

    @override
    async def find_conferences(self, query: ConferenceQuery) -> Sequence[Key]:
        entries, live = self._state.entries, self._state.holders or SharedMap[Key, tuple[Account, ...]]()
        if query.after and query.after not in live:
            return []
        sought = split_words(query.text)
        found = [
            key for key in live if self._has_words(entries[key], sought) and _matches(entries[key], query)
        ]
        order = {
            key: (title_of(entries[key].conference), key) for key in {*found, *filter(None, [query.after])}
        }
        behind = order[query.after] if query.after else None
        after = (key for key in found if behind is None or order[key] > behind)
        return nsmallest(query.limit, after, key=order.__getitem__)

    @override
    async def find_by_id(self, conference_id: str) -> Sequence[Key]:
        return sorted(key for key in self._state.entries if (key.id, key.part) == (conference_id, 0))

    @override
    async def find_shared(self) -> Sequence[Key]:
        entries = self._state.entries
        return sorted(
            key
            for key, holders in (self._state.holders or {}).items()
            if len(holders) > 1
            and any(
                self._state.accounts[each].reported[key.id] != entries[key].conference for each in holders
            )
        )

    @override
    async def find_of_people(self, people: Collection[str]) -> Sequence[Key]:
        users = [split_words(TrueConfId.parse(each).user) for each in people]
        entries = self._state.entries.values()
        live = [entry for entry in entries if not entry.key.part]
        found = {e.key for e in live if any(words and self._has_words(e, words) for words in users)}
        views = (known for known in self._state.accounts.values() if str(known.account) in people)
        return sorted(found.union(*(known.live() for known in views)))

    def _has_words(self, entry: Entry, sought: Sequence[str]) -> bool:
        if not sought:
            return True
        known = self._words.get(entry.key)
        if known is None or known[0] is not entry:
            known = self._words[entry.key] = entry, words_of(entry.conference)
        return all(any(word.startswith(part) for word in known[1]) for part in sought)

    @override
    async def purge(self, before: datetime) -> int:
        members = self._members()
        entries = self._state.entries
        gone = {k for k, e in entries.items() if k not in members and e.revision.revised_at < before}
        if gone:
            kept = entries.replace({}, gone)
            self._state = replace(self._state, version=self._state.version + 1, entries=kept)
            self._forgotten = self._state.version
        self._journal.blank(self._state.entries)
        return len(gone)

    @override
    async def purge_accounts(self, before: datetime) -> int:
        accounts = self._state.accounts
        idle = {
            account
            for account, known in accounts.items()
            if not any(known.members()) and known.list_at is not None and known.list_at < before
        }
        if idle:
            kept = {account: known for account, known in accounts.items() if account not in idle}
            self._state = State(
                self._state.version + 1,
                self._state.entries,
                SharedMap(kept),
                vtimezones=self._state.vtimezones,
            )
            self._forgotten = self._state.version
        for name in map(str, idle):
            rotated = self._feeds.pop(name, FeedRecord()).generation
            if rotated:
                self._feeds[name] = FeedRecord(rotated)
        self._journal.blank_accounts(map(str, idle))
        return len(idle)

    @override
    async def record_rejected(self, inputs: Sequence[RejectedInput], *, keep: int, since: datetime) -> None:
        for new in inputs:
            once = (new.source, new.conference_id, new.field, new.raw)
            old = self._rejected.get(once)
            self._numbers += 0 if old else 1
            self._rejected[once] = (
                replace(
                    new,
                    number=old.number,
                    first_at=old.first_at,
                    last_at=max(old.last_at, new.last_at),
                    times=old.times + new.times,
                )
                if old
                else replace(new, number=self._numbers)
            )
        kept = [each for each in await self.load_rejected() if each.last_at >= since][:keep]
        self._rejected = {(e.source, e.conference_id, e.field, e.raw): e for e in kept}

    @override
    async def load_rejected(
        self, *, most_raw: int = MAX_RAW, number: int | None = None
    ) -> list[RejectedInput]:
        kept = sorted(self._rejected.values(), key=lambda e: (e.last_at, e.number), reverse=True)
        return [
            replace(each, raw=each.raw[:most_raw]) for each in kept if number is None or each.number == number
        ]

    @override
    async def forget_rejected(self, number: int, *, journal: Sequence[JournalEntry] = ()) -> bool:
        found = any(each.number == number for each in self._rejected.values())
        if found:
            await self._journal.write(journal)
        self._rejected = {once: e for once, e in self._rejected.items() if e.number != number}
        return found

    @override
    async def close(self) -> None:
        """Do nothing: nothing is open."""

    def _require(self, version: int, keys: set[Key], account: Account | None = None) -> None:
        about: set[Key | Account] = {*keys, account} if account else {*keys}
        about |= {known.account for key in keys for known in self._state.reporters(key)}
        changed = any(self._changed_in.get(each, 0) > version for each in about)
        if version > self._state.version or self._forgotten > version or changed:
            raise StaleState(f"The store is no longer at version {version}: load it again")

    def _require_same_rules(self, edits: Sequence[Edit]) -> None:
        stored = self._state.vtimezones
        if any(stored.get(tzid, needed) != needed for tzid, needed in _vtimezones_of(edits).items()):
            raise StaleState("stored VEVENTs go by other rules of a zone: load the state again")

    def _write(self, version: int, edits: Sequence[Edit], accounts: Mapping[Account, AccountState]) -> None:
        entries = self._state.entries.replace({edit.entry.key: _stored(edit.entry) for edit in edits})
        vtimezones = {**_vtimezones_of(edits), **self._state.vtimezones}
        state = State(version, entries, SharedMap(accounts), vtimezones=vtimezones)
        live = {Key(known.account.server, id_) for known in accounts.values() for id_ in known.reported}
        self._state = state.update_contested(live)
        self._changed_in.update((edit.entry.key, version) for edit in edits)
        self._vevents.update((edit.entry.key, edit.vevents) for edit in edits)

    def _members(self, account: Account | None = None) -> set[Key]:
        views = self._state.accounts.values() if account is None else [self._state.account(account)]
        return {key for known in views for key in known.members()}

    def _published(self, variant: str, keys: Iterable[Key]) -> list[RenderedVEvent]:
        rendered = (self._vevents.get(key, {}).get(variant) for key in keys)
        return sorted((vevent for vevent in rendered if vevent is not None), key=lambda vevent: vevent.uid)


def only(state: State, keys: set[Key]) -> State:
    """Return the state as if there were no other conferences than these."""
    accounts = {}
    for account, known in state.accounts.items():
        ids = {key.id for key in keys if key.server == account.server and not key.part}
        accounts[account] = replace(
            known,
            reported={id_: each for id_, each in known.reported.items() if id_ in ids},
            changed_at={id_: at for id_, at in known.changed_at.items() if id_ in ids},
            absences={id_: each for id_, each in known.absences.items() if id_ in ids},
            closed=known.closed & keys,
        )
    entries = SharedMap({key: entry for key, entry in state.entries.items() if key in keys})
    contested = state.contested & keys
    return State(state.version, entries, SharedMap(accounts), contested, state.vtimezones)


def _vtimezones_of(edits: Iterable[Edit]) -> dict[str, bytes]:
    return {v.tzid: v.vtimezone for edit in edits for v in edit.vevents.values() if v.vtimezone}


def _known_after(known: AccountState, changes: Changes) -> AccountState:
    arrived = replace(known, list_at=changes.received_at, count=changes.count, source=changes.source)
    if changes.empty:
        return arrived
    reported = _reported_after(known, changes)
    absences = {**known.absences, **changes.absences}
    return replace(
        arrived,
        reported=reported,
        changed_at=_changed_at_after(known, changes),
        closed=known.closed - changes.expired,
        absences={id_: a for id_, a in absences.items() if a is not None and id_ in reported},
        held=changes.held if changes.held_changed else known.held,
    )


def _reported_after(known: AccountState, changes: Changes) -> dict[str, Conference]:
    staying = {id_: c for id_, c in known.reported.items() if id_ not in changes.departures}
    return staying | {conference.id: _lasting(conference) for conference in changes.reports}


def _changed_at_after(known: AccountState, changes: Changes) -> dict[str, datetime]:
    staying = {id_: at for id_, at in known.changed_at.items() if id_ not in changes.departures}
    return staying | dict.fromkeys(changes.changed, changes.received_at)


def _stored(entry: Entry) -> Entry:
    return replace(entry, conference=_lasting(entry.conference))


def _lasting(conference: Conference) -> Conference:
    """Return the conference without what no store keeps."""
    return replace(conference, state="", session_id="")


def _matches(entry: Entry, query: ConferenceQuery) -> bool:
    """Return whether a query asks for a conference, whatever its words are and wherever its page begins."""
    conference = entry.conference
    end = ends_at(conference)
    return (
        (query.kind is None or kind_of(conference) == query.kind)
        and (
            query.ending_after is None
            or kind_of(conference) == "week"
            or (end is not None and end > query.ending_after)
        )
        and (query.among is None or entry.key in query.among)
    )
