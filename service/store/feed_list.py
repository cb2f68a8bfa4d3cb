"""
What a list of the feeds needs of the database: the accounts, and how much is in each calendar.

Little of a conference is read, so this takes as long with many Rooms as it takes to count their rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.core.account_state import Entry
from service.core.conference import Account, Key
from service.store.engine import begin_read, create_engine
from service.store.people import select_recent
from service.store.rows import to_entries
from service.store.schema import verify
from service.store.tables import accounts, conferences, feeds, memberships, same_part


@dataclass(frozen=True, slots=True)
class FeedList:
    """
    The accounts, and how many conferences with a VEVENT each calendar holds.
    """

    accounts: Mapping[Account, int]
    everything: int
    """What the accounts hold together, each conference once."""

    generations: Mapping[str, int]
    """How often the address of each calendar was rotated, without those that never were."""

    recent: Mapping[Key, Entry]
    """A few conferences of each account: they say what it is called."""


async def read_feed_list(url: str) -> FeedList:
    """Return the list from the database at `url`. Raises SettingsError, NoDatabase and StoreUnavailable."""
    engine = create_engine(url)
    try:
        await verify(engine)
        async with begin_read(engine) as db:
            counted = await _count_by_account(db)
            return FeedList(
                accounts=counted,
                everything=sum(counted.values()) - int((await db.execute(_COUNTED_TWICE)).scalar_one()),
                generations={row[0]: row[1] for row in await db.execute(_ROTATED)},
                recent=to_entries(tuple(row) for row in await db.execute(_RECENT)),
            )
    finally:
        await engine.dispose()


async def read_heard_sources(url: str) -> frozenset[str]:
    """Return the sources that a list came from. Raises what `read_feed_list` raises."""
    engine = create_engine(url)
    try:
        await verify(engine)
        async with begin_read(engine) as db:
            return frozenset((await db.execute(select(accounts.c.source).distinct())).scalars())
    finally:
        await engine.dispose()


_HAS_VEVENT = func.length(conferences.c.fingerprint) > 0

_BY_ACCOUNT = select(memberships.c.account, func.count()).group_by(memberships.c.account)

# Few conferences have none, so these are looked up instead of the others: a third of the time. DISTINCT keeps
# SQLite from looking up each membership after all.
_BARE = (
    select(conferences.c.server, conferences.c.id, conferences.c.part)
    .where(~_HAS_VEVENT)
    .distinct()
    .subquery()
)

_WITHOUT_VEVENT = (
    select(memberships.c.account, func.count())
    .join_from(_BARE, memberships, same_part(_BARE, memberships))
    .group_by(memberships.c.account)
)

_SHARED = (
    select(memberships.c.server, memberships.c.id, memberships.c.part, func.count().label("holders"))
    .group_by(memberships.c.server, memberships.c.id, memberships.c.part)
    .having(func.count() > 1)
    .subquery()
)

# In the order of an index; to ask each conference whether anybody holds it takes three times as long.
_COUNTED_TWICE = (
    select(func.coalesce(func.sum(_SHARED.c.holders - 1), 0))
    .join_from(_SHARED, conferences, same_part(_SHARED, conferences))
    .where(_HAS_VEVENT)
)

_RECENT = select_recent(*conferences.c)

_ROTATED = select(feeds.c.calendar, feeds.c.generation).where(feeds.c.generation > 0)


async def _count_by_account(db: AsyncConnection) -> Mapping[Account, int]:
    counted = {row[0]: row[1] for row in await db.execute(_BY_ACCOUNT)}
    without = {row[0]: row[1] for row in await db.execute(_WITHOUT_VEVENT)}
    known = await db.execute(select(accounts.c.account, accounts.c.peer, accounts.c.server))
    return {
        Account(peer, server): counted.get(name, 0) - without.get(name, 0) for name, peer, server in known
    }
