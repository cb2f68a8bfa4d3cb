"""
The purge of accounts that send no lists any more.
"""

from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.journal import blank_accounts
from service.store.rows import seconds_of
from service.store.tables import accounts, feeds, held, memberships, meta
from service.store.versions import forget_before

_AT_ONCE = 500


async def purge_accounts(db: AsyncConnection, before: datetime) -> int:
    """
    Delete accounts with empty calendars whose last list came before a moment, and return how many.

    The records of their feeds are deleted too, except for rotations: an address that was withdrawn must not
    work again if the account returns.
    """
    is_version = meta.c.name == "version"
    # Every record of a list locks this row first, so no list can arrive between the check and the deletion.
    await db.execute(select(meta.c.value).where(is_version).with_for_update())
    has_member = exists().where(memberships.c.account == accounts.c.account)
    idle = select(accounts.c.account).where(accounts.c.list_at < seconds_of(before), ~has_member)
    names = list((await db.execute(idle.order_by(accounts.c.account))).scalars())
    for start in range(0, len(names), _AT_ONCE):
        await _delete(db, names[start : start + _AT_ONCE])
    if names:
        await forget_before(db)
    return len(names)


async def _delete(db: AsyncConnection, names: list[str]) -> None:
    of_them = feeds.c.calendar.in_(names)
    await db.execute(delete(feeds).where(of_them, feeds.c.generation == 0))
    await db.execute(update(feeds).where(of_them).values(digest="", changed_at=None))
    await db.execute(delete(held).where(held.c.account.in_(names)))
    await db.execute(delete(accounts).where(accounts.c.account.in_(names)))
    await blank_accounts(db, names)
