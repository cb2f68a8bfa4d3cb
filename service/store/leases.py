"""
The leases: rows of PostgreSQL, or always granted where one daemon has an SQLite file for itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Row,
    Select,
    Update,
    delete,
    func,
    literal,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from typing_extensions import override

from service.core.lease import Lease
from service.core.ports import Hint
from service.core.replicas import Census, LeaseStore, Replica
from service.store.engine import begin_read, begin_write
from service.store.fence import now_milliseconds
from service.store.rows import moment_of, seconds_of
from service.store.tables import leases, replicas
from service.store.wakeups import notify_others
from service.store.writes import insert_into

_FORGET_AFTER = timedelta(days=1)
"""How long the row of a replica that did not end in order is kept."""

_MILLISECOND = timedelta(milliseconds=1)

_TAKE = text(
    """
    WITH free AS MATERIALIZED (
        SELECT name FROM leases
        WHERE name = ANY(CAST(:names AS TEXT[]))
        AND expires_at <= CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)
        ORDER BY name FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE leases SET holder = :holder, epoch = epoch + 1,
        expires_at = CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) + :lasts
        FROM free WHERE leases.name = free.name
        RETURNING leases.name, leases.epoch
    ), made AS (
        INSERT INTO leases (name, holder, epoch, expires_at)
        SELECT name, :holder, 1, CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) + :lasts
        FROM unnest(CAST(:names AS TEXT[])) AS name ORDER BY name
        ON CONFLICT (name) DO NOTHING
        RETURNING name, epoch
    )
    SELECT name, epoch FROM taken UNION ALL SELECT name, epoch FROM made
    """
)
"""
A row that somebody has locked is left for the next try, so that one that was stopped with its lock keeps only
that one back. New rows are made in the order of names, so that two replicas do not deadlock.
"""

_STOPPED_AFTER = timedelta(seconds=20)
"""As long as a transaction may be idle, see `engine`."""

_END_STOPPED = text(
    """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE EXISTS (SELECT FROM replicas
        WHERE expires_at <= CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT))
    AND datname = current_database() AND usename = current_user AND application_name = 'confcal'
    AND backend_xid IS NOT NULL AND state = 'active' AND wait_event_type = 'Client'
    AND state_change < clock_timestamp() - CAST(:after AS INTERVAL)
    """
)
"""
Ends the transactions of a process that was stopped between preparing a statement and executing it.

