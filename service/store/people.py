"""
The conferences that say what people are called: a few of each, as the whole state is large.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from service.core.conference import Key
from service.core.search import split_words
from service.core.trueconf_id import TrueConfId
from service.store.tables import conference_titles, conference_words, conferences, memberships, same_part

_OF_ACCOUNT = 3
_OF_PERSON = 8

_MOST_SORTED = 500
"""Somebody may be in ten thousand conferences; which of those is the latest hardly matters."""


async def find_of_people(db: AsyncConnection, people: Collection[str]) -> list[Key]:
    """Return the latest conferences of each person: found by the words of the ID, and by the account."""
    found = set[Key]()
    for words in sorted({tuple(split_words(TrueConfId.parse(each).user)) for each in people}):
        if words:
            found.update(Key(server, id_) for server, id_ in await db.execute(_of_words(words)))
    # Of very many invited people only the first are found by words.
    named = memberships.c.account
    ordered = sorted(set(people))
    for start in range(0, len(ordered), _MOST_SORTED):
        some = ordered[start : start + _MOST_SORTED]
        rows = await db.execute(select_recent(conferences.c.server, conferences.c.id, where=named.in_(some)))
        found.update(Key(server, id_) for server, id_ in rows)
    return sorted(found)


def select_recent(*columns: ColumnElement[Any], where: ColumnElement[bool] | None = None) -> Select[Any]:
    """Return what selects columns of the conferences that each account reported differently last."""
    m = memberships.c
    # Of memberships alone: what is sorted is small, and only what is chosen is looked up.
    ranked = (
        select(
            m.server,
            m.id,
            m.part,
            func.row_number()
            .over(partition_by=m.account, order_by=func.coalesce(m.changed_at, 0).desc())
            .label("rank"),
        )
        .where(m.part == 0, true() if where is None else where)
        .subquery()
    )
    return (
        select(*columns)
        .join_from(ranked, conferences, same_part(ranked, conferences))
        .where(ranked.c.rank <= _OF_ACCOUNT)
    )


def _of_words(words: Sequence[str]) -> Select[Any]:
    """Return what selects the latest conferences that have all of these words."""
    w, t = conference_words.c, conference_titles.c
    longest, *others = (each.encode(errors="replace") for each in sorted(words, key=len, reverse=True))
    other = conference_words.alias()
    has_others = (
        exists().where(other.c.word == each, other.c.server == w.server, other.c.id == w.id)
        for each in others
    )
    some = (
        select(w.server, w.id)
        .where(w.word == longest, *has_others)
        .order_by(w.server.desc(), w.id.desc())
        .limit(_MOST_SORTED)
        .subquery()
    )
    live = and_(conferences.c.server == some.c.server, conferences.c.id == some.c.id, conferences.c.part == 0)
    return (
        select(some.c.server, some.c.id)
        .join_from(some, conference_titles, and_(t.server == some.c.server, t.id == some.c.id))
        .join(conferences, live)
        # Series and rooms have no end: they are the latest, as for `Names`.
        .order_by(t.ends_at.is_(None).desc(), t.ends_at.desc(), conferences.c.revised_at.desc())
        .limit(_OF_PERSON)
    )
