"""
A long list is written in parts, so that memory holds the rows of a few conferences at a time.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from service.app.synchronizer import Synchronizer
from service.core.journal import Happening, JournalQuery
from service.core.revision import Policy
from service.core.vevent import Rendering
from service.store.engine import create_engine
from service.store.migrate import upgrade
from service.store.sql import SqlStore
from tests.core.given import MOSCOW, ROOM, listed, many, weekly

COUNT = 1234
MOST = 500


@pytest.fixture
def rows_at_once(engine: AsyncEngine) -> Iterator[dict[str, list[int]]]:
    """How many rows each statement wrote, by the table."""
    found: dict[str, list[int]] = defaultdict(list)

    def count(_db: object, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        verb, _, what = statement.partition(" INTO ")
        if verb == "INSERT":
            found[what.split()[0]].append(len(parameters) if isinstance(parameters, list) else 1)

    event.listen(engine.sync_engine, "before_cursor_execute", count)
    yield found
    event.remove(engine.sync_engine, "before_cursor_execute", count)


@pytest.fixture
def engine(tmp_path: Path) -> AsyncEngine:
    return create_engine(f"sqlite:///{tmp_path / 'confcal.db'}")


async def test_a_long_first_list_is_written_a_few_hundred_rows_at_a_time(
    engine: AsyncEngine, rows_at_once: dict[str, list[int]]
) -> None:
    await upgrade(engine)
    store = SqlStore(engine)
    synchronizer = Synchronizer(store, Policy(default=Rendering(MOSCOW)))
    rows_at_once.clear()

    await synchronizer.accept(listed(*many(COUNT, weekly())))

    state = await store.load()
    told = await store.journal.read(JournalQuery(limit=COUNT + 10))
    await store.close()
    for table in ("conferences", "memberships", "vevents", "journal", "conference_titles"):
        assert max(rows_at_once[table]) == MOST, table
        assert sum(rows_at_once[table]) >= COUNT, table
    assert state.entries == synchronizer.state.entries
    assert state.account(ROOM).reported == synchronizer.state.account(ROOM).reported
    # The newest comes first: the heading of a list is written before what it is about.
    assert [entry.event for entry in told].index(Happening.LIST_CHANGED) == COUNT
    assert [entry.number for entry in told] == sorted((entry.number for entry in told), reverse=True)
