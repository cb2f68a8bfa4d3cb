"""
The store on SQLite and PostgreSQL.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from typing_extensions import override

from service.core.changes import Arrival, Changes, Edit, Refusal, RenderedVEvent
from service.core.conference import Account, Key
from service.core.journal import Journal, JournalEntry
from service.core.memory import pause_garbage_collection
from service.core.ports import ClosedSessions, FeedRecord, Hint
from service.core.rejected import MAX_RAW, RejectedInput
from service.core.replicas import LeaseStore
from service.core.search import ConferenceQuery
from service.core.state import State
from service.publishing.ports import Database, Ledger
from service.store.account_purge import purge_accounts
from service.store.arrivals import record_arrivals
from service.store.chosen import read_chosen
from service.store.conference_purge import purge_conferences
from service.store.engine import begin_read, begin_write, create_engine
from service.store.journal import SqlJournal, write_journal
from service.store.leases import open_leases
from service.store.ledger import SqlLedger
from service.store.migrate import upgrade
from service.store.people import find_of_people
from service.store.refresh import read_accounts, read_changes, read_conferences, read_state
from service.store.rejections import delete_rejected, read_rejected, write_rejected
from service.store.rows import to_feed
from service.store.schema import verify
from service.store.search import find_by_id, find_conferences, find_shared
from service.store.sessions import SqlClosedSessions
from service.store.tables import feeds, memberships, meta, same_part, vevents
from service.store.versions import advance, current, find_touched
from service.store.vtimezones import read_vtimezones
from service.store.wakeups import follow_wakeups, notify_others
from service.store.writes import (
    write_changes,
    write_feed,
    write_rendering,
)

_VEVENTS = select(vevents.c.uid, vevents.c.tzid, vevents.c.body)
_IS_MEMBER = same_part(memberships, vevents)


class SqlStore(Database):
    """
    Implements `service.publishing.ports.Database` on a migrated database; see `open_store`.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._journal = SqlJournal(engine)
        self._ledger = SqlLedger(engine, self._journal)
        self._closed_sessions = SqlClosedSessions(engine)
        self._leases = open_leases(engine)

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

    @property
    @override
    def journal(self) -> Journal:
        return self._journal

    @override
    async def version(self) -> int:
        async with begin_read(self._engine) as db:
            return await current(db)

    @override
    async def load(self) -> State:
        async with begin_read(self._engine) as db:
            with pause_garbage_collection():
                return await read_state(db)

    @override
    async def load_accounts(self) -> State:
        async with begin_read(self._engine) as db:
            return await read_accounts(db)

    @override
    async def load_conferences(self, keys: Collection[Key]) -> State:
        async with begin_read(self._engine) as db:
            return await read_conferences(db, keys)

    @override
    async def load_changes(self, state: State) -> State:
        async with begin_read(self._engine) as db:
            with pause_garbage_collection():
                return await read_changes(db, state)

    @override
    async def record(self, changes: Changes, *, version: int, journal: Sequence[JournalEntry] = ()) -> int:
        if changes.empty and not journal:
            for refusal in await self.record_arrivals([Arrival(changes, version)]):
                if refusal:
                    raise refusal
            return version
        async with begin_write(self._engine) as db:
            following = await advance(db, version, find_touched(changes), changes.account)
            await write_changes(db, changes, following)
            await notify_others(db)
            await write_journal(db, journal)
        self._journal.announce(journal)
        return following

    @override
    async def record_arrivals(self, arrivals: Sequence[Arrival]) -> Sequence[Refusal | None]:
        return await record_arrivals(self._engine, arrivals)

    @override
    async def rendering(self) -> str:
        async with begin_read(self._engine) as db:
            return await _meta(db, "rendering")

    @override
    async def record_rendering(self, digest: str, edits: Sequence[Edit], *, version: int) -> int:
        async with begin_write(self._engine) as db:
            following = await advance(db, version, [edit.entry.key for edit in edits])
            await write_rendering(db, digest, edits, following)
            await notify_others(db)
        return following

    @override
    async def vevents(self, variant: str, account: Account | None = None) -> list[RenderedVEvent]:
        chosen = _of_any(variant) if account is None else _of_account(variant, account)
        async with begin_read(self._engine) as db:
            with pause_garbage_collection():
                return _by_uid(await db.execute(chosen), await read_vtimezones(db))

    @override
    async def vevents_of(self, variant: str, keys: Sequence[Key]) -> list[RenderedVEvent]:
        async with begin_read(self._engine) as db:
            found = await read_chosen(db, _of_any(variant), vevents, keys)
            vtimezones = await read_vtimezones(db)
        return _by_uid(found, vtimezones)

    @override
    async def feeds(self) -> dict[str, FeedRecord]:
        async with begin_read(self._engine) as db:
            return dict(to_feed(row) for row in await db.execute(select(feeds)))

    @override
    async def rotations(self) -> dict[str, int]:
        rotated = select(feeds.c.calendar, feeds.c.generation).where(feeds.c.generation > 0)
        async with begin_read(self._engine) as db:
            return {row.calendar: row.generation for row in await db.execute(rotated)}

    @override
    async def record_feed(
        self, calendar: str, record: FeedRecord, *, journal: Sequence[JournalEntry] = ()
    ) -> FeedRecord:
        async with begin_write(self._engine) as db:
            known = await write_feed(db, calendar, record)
            await write_journal(db, journal)
            if journal:
                await notify_others(db)
        self._journal.announce(journal)
        return known

    @override
    async def find_conferences(self, query: ConferenceQuery) -> Sequence[Key]:
        async with begin_read(self._engine) as db:
            return await find_conferences(db, query)

    @override
    async def find_by_id(self, conference_id: str) -> Sequence[Key]:
        async with begin_read(self._engine) as db:
            return await find_by_id(db, conference_id)

    @override
    async def find_shared(self) -> Sequence[Key]:
        async with begin_read(self._engine) as db:
            return await find_shared(db)

    @override
    async def find_of_people(self, people: Collection[str]) -> Sequence[Key]:
        async with begin_read(self._engine) as db:
            return await find_of_people(db, people)

    @override
    async def purge(self, before: datetime) -> int:
        async with begin_write(self._engine) as db:
            return await purge_conferences(db, before)

    @override
    async def purge_accounts(self, before: datetime) -> int:
        async with begin_write(self._engine) as db:
            return await purge_accounts(db, before)

    @override
    async def record_rejected(self, inputs: Sequence[RejectedInput], *, keep: int, since: datetime) -> None:
        async with begin_write(self._engine) as db:
            await write_rejected(db, inputs, keep=keep, since=since)

    @override
    async def load_rejected(
        self, *, most_raw: int = MAX_RAW, number: int | None = None
    ) -> list[RejectedInput]:
        async with begin_read(self._engine) as db:
            return await read_rejected(db, most_raw, number)

    @override
    async def forget_rejected(self, number: int, *, journal: Sequence[JournalEntry] = ()) -> bool:
        async with begin_write(self._engine) as db:
            found = await delete_rejected(db, number)
            entries = journal if found else ()
            await write_journal(db, entries)
            await notify_others(db)
        self._journal.announce(entries)
        return found

    @override
    async def follow_wakeups(self, wake: Callable[[Hint], None]) -> None:
        await follow_wakeups(self._engine, wake)

    @override
    async def close(self) -> None:
        await self._engine.dispose()


