"""
The check that parts still hold their leases when something is recorded.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Integer, select, text, tuple_, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from service.core.lease import Fence, current_fence
from service.store.tables import leases


def now_milliseconds() -> ColumnElement[int]:
    """Return the present moment of a PostgreSQL server; it advances within a transaction."""
    return type_coerce(text("CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"), Integer)


async def check_fence(db: AsyncConnection) -> None:
    """Raise LeaseLost unless the part that writes holds its lease; see `find_lost`."""
    fence = current_fence()
    if fence and await find_lost(db, [fence]):
        raise fence.lose()


async def find_lost(db: AsyncConnection, fences: Collection[Fence]) -> list[Fence]:
    """
    Return the parts that do not hold their lease; the others hold it until the transaction ends.

    This is the last statement of a transaction: a renewal waits for a row only as long as a commit takes.
    SQLite has one daemon, which holds every lease.
    """
    if not fences or db.dialect.name != "postgresql":
        return [each for each in fences if each.is_lost]
    held = (
        select(leases.c.name, leases.c.holder, leases.c.epoch)
        .where(_LEASE.in_([_row_of(each) for each in fences]), leases.c.expires_at > now_milliseconds())
        .order_by(leases.c.name)
        .with_for_update(read=True)
    )
    found = {tuple(row) for row in await db.execute(held)}
    return [each for each in fences if each.is_lost or _row_of(each) not in found]


_LEASE = tuple_(leases.c.name, leases.c.holder, leases.c.epoch)


def _row_of(fence: Fence) -> tuple[str, str, int]:
    lease = fence.tenure.lease
    return lease.name, lease.holder, lease.epoch
