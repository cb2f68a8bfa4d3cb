"""
Reading the state from the database: all of it, or what changed since a version.
"""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import FromClause, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.core.conference import Account, Key
from service.core.shared_map import SharedMap
from service.core.state import State
from service.store.chosen import read_chosen
from service.store.rows import StoredRows, moment_of, seconds_of, to_entries, to_state
from service.store.tables import accounts, conferences, held, memberships
from service.store.versions import current, read_forgotten
from service.store.vtimezones import read_vtimezones


async def read_state(db: AsyncConnection) -> State:
    """Return the whole state."""
    version = await current(db)
    # In threads: it takes seconds where much is known, and feeds are served meanwhile. The rows of
    # conferences are the largest, and not kept until the state is whole.
    entries = await asyncio.to_thread(to_entries, (await db.execute(select(conferences))).all())
    stored = StoredRows(
        accounts=(await db.execute(select(accounts))).all(),
        conferences=(),
        memberships=(await db.execute(select(memberships))).all(),
        held=(await db.execute(select(held))).all(),
    )
    state = await asyncio.to_thread(to_state, version, stored, SharedMap(entries))
    return replace(state, vtimezones=await read_vtimezones(db))


async def read_accounts(db: AsyncConnection) -> State:
    """Return the state with the accounts alone, as if their lists were empty."""
    found = (await db.execute(select(accounts))).all()
    return to_state(await current(db), StoredRows(found, (), (), ()))


async def read_conferences(db: AsyncConnection, keys: Collection[Key]) -> State:
    """Return the state with all accounts and what they hold of these conferences."""
    version = await current(db)
    stored = StoredRows(
        accounts=(await db.execute(select(accounts))).all(),
        conferences=await read_chosen(db, select(conferences), conferences, keys),
        memberships=await read_chosen(db, select(memberships), memberships, keys),
        held=(await db.execute(select(held))).all(),
    )
    return replace(to_state(version, stored), vtimezones=await read_vtimezones(db))


async def read_changes(db: AsyncConnection, state: State) -> State:
    """
    Return a state with what was recorded since. Only changed accounts and conferences are read.

    It is the same object where nothing was recorded, not even the arrival of a list.
    """
    version = await current(db)
    if version == state.version:
        return await _read_arrivals(db, state)
    if not state.accounts or version < state.version or await read_forgotten(db) > state.version:
        return await read_state(db)
    newer = select(accounts.c.account).where(accounts.c.version > state.version)
    stored = StoredRows(
        accounts=(await db.execute(select(accounts).where(accounts.c.version > state.version))).all(),
        conferences=(
            await db.execute(select(conferences).where(conferences.c.version > state.version))
        ).all(),
        memberships=(await db.execute(_of(memberships, newer))).all(),
        held=(await db.execute(_of(held, newer))).all(),
    )
    entries = state.entries.replace(to_entries(stored.conferences))
    changed = to_state(version, stored, entries)
    known = state.replace_accounts(changed.accounts.values())
    merged = replace(known, version=version, entries=entries, vtimezones=await read_vtimezones(db))
    shared = {Key(row[1], row[2]) for row in stored.memberships if row[3] == 0 and row[4] is not None}
    edited = {Key(row[0], row[1]) for row in stored.conferences if row[2] == 0}
    left = {key for key in state.contested if any(a.server == key.server for a in changed.accounts)}
    return await _read_arrivals(db, merged.update_contested(shared | edited | left))


def _of(table: FromClause, chosen: Select[Any]) -> Select[Any]:
    return select(table).where(table.c.account.in_(chosen))


async def _read_arrivals(db: AsyncConnection, state: State) -> State:
    """Return the state with the arrivals of lists that changed nothing."""
    last = max((seconds_of(each.list_at) for each in state.accounts.values() if each.list_at), default=None)
    if last is None:
        return state
    c = accounts.c
    query = select(c.peer, c.server, c.list_at, c.list_count, c.source).where(c.list_at >= last)
    arrived = {}
    for peer, server, list_at, count, source in await db.execute(query):
        known = state.accounts.get(Account(peer, server))
        if known and (known.list_at != moment_of(list_at) or known.count != count):
            arrived[known.account] = replace(known, list_at=moment_of(list_at), count=count, source=source)
    return state.replace_accounts(arrived.values()) if arrived else state
