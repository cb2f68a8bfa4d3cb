"""
The statements that write the state, the same for SQLite and PostgreSQL.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Executable,
    Table,
    and_,
    bindparam,
    case,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.core.account_state import Entry
from service.core.changes import Changes, Edit
from service.core.conference import Account, Key
from service.core.ports import FeedRecord
from service.core.strip import slot_of
from service.store.rows import (
    Parameters,
    absence_values,
    account_row,
    conference_row,
    feed_row,
    member_row,
    report_row,
    seconds_of,
    to_feed,
    to_held_row,
    vevent_rows,
)
from service.store.search import title_row, word_rows
from service.store.tables import (
    accounts,
    conference_titles,
    conference_words,
    conferences,
    feeds,
    heard,
    held,
    memberships,
    meta,
    of_key,
    same_part,
    vevents,
)
from service.store.versions import NEVER, LastList
from service.store.vtimezones import forget_vtimezones, write_vtimezones

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Item = TypeVar("Item")

_AT_ONCE = 500
"""Items of a list whose rows are in memory at the same time."""


def in_chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield items in their order, as many at a time as one statement writes."""
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))


def insert_into(db: AsyncConnection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """Return an insert that may say what to do on a conflict."""
    return _insert_into(db.dialect.name, table)


def insert_new(db: AsyncConnection, table: Table) -> Executable:
    """Return what inserts rows, and leaves those that exist."""
    return _insert_new(db.dialect.name, table)


def upsert(db: AsyncConnection, table: Table, columns: tuple[str, ...] = ()) -> Executable:
    """Return what inserts rows and, where one exists, replaces these columns of it, or all."""
    return _upsert(db.dialect.name, table, columns)


# Building such a statement takes SQLAlchemy as long as executing it.
def _insert_into(dialect: str, table: Table) -> "postgresql.Insert | sqlite.Insert":
    # Here: whoever has SQLite imports nothing of PostgreSQL, a tenth of what is imported.
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415

    return sqlite.insert(table)


@cache
def _insert_new(dialect: str, table: Table) -> Executable:
    return _insert_into(dialect, table).on_conflict_do_nothing()


@cache
def _upsert(dialect: str, table: Table, columns: tuple[str, ...]) -> Executable:
    statement = _insert_into(dialect, table)
    key = [column.name for column in table.primary_key]
    replaced = columns or [column.name for column in table.c if column.name not in key]
    return statement.on_conflict_do_update(
        index_elements=key, set_={column: statement.excluded[column] for column in replaced}
    )


_OF_ARRIVAL = ("peer", "server", "source", "list_at", "list_count")

_ENTRY_CONTENT = select(conferences.c.content).where(same_part(conferences, memberships)).scalar_subquery()

_OF_KEY = of_key(memberships)
_OF_MEMBER = and_(memberships.c.account == bindparam("of_account"), _OF_KEY)

_MARK_CHANGED = update(memberships).where(_OF_MEMBER).values(changed_at=bindparam("at"))
_REPORTED = memberships.c.reported
_WRITE_OUT = update(memberships).where(_OF_KEY, _REPORTED.is_(None)).values(reported=_ENTRY_CONTENT)
_ABBREVIATE = update(memberships).where(_OF_KEY, _REPORTED == _ENTRY_CONTENT).values(reported=None)


async def write_arrivals(db: AsyncConnection, arrivals: Iterable[tuple[Changes, LastList]]) -> None:
    """Write that lists arrived; each with the list before it, as far as that is known."""
    arrived = list(arrivals)
    await _many(db, upsert(db, accounts, _OF_ARRIVAL), [account_row(changes) for changes, _ in arrived])
    slots = [
        {"source": changes.source, "slot": slot_of(changes.received_at)}
        for changes, last in arrived
        if not last.is_in(changes.source, slot_of(changes.received_at))
    ]
    await _many(db, insert_new(db, heard), slots)


async def note_heard(db: AsyncConnection, source: str, at: datetime) -> None:
    """Write that a source was heard in the half hour of a moment."""
    row = {"source": source, "slot": slot_of(at)}
    await db.execute(insert_new(db, heard), row)


async def write_changes(db: AsyncConnection, changes: Changes, version: int) -> None:
    """Write a list that arrived, and all that it changes, as of a version."""
    await write_arrivals(db, [(changes, NEVER)])
    edits = [*changes.edits, *(closing.edit for closing in changes.closings)]
    await write_vtimezones(db, edits)
    await _write_edits(db, edits, version)
    await _delete_departures(db, changes)
    await _write_reports(db, changes)
    await _write_closings(db, changes)
    reported = [Key(changes.account.server, conference.id) for conference in changes.reports]
    await _abbreviate(db, [*(edit.entry.key for edit in edits), *reported])
    await _write_absences(db, changes)
    await _write_held(db, changes)
    changed = {changes.account, *(account for closing in changes.closings for account in closing.accounts)}
    names = sorted(map(str, changed))
    await db.execute(update(accounts).where(accounts.c.account.in_(names)).values(version=version))


async def write_rendering(db: AsyncConnection, digest: str, edits: Sequence[Edit], version: int) -> None:
    """Write the entries and VEVENTs that a change of settings changes, and the digest of these settings."""
    other = and_(meta.c.name == "rendering", meta.c.value != digest)
    if (await db.execute(update(meta).where(other).values(value=digest))).rowcount:
        await forget_vtimezones(db)
    await write_vtimezones(db, edits)
    await _write_edits(db, edits, version)
    await _abbreviate(db, [edit.entry.key for edit in edits])


async def write_feed(db: AsyncConnection, calendar: str, record: FeedRecord) -> FeedRecord:
    """
    Write the record of a feed and return it.

    A generation never goes back, and newer bytes are not lost.
    """
    statement, old = insert_into(db, feeds), feeds.c
    new = statement.excluded
    newer, same = new.version >= old.version, new.digest == old.digest
    later = case((new.changed_at > old.changed_at, new.changed_at), else_=old.changed_at + 1)
    moment = case((old.changed_at.is_(None), new.changed_at), (new.changed_at.is_(None), None), else_=later)
    replaced: dict[str, ColumnElement[Any]] = {
        "generation": case((new.generation > old.generation, new.generation), else_=old.generation),
        "digest": case((newer, new.digest), else_=old.digest),
        "changed_at": case((same, old.changed_at), (newer, moment), else_=old.changed_at),
        "version": case((newer, new.version), else_=old.version),
    }
    replacing = statement.on_conflict_do_update(index_elements=["calendar"], set_=replaced)
    await db.execute(replacing, feed_row(calendar, record))
    return to_feed((await db.execute(select(feeds).where(old.calendar == calendar))).one())[1]


async def _write_edits(db: AsyncConnection, edits: Sequence[Edit], version: int) -> None:
    # Rows are several times as large as what they are made from, so those of a whole list are never in
    # memory.
    for some in in_chunks(edits):
        await _write_some_edits(db, some, version)


async def _write_some_edits(db: AsyncConnection, edits: Sequence[Edit], version: int) -> None:
    keys = [_of_key(edit.entry.key) for edit in edits]
    # NULL means "as the entry has it", and the entry is about to change: what the accounts
    # reported is written out first. `_abbreviate` turns it back where it is still the same.
    await _many(db, _WRITE_OUT, keys)
    await _many(
        db, upsert(db, conferences), [{**conference_row(edit.entry), "version": version} for edit in edits]
    )
    await _many(db, delete(vevents).where(of_key(vevents)), keys)
    await _many(db, insert(vevents), [row for edit in edits for row in vevent_rows(edit)])
    await _write_search([edit.entry for edit in edits if not edit.entry.key.part], db)


async def _write_search(entries: Sequence[Entry], db: AsyncConnection) -> None:
    of_conference = and_(
        conference_words.c.server == bindparam("of_server"), conference_words.c.id == bindparam("of_id")
    )
    keys = [{"of_server": entry.key.server, "of_id": entry.key.id} for entry in entries]
    await _many(db, upsert(db, conference_titles), [title_row(entry) for entry in entries])
    await _many(db, delete(conference_words).where(of_conference), keys)
    await _many(db, insert(conference_words), [row for entry in entries for row in word_rows(entry)])


async def _delete_departures(db: AsyncConnection, changes: Changes) -> None:
    server = changes.account.server
    left = [*(Key(server, id_) for id_ in sorted(changes.departures)), *sorted(changes.expired)]
    members = [_of_member(changes.account, key) for key in left]
    await _many(db, delete(memberships).where(_OF_MEMBER), members)


async def _write_reports(db: AsyncConnection, changes: Changes) -> None:
    for some in in_chunks(changes.reports):
        rows = [report_row(changes.account, conference) for conference in some]
        await _many(db, upsert(db, memberships, ("reported",)), rows)
    moments = [
        {
            **_of_member(changes.account, Key(changes.account.server, id_)),
            "at": seconds_of(changes.received_at),
        }
        for id_ in sorted(changes.changed)
    ]
    await _many(db, _MARK_CHANGED, moments)


async def _write_closings(db: AsyncConnection, changes: Changes) -> None:
    rows = [
        member_row(account, closing.key)
        for closing in changes.closings
        for account in sorted(closing.accounts)
    ]
    # It may be there already: a single event that was moved away and back is closed twice.
    await _many(db, insert_new(db, memberships), rows)


async def _abbreviate(db: AsyncConnection, keys: Sequence[Key]) -> None:
    for some in in_chunks(list(dict.fromkeys(keys))):
        await _many(db, _ABBREVIATE, [_of_key(key) for key in some])


async def _write_absences(db: AsyncConnection, changes: Changes) -> None:
    columns = ("missing_lists", "missing_since")
    statement = update(memberships).where(_OF_MEMBER).values({name: bindparam(name) for name in columns})
    rows = [
        {**_of_member(changes.account, Key(changes.account.server, id_)), **absence_values(absence)}
        for id_, absence in changes.absences.items()
    ]
    await _many(db, statement, rows)


async def _write_held(db: AsyncConnection, changes: Changes) -> None:
    if not changes.held_changed:
        return
    await db.execute(delete(held).where(held.c.account == str(changes.account)))
    if changes.held is not None:
        await db.execute(insert(held), to_held_row(changes.account, changes.held))


async def _many(db: AsyncConnection, statement: Executable, rows: Sequence[Parameters]) -> None:
    # An empty list would mean "once, without parameters".
    if rows:
        await db.execute(statement, rows)


def _of_key(key: Key) -> Parameters:
    return {"of_server": key.server, "of_id": key.id, "of_part": key.part}


def _of_member(account: Account, key: Key) -> Parameters:
    return {"of_account": str(account), **_of_key(key)}
