"""
The ledger on SQLite and PostgreSQL: rows about targets and what is published there.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, Select, delete, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from typing_extensions import override

from service.core.journal import JournalEntry
from service.publishing.model import Publication, Standing
from service.publishing.ownership import assign
from service.publishing.ports import Assignment, Ledger, TargetRecord
from service.store import tables
from service.store.engine import begin_read, begin_write
from service.store.journal import SqlJournal, write_journal
from service.store.rows import moment_of, seconds_of
from service.store.writes import upsert


class SqlLedger(Ledger):
    """
    Implements `service.publishing.ports.Ledger`.
    """

    def __init__(self, engine: AsyncEngine, journal: SqlJournal) -> None:
        self._engine = engine
        self._journal = journal

    @override
    async def targets(self) -> dict[str, TargetRecord]:
        async with begin_read(self._engine) as db:
            return {row.target: _target(row) for row in await db.execute(select(tables.targets))}

    @override
    async def record_target(self, target: str, record: TargetRecord) -> None:
        async with begin_write(self._engine) as db:
            await db.execute(upsert(db, tables.targets), _target_row(target, record))

    @override
    async def assign_collection(
        self, target: str, record: TargetRecord, *, abandoned: Collection[str] = ()
    ) -> Assignment:
        async with begin_write(self._engine) as db:
            if db.dialect.name == "postgresql":
                # Two replicas that both see no holder would both write. SQLite has one writer at a time
                # anyway.
                await db.execute(text("LOCK TABLE targets IN SHARE ROW EXCLUSIVE MODE"))
            known = {
                row.target: _target(row) for row in await db.execute(_select_concerned(target, record.url))
            }
            done = assign(known, target, record, abandoned=abandoned)
            if not done.held_by:
                if done.former_key:
                    await _rename(db, target, done.former_key)
                for key in done.adopted_keys:
                    await _take(db, key, target)
                await db.execute(upsert(db, tables.targets), _target_row(target, record))
        return done

    @override
    async def publications(self, target: str) -> dict[str, Publication]:
        query = select(tables.publications).where(tables.publications.c.target == target)
        async with begin_read(self._engine) as db:
            return {row.uid: _publication(row) for row in await db.execute(query)}

    @override
    async def publications_of(self, uid: str) -> dict[str, Publication]:
        query = select(tables.publications).where(tables.publications.c.uid == uid)
        async with begin_read(self._engine) as db:
            return {row.target: _publication(row) for row in await db.execute(query)}

    @override
    async def record_publications(
        self,
        target: str,
        publications: Iterable[Publication],
        forgotten: Iterable[str] = (),
        *,
        journal: Sequence[JournalEntry] = (),
        record: TargetRecord | None = None,
    ) -> None:
        written = [_row(target, row) for row in publications]
        async with begin_write(self._engine) as db:
            if record:
                await db.execute(upsert(db, tables.targets), _target_row(target, record))
            if written:
                await db.execute(upsert(db, tables.publications), written)
            for uid in forgotten:
                c = tables.publications.c
                await db.execute(delete(tables.publications).where(c.target == target, c.uid == uid))
            await write_journal(db, journal)
        self._journal.announce(journal)

    @override
    async def write_journal(self, entries: Sequence[JournalEntry]) -> None:
        await self._journal.write(entries)

    @override
    async def forget_target(self, target: str) -> None:
        async with begin_write(self._engine) as db:
            await db.execute(delete(tables.publications).where(tables.publications.c.target == target))
            await db.execute(delete(tables.targets).where(tables.targets.c.target == target))


def _select_concerned(target: str, url: str) -> Select[Any]:
    """Select what `assign` looks at: the target, its former keys, and whoever has the same collection."""
    c = tables.targets.c
    former = c.target.startswith(f"{target}~", autoescape=True)
    return select(tables.targets).where(or_(c.target == target, c.url == url, former))


async def _rename(db: AsyncConnection, key: str, name: str) -> None:
    for table in (tables.targets, tables.publications):
        await db.execute(update(table).where(table.c.target == key).values(target=name))


async def _take(db: AsyncConnection, key: str, target: str) -> None:
    """Give a target the rows of another one; where both have one, its own stays."""
    c = tables.publications.c
    own = select(c.uid).where(c.target == target)
    await db.execute(delete(tables.publications).where(c.target == key, c.uid.in_(own)))
    await db.execute(update(tables.publications).where(c.target == key).values(target=target))
    await db.execute(delete(tables.targets).where(tables.targets.c.target == key))


def _target_row(target: str, record: TargetRecord) -> dict[str, Any]:
    return {
        "target": target,
        "identity": record.identity,
        "url": record.url,
        "server": record.server,
        "token": record.token,
        "audited_at": seconds_of(record.audited_at) if record.audited_at else None,
    }


def _target(row: Row[Any]) -> TargetRecord:
    audited_at = None if row.audited_at is None else moment_of(row.audited_at)
    return TargetRecord(row.identity, row.url, row.server, row.token, audited_at)


def _row(target: str, row: Publication) -> dict[str, Any]:
    return {
        "target": target,
        "uid": row.uid,
        "href": row.href,
        "etag": row.etag,
        "digest": row.digest,
        "meaning": row.content_hash,
        "intended": row.pending_hashes,
        "standing": row.standing.value,
        "reason": row.reason,
        "refusals": row.refusals,
        "writes": ",".join(map(str, row.writes)),
        "retry_at": seconds_of(row.retry_at) if row.retry_at else None,
    }


def _publication(row: Row[Any]) -> Publication:
    return Publication(
        row.uid,
        row.href,
        row.etag,
        row.digest,
        row.meaning,
        row.intended,
        Standing(row.standing),
        row.reason,
        row.refusals,
        tuple(int(moment) for moment in row.writes.split(",") if moment),
        None if row.retry_at is None else moment_of(row.retry_at),
    )
