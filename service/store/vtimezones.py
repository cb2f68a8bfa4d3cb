"""
The VTIMEZONEs that stored VEVENTs go by, one for each zone.

Replicas may have other versions of the zone data. Whoever first writes a VEVENT in a zone, after all were
rendered again, decides its rules for all: so local times and VTIMEZONEs fit, and all replicas serve the same.
"""

from collections.abc import Iterable

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.core.changes import Edit
from service.core.errors import StaleState
from service.store.tables import meta

_PREFIX = "vtimezone/"
_ROWS = meta.c.name.startswith(_PREFIX)


async def read_vtimezones(db: AsyncConnection) -> dict[str, bytes]:
    """Return the VTIMEZONEs by zone."""
    rows = await db.execute(select(meta.c.name, meta.c.value).where(_ROWS))
    return {name.removeprefix(_PREFIX): value.encode() for name, value in rows}


async def write_vtimezones(db: AsyncConnection, edits: Iterable[Edit]) -> None:
    """
    Write the VTIMEZONEs of zones in which no VEVENT was written before.

    No other version of the state may be recorded meanwhile. Raises StaleState where a VEVENT goes by another
    one than the stored ones of its zone.
    """
    needed = {v.tzid: v.vtimezone for edit in edits for v in edit.vevents.values() if v.vtimezone}
    if not needed:
        return
    stored = await read_vtimezones(db)
    for tzid, vtimezone in needed.items():
        if stored.get(tzid, vtimezone) != vtimezone:
            raise StaleState(f"stored VEVENTs go by other rules of {tzid}: load the state again")
    rows = [
        {"name": f"{_PREFIX}{tzid}", "value": vtimezone.decode()}
        for tzid, vtimezone in needed.items()
        if tzid not in stored
    ]
    if rows:
        await db.execute(insert(meta), rows)


async def forget_vtimezones(db: AsyncConnection) -> None:
    """Let all VEVENTs be rendered again, whatever rules the stored ones go by."""
    await db.execute(delete(meta).where(_ROWS))
