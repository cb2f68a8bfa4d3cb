"""
The version of the state, which grows with every recorded change, and the version that changed each row.

Each change is recorded as the next version, and the rows that it changes carry that number. So two processes
that record the lists of two accounts do not collide, and a process that follows loads only newer rows.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, bindparam, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.core.changes import Changes
from service.core.conference import Account, Key
from service.core.errors import StaleState
from service.core.strip import slot_of
from service.store.rows import moment_of
from service.store.tables import accounts, conferences, memberships, meta

_FORGOTTEN = "forgotten"
"""The version in which something was last deleted; a process with an older state loads everything."""

_KEYS_AT_ONCE = 300
"""Three variables each, below the 999 that an SQLite may be built with."""

_c = conferences.c

_VERSION = select(meta.c.value).where(meta.c.name == "version")
_NEXT = _VERSION.with_for_update()
_FORGOTTEN_IN = select(meta.c.value).where(meta.c.name == _FORGOTTEN)
_OF_ACCOUNTS = (
    select(accounts.c.account, accounts.c.version, accounts.c.source, accounts.c.list_at)
    .where(accounts.c.account.in_(bindparam("names", expanding=True)))
    .order_by(accounts.c.account)
    .with_for_update()
)


async def advance(
    db: AsyncConnection, version: int, keys: Iterable[Key], account: Account | None = None
) -> int:
    """
    Return the version of a change that was decided at `version`; no other change gets one meanwhile.

    Raises StaleState where its basis changed since: these conferences, the reports of them, or the account.
    """
    following = await _take_next(db)
    if following <= version:
        raise make_stale(version)
    if following > version + 1:
        await _require_untouched(db, version, list(dict.fromkeys(keys)), account)
    await db.execute(update(meta).where(meta.c.name == "version").values(value=str(following)))
    return following


class LastList(NamedTuple):
    """
    The arrival of an account's last list.
    """

    changed_in: int = 0
    """The version in which the account last changed, by more than an arrival."""

    source: str | None = None
    at: int | None = None
    """UNIX seconds."""

    def is_in(self, source: str, slot: int) -> bool:
        """Return whether it came from a source in a half hour: then it is noted that the source was heard."""
        return self.source == source and self.at is not None and slot_of(moment_of(self.at)) == slot


NEVER: Final = LastList()
"""Of an account without a list."""


async def lock_accounts(db: AsyncConnection, names: Collection[str]) -> dict[str, LastList]:
    """Lock accounts until the transaction ends, and return the last list of each that is known."""
    found = await db.execute(_OF_ACCOUNTS, {"names": list(names)})
    return {name: LastList(*last) for name, *last in found}


async def forget_before(db: AsyncConnection) -> int:
    """Note that something is deleted, so that every process loads the whole state again."""
    following = await _take_next(db)
    for name in ("version", _FORGOTTEN):
        await db.execute(update(meta).where(meta.c.name == name).values(value=str(following)))
    return following


async def read_forgotten(db: AsyncConnection) -> int:
    """Return the version in which something was last deleted."""
    return int((await db.execute(_FORGOTTEN_IN)).scalar_one())


async def current(db: AsyncConnection) -> int:
    """Return the version of the state."""
    return int((await db.execute(_VERSION)).scalar_one())


def find_touched(changes: Changes) -> Iterator[Key]:
    """Yield the conferences that a change of an account is about."""
    server = changes.account.server
    yield from (edit.entry.key for edit in changes.edits)
    for closing in changes.closings:
        yield from (closing.key, Key(server, closing.key.id))
    yield from (Key(server, conference.id) for conference in changes.reports)
    yield from (Key(server, id_) for id_ in sorted(changes.departures))


async def _take_next(db: AsyncConnection) -> int:
    # The row is locked until the end: versions are committed in their order.
    return int((await db.execute(_NEXT)).scalar_one()) + 1


async def _require_untouched(
    db: AsyncConnection, version: int, keys: Sequence[Key], account: Account | None
) -> None:
    if await read_forgotten(db) > version:
        raise make_stale(version)
    queries = [*_newer(keys, version)]
    if account:
        own = select(accounts.c.version).where(accounts.c.account == str(account))
        queries.append(own.where(accounts.c.version > version))
    for query in queries:
        if (await db.execute(query.limit(1))).first() is not None:
            raise make_stale(version)


def _newer(keys: Sequence[Key], version: int) -> Iterator[Select[Any]]:
    """Yield what selects anything about these conferences that is newer than a version."""
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        some: Collection[Any] = [tuple(key) for key in keys[start : start + _KEYS_AT_ONCE]]
        edited = tuple_(_c.server, _c.id, _c.part).in_(some)
        yield select(_c.version).where(edited, _c.version > version)
        m = memberships.c
        reported = select(m.account).join_from(memberships, accounts, m.account == accounts.c.account)
        yield reported.where(tuple_(m.server, m.id, m.part).in_(some), accounts.c.version > version)


def make_stale(version: int) -> StaleState:
    """Return the error of what was decided at a version and is outdated."""
    return StaleState(f"What was decided at version {version} of the state is outdated: load it again")
