"""
The search for conferences in the database, which has one row and some words for each.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.core.account_state import Entry
from service.core.conference import Key
from service.core.search import ConferenceQuery, ends_at, kind_of, split_words, title_of, words_of
from service.store.rows import Parameters, seconds_of
from service.store.tables import conference_titles, conference_words, conferences, memberships, same_part

_t, _w = conference_titles.c, conference_words.c
_IS_MEMBER = exists().where(
    memberships.c.server == _t.server, memberships.c.id == _t.id, memberships.c.part == 0
)
_AFTER_WORDS = b"\xff"
"""Sorts after every text in UTF-8."""


def title_row(entry: Entry) -> Parameters:
    """Return the row of `conference_titles`."""
    end = ends_at(entry.conference)
    return {
        "server": entry.key.server,
        "id": entry.key.id,
        "title": title_of(entry.conference).encode(errors="replace"),
        "kind": kind_of(entry.conference),
        "ends_at": None if end is None else seconds_of(end),
    }


def word_rows(entry: Entry) -> Iterator[Parameters]:
    """Give the rows of `conference_words`."""
    for word in words_of(entry.conference):
        yield {"word": word.encode(errors="replace"), "server": entry.key.server, "id": entry.key.id}


async def find_conferences(db: AsyncConnection, query: ConferenceQuery) -> Sequence[Key]:
    """Return the conferences asked for, ordered by title."""
    conditions = [_IS_MEMBER, *_conditions(query)]
    if query.after is not None:
        of_last = and_(_t.server == query.after.server, _t.id == query.after.id)
        last = (await db.execute(select(_t.title).where(of_last))).scalar_one_or_none()
        if last is None:
            return []
        cursor = (last, query.after.server, query.after.id)
        conditions.append(tuple_(_t.title, _t.server, _t.id) > tuple_(*cursor))
    chosen = select(_t.server, _t.id).where(*conditions)
    ordered = chosen.order_by(_t.title, _t.server, _t.id).limit(query.limit)
    return [Key(server, id_) for server, id_ in await db.execute(ordered)]


async def find_by_id(db: AsyncConnection, conference_id: str) -> Sequence[Key]:
    """Return the conferences with this ID that are kept, ordered by server."""
    of_id = and_(conferences.c.id == conference_id, conferences.c.part == 0)
    found = await db.execute(select(conferences.c.server).where(of_id))
    return sorted(Key(server, conference_id) for server in found.scalars())


async def find_shared(db: AsyncConnection) -> Sequence[Key]:
    """Return the conferences that several accounts have, one of them unlike the calendars show, in order."""
    m, other = memberships.c, memberships.alias()
    has_other = exists().where(same_part(other, memberships), other.c.account != m.account)
    unlike = select(m.server, m.id).where(m.part == 0, m.reported.is_not(None), has_other).distinct()
    return sorted(Key(server, id_) for server, id_ in await db.execute(unlike))


def _conditions(query: ConferenceQuery) -> Iterator[ColumnElement[bool]]:
    for word in split_words(query.text):
        begin = word.encode(errors="replace")
        fitting = select(_w.server, _w.id).where(_w.word >= begin, _w.word < begin + _AFTER_WORDS)
        yield tuple_(_t.server, _t.id).in_(fitting)
    if query.kind is not None:
        yield _t.kind == query.kind
    if query.ending_after is not None:
        yield or_(_t.kind == "week", _t.ends_at > seconds_of(query.ending_after))
    if query.among is not None:
        keys: list[Any] = [(key.server, key.id) for key in sorted(query.among)]
        yield tuple_(_t.server, _t.id).in_(keys)
