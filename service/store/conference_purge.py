"""
The purge of conferences that no calendar holds any more.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.core.conference import Key
from service.store.journal import blank_conferences
from service.store.rows import seconds_of
from service.store.tables import (
    conference_titles,
    conference_words,
    conferences,
    memberships,
    of_key,
    same_part,
    vevents,
)
from service.store.versions import forget_before


async def purge_conferences(db: AsyncConnection, before: datetime) -> int:
    """Delete conferences that are in no calendar and unchanged since `before`, and return how many."""
    has_member = exists().where(same_part(memberships, conferences))
    old = select(conferences.c.server, conferences.c.id, conferences.c.part).where(
        conferences.c.revised_at < seconds_of(before), ~has_member
    )
    if (await db.execute(old.limit(1))).first() is None:
        return 0
    # Every list that changes something locks the version too, so none can report one of them again meanwhile.
    await forget_before(db)
    keys = [Key(*row) for row in await db.execute(old)]
    if keys:
        await _delete(db, keys)
    return len(keys)


async def _delete(db: AsyncConnection, keys: Sequence[Key]) -> None:
    parts = [{"of_server": key.server, "of_id": key.id, "of_part": key.part} for key in keys]
    for table in (vevents, conferences):
        await db.execute(delete(table).where(of_key(table)), parts)
    live = [{"of_server": key.server, "of_id": key.id} for key in keys if not key.part]
    for table in (conference_words, conference_titles):
        of_conference = (table.c.server == bindparam("of_server"), table.c.id == bindparam("of_id"))
        if live:
            await db.execute(delete(table).where(*of_conference), live)
    await blank_conferences(db)