async def _meta(db: AsyncConnection, name: str) -> str:
    return str((await db.execute(select(meta.c.value).where(meta.c.name == name))).scalar_one())


def _of_any(variant: str) -> Select[Any]:
    """Return what selects the VEVENTs in any account's calendar."""
    return _VEVENTS.where(vevents.c.variant == variant, exists().where(_IS_MEMBER))


def _of_account(variant: str, account: Account) -> Select[Any]:
    """Return what selects the VEVENTs in this account's calendar."""
    joined = _VEVENTS.join_from(memberships, vevents, _IS_MEMBER)
    return joined.where(memberships.c.account == str(account), vevents.c.variant == variant)


def _by_uid(rows: Iterable[Sequence[Any]], vtimezones: Mapping[str, bytes]) -> list[RenderedVEvent]:
    # Not by the database: its order of texts depends on its collation.
    found = (RenderedVEvent(uid, tzid, body, vtimezones.get(tzid, b"")) for uid, tzid, body in rows)
    return sorted(found, key=lambda vevent: vevent.uid)


async def open_store(url: str, *, migrate: bool) -> SqlStore:
    """
    Return the store at `url`. Its schema is brought up to date where `migrate` says so, else only checked.

    Raises SettingsError, StoreUnavailable, SchemaTooNew, and SchemaTooOld without `migrate`.
    """
    async with AsyncExitStack() as opened:
        engine = create_engine(url)
        opened.push_async_callback(engine.dispose)
        await (upgrade(engine) if migrate else verify(engine))
        opened.pop_all()
    return SqlStore(engine)
