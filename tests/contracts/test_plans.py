"""
How databases execute searches among 20,000 conferences and 100,000 journal entries: by an index.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from string import Template
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core.journal import Happening, JournalQuery
from service.core.search import ConferenceQuery
from service.core.strip import STRIP_EVENTS
from service.publishing.ports import Database
from service.store.engine import begin_read, begin_write, create_engine
from service.store.sql import open_store
from tests.contracts.databases import NewDatabase
from tests.contracts.given import NOON

CONFERENCES, ENTRIES = 20_000, 100_000
_LAST = NOON - timedelta(days=20)


FILLING = (
    "INSERT INTO accounts VALUES ('a@s', 'a', 's', 'lobby', 1000, 1, 0)",
    (
        "$many INSERT INTO conferences "
        "(server, id, part, source, content, sequence, revised_at, fingerprint) "
        "SELECT 's', CAST(i AS TEXT), 0, 'lobby', $nothing, 0, 1000, $nothing FROM n"
    ),
    "$many INSERT INTO memberships (account, server, id, part) SELECT 'a@s', 's', CAST(i AS TEXT), 0 FROM n",
    (
        "$many INSERT INTO conference_titles SELECT 's', CAST(i AS TEXT), $title, "
        "CASE i % 3 WHEN 0 THEN 'week' ELSE 'once' END, CAST(2000000000 + i AS BIGINT) FROM n"
    ),
    "$many INSERT INTO conference_words SELECT $own, 's', CAST(i AS TEXT) FROM n",
    "$many INSERT INTO conference_words SELECT $common, 's', CAST(i AS TEXT) FROM n",
    (
        "$many INSERT INTO publications SELECT 't' || i % 7, 'uid' || i, '', '', '', '', '', "
        "'published', '', 0, '', NULL FROM n"
    ),
    (
        "$entries INSERT INTO journal "
        "(at, event, source, account, server, conference_id, target, calendar, content) "
        "SELECT $first + i * 20, "
        "CASE i % 1000 WHEN 0 THEN 'source_down' WHEN 1 THEN 'target_parked' ELSE 'conference_changed' END, "
        "'room' || i % 300, 'a' || i % 300, 's', CAST(i % $conferences AS TEXT), "
        "CASE i % 1000 WHEN 1 THEN 'cloud' ELSE '' END, CASE i % 5000 WHEN 2 THEN 'board' ELSE '' END, "
        "$nothing FROM n"
    ),
)
"""Each conference has a word of its own, and one that all have; few entries are about trouble."""


@dataclass(frozen=True)
class Filled:
    """
    A database of that size, opened as a store and for a look at its plans.
    """

    store: Database
    engine: AsyncEngine


Statement = tuple[str, Any]


@pytest.fixture(params=["sqlite", "postgresql"])
async def filled(request: pytest.FixtureRequest) -> AsyncIterator[Filled]:
    new: NewDatabase = request.getfixturevalue(request.param)
    url = new(migrated=True)
    store, engine = await open_store(url, migrate=False), create_engine(url)
    async with begin_write(engine) as db:
        for statement in _filling(postgresql=request.param == "postgresql"):
            await db.execute(text(statement))
    async with begin_write(engine) as db:
        await db.execute(text("ANALYZE"))
    yield Filled(store, engine)
    await engine.dispose()
    await store.close()


def _filling(*, postgresql: bool) -> Iterator[str]:
    """Yield the statements that fill the tables."""
    octets = Template("convert_to($text, 'UTF8')" if postgresql else "CAST($text AS BLOB)")
    nothing = "decode('93a090a0', 'hex')" if postgresql else "X'93a090a0'"
    rows = Template("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $count)")
    values = {
        "many": rows.substitute(count=CONFERENCES),
        "entries": rows.substitute(count=ENTRIES),
        "conferences": str(CONFERENCES),
        "title": octets.substitute(text="'topic ' || i"),
        "own": octets.substitute(text="'w' || i"),
        "common": octets.substitute(text="'topic'"),
        "nothing": nothing,
        "first": str(int(NOON.timestamp()) - ENTRIES * 20),
    }
    for each in FILLING:
        yield Template(each).substitute(values)


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """Collect what is selected."""
    found: list[Statement] = []

    def collect(_db: Connection, _cursor: object, statement: str, given: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, given))

    event.listen(Engine, "before_cursor_execute", collect)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", collect)


async def explain(filled: Filled, statement: Statement) -> list[str]:
    """Return the lines of the plan."""
    sqlite = filled.engine.dialect.name == "sqlite"
    async with begin_read(filled.engine) as db:
        prefix = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
        rows = await db.exec_driver_sql(prefix + statement[0], statement[1])
        return [str(row[-1]) for row in rows]


def whole_tables(plan: list[str]) -> list[str]:
    """Return the steps that read a whole table, or all entries of the journal in order of their numbers."""
    whole = re.compile(
        r"Seq Scan on|using journal_pkey|SCAN journal|SCAN (?!anon_)\w+$",
    )
    return [step for step in plan if whole.search(step)]


JOURNAL: Mapping[str, JournalQuery] = {
    "a rare event": JournalQuery(events=frozenset({Happening.SOURCE_DOWN})),
    "a source": JournalQuery(source="room7"),
    "an account": JournalQuery(account="a7"),
    "a conference": JournalQuery(server="s", conference_id="77"),
    "a target": JournalQuery(target="cloud"),
    "a calendar": JournalQuery(calendar="board"),
    "nothing that is there": JournalQuery(source="nowhere"),
    "a day long ago": JournalQuery(since=_LAST, until=_LAST + timedelta(days=1)),
    "an event of a source": JournalQuery(events=frozenset({Happening.SOURCE_DOWN}), source="room0"),
    "the strips": JournalQuery(events=STRIP_EVENTS, since=NOON - timedelta(days=1), limit=3000),
}

CONFERENCE_QUERIES: Mapping[str, ConferenceQuery] = {
    "a word": ConferenceQuery("w777", limit=51),
    "two words": ConferenceQuery("w777 topic", limit=51),
    "a word that all have": ConferenceQuery("topic", limit=51),
    "nothing that is there": ConferenceQuery("nowhere", limit=51),
    "all": ConferenceQuery(limit=51),
    "upcoming": ConferenceQuery(ending_after=NOON, limit=51),
    "weekly": ConferenceQuery(kind="week", limit=51),
}


async def test_searches_use_an_index(filled: Filled) -> None:
    scanned: dict[str, list[str]] = {}
    for name, query in JOURNAL.items():
        with statements() as found:
            await filled.store.journal.read(query)
        scanned[f"journal: {name}"] = [s for each in found for s in whole_tables(await explain(filled, each))]
    for name, wanted in CONFERENCE_QUERIES.items():
        with statements() as found:
            await filled.store.find_conferences(wanted)
        steps = [s for each in found for s in whole_tables(await explain(filled, each))]
        scanned[f"conferences: {name}"] = steps
    with statements() as found:
        await filled.store.find_of_people(["w777", "w777.topic@s"])
    scanned["people"] = [s for each in found for s in whole_tables(await explain(filled, each))]
    with statements() as found:
        await filled.store.ledger.publications_of("uid77")
    scanned["ledger"] = [s for each in found for s in whole_tables(await explain(filled, each))]

    assert {name: steps for name, steps in scanned.items() if steps} == {}
    assert whole_tables(await explain(filled, ("SELECT * FROM journal WHERE server = 'x'", ())))