To PostgreSQL such a session is not idle, and while it waits for its client it heeds no other limit of time.
They are looked for only where a replica fell silent.
"""

_MOST_AHEAD = timedelta(minutes=10)
"""More than any lease lasts: what expires later was renewed before the clock of the database was set back."""

_LIVE = leases.c.expires_at > now_milliseconds()

_DIGEST = func.sum(func.hashtextextended(leases.c.name + " " + leases.c.holder, leases.c.epoch))
"""Another one whenever a lease has another holder or none."""


@dataclass(frozen=True, slots=True)
class _Held:
    """
    The leases that are held, by name, and their digest; none where there are no leases.
    """

    digest: Decimal | None = None
    leases: Mapping[str, Lease] = field(default_factory=dict)


class _Summary(NamedTuple):
    """The living replicas, and the digest of all leases, at one moment of the database."""

    replicas: tuple[Replica, ...]
    now: int
    digest: Decimal | None


class SqlLeases(LeaseStore):
    """
    Implements `service.core.replicas.LeaseStore` on PostgreSQL.

    A renewal reads all leases only where one of them has another holder than at the last census.
    """

    def __init__(self, engine: AsyncEngine, *, stopped_after: timedelta = _STOPPED_AFTER) -> None:
        self._engine = engine
        self._held = _Held()
        self._stopped_after = stopped_after

    @override
    async def renew(self, replica: Replica, *, lasts: timedelta) -> Census:
        until = now_milliseconds() + literal(lasts // _MILLISECOND)
        row = {
            "program": replica.version,
            "rendering": replica.rendering,
            "wants": replica.wants,
            "started_at": seconds_of(replica.started_at) if replica.started_at else None,
            "expires_at": until,
        }
        async with begin_write(self._engine) as db:
            # The replica first: it never outlives its leases in the eyes of those that divide them.
            inserted = insert_into(db, replicas).values(holder=replica.holder, **row)
            await db.execute(inserted.on_conflict_do_update(index_elements=["holder"], set_=row))
            for key in (replicas.c.holder, leases.c.name):
                await db.execute(_shorten(key, until))
            held = (leases.c.holder == replica.holder) & (leases.c.expires_at > now_milliseconds())
            await db.execute(_lock_in_order(held))
            await db.execute(update(leases).where(held).values(expires_at=until))
            old = now_milliseconds() - literal(_FORGET_AFTER // _MILLISECOND)
            await db.execute(delete(replicas).where(replicas.c.expires_at < old))
            await db.execute(_END_STOPPED, {"after": self._stopped_after})
            summary = await _summarize(db)
        return await self._complete(summary)

    @override
    async def take(self, names: Sequence[str], holder: str, *, lasts: timedelta) -> list[Lease]:
        if not names:
            return []
        values = {"names": list(names), "holder": holder, "lasts": lasts // _MILLISECOND}
        async with begin_write(self._engine) as db:
            taken = (await db.execute(_TAKE, values)).all()
        return [Lease(row.name, holder, row.epoch) for row in taken]

    @override
    async def release(self, leases: Sequence[Lease]) -> None:
        if not leases:
            return
        async with begin_write(self._engine) as db:
            await _release(db, leases)
            await notify_others(db, Hint.ANYTHING)

    @override
    async def leave(self, holder: str) -> None:
        async with begin_write(self._engine) as db:
            await db.execute(delete(replicas).where(replicas.c.holder == holder))
            await db.execute(_lock_in_order(leases.c.holder == holder))
            await db.execute(update(leases).where(leases.c.holder == holder).values(holder="", expires_at=0))
            await notify_others(db, Hint.ANYTHING)

    @override
    async def census(self) -> Census:
        async with begin_read(self._engine) as db:
            summary = await _summarize(db)
        return await self._complete(summary)

    async def _complete(self, summary: _Summary) -> Census:
        # After the commit: a process that is stopped while it reads many rows keeps none of them locked.
        if summary.digest != self._held.digest:
            async with begin_read(self._engine) as db:
                self._held = await _read_held(db)
        return Census(summary.replicas, self._held.leases, moment_of(summary.now // 1000))


class OwnLeases(LeaseStore):
    """
    Grants every lease: one daemon has the database for itself.
    """

    def __init__(self) -> None:
        self._held: dict[str, Lease] = {}
        self._replica: Replica | None = None

    @override
    async def renew(self, replica: Replica, *, lasts: timedelta) -> Census:
        self._replica = replica
        return await self.census()

    @override
    async def take(self, names: Sequence[str], holder: str, *, lasts: timedelta) -> list[Lease]:
        taken = [Lease(name, holder, 1) for name in names]
        self._held.update((lease.name, lease) for lease in taken)
        return taken

    @override
    async def release(self, leases: Sequence[Lease]) -> None:
        for lease in leases:
            self._held.pop(lease.name, None)

    @override
    async def leave(self, holder: str) -> None:
        self._held, self._replica = {}, None

    @override
    async def census(self) -> Census:
        return Census((self._replica,) if self._replica else (), dict(self._held))


def open_leases(engine: AsyncEngine) -> LeaseStore:
    """Return the leases of a database."""
    return SqlLeases(engine) if engine.dialect.name == "postgresql" else OwnLeases()


def _lock_in_order(condition: ColumnElement[bool]) -> Select[Any]:
    """Return the statement that locks rows before they are written, in one order: nobody deadlocks."""
    return select(leases.c.name).where(condition).order_by(leases.c.name).with_for_update()


def _shorten(key: Column[str], until: ColumnElement[int]) -> Update:
    """
    Return the statement that has rows expire soon whose holder may have ended an hour of the old clock ago.

    A holder that lives renews its rows before that. What somebody has locked is left for the next renewal.
    """
    expires_at = key.table.c.expires_at
    far = select(key).where(expires_at > now_milliseconds() + literal(_MOST_AHEAD // _MILLISECOND))
    locked = far.order_by(key).with_for_update(skip_locked=True).subquery()
    return update(key.table).where(key.in_(select(locked))).values(expires_at=until)


async def _release(db: AsyncConnection, given: Sequence[Lease]) -> None:
    pairs = [(lease.name, lease.holder, lease.epoch) for lease in given]
    same = tuple_(leases.c.name, leases.c.holder, leases.c.epoch).in_(pairs)
    await db.execute(_lock_in_order(same))
    await db.execute(update(leases).where(same).values(holder="", expires_at=0))


async def _summarize(db: AsyncConnection) -> _Summary:
    live = select(replicas).where(replicas.c.expires_at > now_milliseconds()).order_by(replicas.c.holder)
    found = tuple(_replica(row) for row in await db.execute(live))
    now, digest = (await db.execute(select(now_milliseconds(), _DIGEST).where(_LIVE))).one()
    return _Summary(found, now, digest)


async def _read_held(db: AsyncConnection) -> "_Held":
    # In one statement, so that the digest is of these rows.
    rows = await db.execute(
        select(leases.c.name, leases.c.holder, leases.c.epoch, _DIGEST.over().label("digest"))
        .where(_LIVE)
        .order_by(leases.c.name)
    )
    found = rows.all()
    held = {row.name: Lease(row.name, row.holder, row.epoch) for row in found}
    return _Held(found[0].digest if found else None, held)


def _replica(row: Row[Any]) -> Replica:
    started_at = None if row.started_at is None else moment_of(row.started_at)
    return Replica(row.holder, row.program, row.rendering, row.wants, started_at)
