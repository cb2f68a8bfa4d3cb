"""
The journal on SQLite and PostgreSQL.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from typing_extensions import override

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
from service.store.engine import begin_read, begin_write
from service.store.rows import Parameters, moment_of, seconds_of
from service.store.tables import conferences, heard, journal, meta
from service.store.wakeups import notify_others
from service.store.writes import in_chunks, note_heard, upsert

log = structlog.get_logger()

_LOCK = 0x6A6F75726E616C
"""PostgreSQL's advisory lock for writing entries: "journal" as a number."""

_REQUESTS = frozenset({Happening.SOURCE_ASKED, Happening.TARGET_RETRIED})
"""What another replica may have to do."""

_c = journal.c


class _Content(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What may name people. It is one column, which the purge empties."""

    topic: str = ""
    fields: tuple[tuple[str, str, str], ...] = ()
    note: str = ""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Content)
_EMPTY = _encoder.encode(_Content())


class SqlJournal(Journal):
    """
    Implements `service.core.journal.Journal`.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._listeners: list[Callable[[], None]] = []

    @override
    async def write(self, entries: Sequence[JournalEntry]) -> None:
        async with begin_write(self._engine) as db:
            await write_journal(db, entries)
            if _REQUESTS.intersection(entry.event for entry in entries):
                await notify_others(db)
        self.announce(entries)

    @override
    async def read(self, query: JournalQuery) -> list[JournalEntry]:
        chosen = select(journal).where(*_conditions(query)).order_by(_order(query)).limit(query.limit)
        async with begin_read(self._engine) as db:
            return list(_entries(await db.execute(chosen)))

    @override
    async def read_after(self, number: int, limit: int) -> list[JournalEntry]:
        chosen = select(journal).where(_c.number > number).order_by(_c.number).limit(limit)
        async with begin_read(self._engine) as db:
            return list(_entries(await db.execute(chosen)))

    @override
    async def read_last(self, events: frozenset[Happening]) -> Mapping[str, JournalEntry]:
        asked = and_(_c.event.in_(sorted(events)), _c.source != "")
        newest = select(func.max(_c.number)).where(asked).group_by(_c.source)
        async with begin_read(self._engine) as db:
            found = await db.execute(select(journal).where(_c.number.in_(newest)))
            return {entry.source: entry for entry in _entries(found)}

    @override
    async def last_number(self) -> int:
        async with begin_read(self._engine) as db:
            return int((await db.execute(select(func.coalesce(func.max(_c.number), 0)))).scalar_one())

    @override
    async def prune(self, before: datetime) -> int:
        async with begin_write(self._engine) as db:
            return int((await db.execute(delete(journal).where(_c.at < seconds_of(before)))).rowcount)

    @override
    async def note_running(self, now: datetime) -> None:
        async with begin_write(self._engine) as db:
            await note_heard(db, CONFCAL, now)
            await db.execute(delete(heard).where(heard.c.slot < slot_of(start_of_strip(now))))

    @override
    async def read_heard(self) -> Mapping[str, frozenset[int]]:
        found: dict[str, set[int]] = {}
        async with begin_read(self._engine) as db:
            for source, slot in await db.execute(select(heard)):
                found.setdefault(source, set()).add(slot)
        return {source: frozenset(slots) for source, slots in found.items()}

    @override
    async def recall(self, name: str) -> str:
        async with begin_read(self._engine) as db:
            value = (await db.execute(select(meta.c.value).where(meta.c.name == name))).scalar_one_or_none()
        return str(value or "")

    @override
    async def remember(self, name: str, value: str, entries: Sequence[JournalEntry] = ()) -> None:
        async with begin_write(self._engine) as db:
            await db.execute(upsert(db, meta), {"name": name, "value": value})
            await write_journal(db, entries)
        self.announce(entries)

    @override
    def listen(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def announce(self, entries: Sequence[JournalEntry]) -> None:
        """Notify the listeners of entries whose transaction is committed."""
        if entries:
            for listener in self._listeners:
                listener()


async def write_journal(db: AsyncConnection, entries: Sequence[JournalEntry]) -> None:
    """
    Write entries in a transaction, as its last statements; the oldest beyond `MOST_ENTRIES` go.

    Two transactions get their numbers in the order in which they commit, so a follower overlooks none.
    """
    if not entries:
        return
    if db.dialect.name == "postgresql":
        await db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    for some in in_chunks(entries):
        await db.execute(insert(journal), [row_of(entry) for entry in some])
    newest = select(func.max(_c.number)).scalar_subquery()
    await db.execute(delete(journal).where(_c.number <= newest - MOST_ENTRIES))


async def blank_conferences(db: AsyncConnection) -> None:
    """Erase the details of entries about conferences that are no longer kept. The entries themselves stay."""
    kept = exists().where(conferences.c.server == _c.server, conferences.c.id == _c.conference_id)
    named = and_(_c.conference_id != "", _c.content != _EMPTY)
    await db.execute(update(journal).where(named, ~kept).values(content=_EMPTY))


async def blank_accounts(db: AsyncConnection, names: Sequence[str]) -> None:
    """Take the names of forgotten accounts out of the journal."""
    await db.execute(update(journal).where(_c.account.in_(names)).values(account="", content=_EMPTY))
    await db.execute(update(journal).where(_c.calendar.in_(names)).values(calendar="", content=_EMPTY))


def _order(query: JournalQuery) -> ColumnElement[Any]:
    # A sum has no index. Else databases read all entries in order of their numbers, to save the sort of few.
    few = query.since is not None and (query.until is not None or len(query.events) > 1)
    return (_c.number + 0 if few else _c.number).desc()


def _conditions(query: JournalQuery) -> Iterator[ColumnElement[bool]]:
    for column, value in (
        (_c.source, query.source),
        (_c.account, query.account),
        (_c.server, query.server),
        (_c.conference_id, query.conference_id),
        (_c.target, query.target),
        (_c.calendar, query.calendar),
    ):
        if value:
            yield column == value
    if query.events:
        yield _c.event.in_(sorted(query.events))
    if query.since is not None:
        yield _c.at >= seconds_of(query.since)
    if query.until is not None:
        yield _c.at < seconds_of(query.until)
    if query.before is not None:
        yield _c.number < query.before


def row_of(entry: JournalEntry) -> Parameters:
    """Return the row of an entry without a number."""
    fields = tuple((each.name, clip(each.before), clip(each.after)) for each in entry.fields)
    return {
        "at": seconds_of(entry.at),
        "event": entry.event.value,
        "source": entry.source,
        "account": entry.account,
        "server": entry.server,
        "conference_id": entry.conference_id,
        "target": entry.target,
        "calendar": entry.calendar,
        "content": _encoder.encode(_Content(clip(entry.topic), fields, clip(entry.note))),
    }


def _entries(rows: Iterable[Row[Any]]) -> Iterator[JournalEntry]:
    for row in rows:
        try:
            content, event, at = _decoder.decode(row.content), Happening(row.event), moment_of(row.at)
        except ValueError:
            # A damaged row, or an event that only a newer confcal knows.
            log.warning("store.row_damaged", journal=row.number)
            continue
        yield JournalEntry(
            at,
            event,
            row.source,
            row.account,
            row.server,
            row.conference_id,
            row.target,
            row.calendar,
            content.topic,
            tuple(FieldChange(*each) for each in content.fields),
            content.note,
            row.number,
        )
