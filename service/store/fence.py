"""
The check that a part still holds its lease when it records something.
"""

from sqlalchemy import ColumnElement, Integer, select, text, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from service.core.lease import current_fence
from service.store.tables import leases


def now_milliseconds() -> ColumnElement[int]:
    """Return the present moment of a PostgreSQL server; it advances within a transaction."""
    return type_coerce(text("CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"), Integer)


async def check_fence(db: AsyncConnection) -> None:
    """
    Raise LeaseLost unless the part that writes holds its lease, and keep it so until the transaction ends.

    This is the last statement of a transaction: a renewal waits for the row only as long as a commit takes.
    SQLite has one daemon, which holds every lease.
    """
    fence = current_fence()
    if fence is None or db.dialect.name != "postgresql":
        return
    lease = fence.require()
    held = select(leases.c.epoch).where(
        leases.c.name == lease.name,
        leases.c.holder == lease.holder,
        leases.c.epoch == lease.epoch,
        leases.c.expires_at > now_milliseconds(),
    )
    if (await db.execute(held.with_for_update(read=True))).first() is None:
        raise fence.lose()
