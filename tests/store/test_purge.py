"""
What a purge asks of the database.
"""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import event

from service.store.engine import create_engine
from service.store.migrate import migrate
from service.store.sql import SqlStore
from tests.contracts.given import NOON, arrival, changes, conference, record


async def test_only_what_is_forgotten_is_looked_for_in_other_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/confcal.db"
    await migrate(url)
    engine, asked = create_engine(url), list[str]()
    event.listen(
        engine.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2].split()[0])
    )
    store = SqlStore(engine)
    await record(store, arrival(conference("100"), conference("200")))
    later = NOON + timedelta(days=400)

    asked.clear()
    assert await store.purge(later) == 0
    assert not {"DELETE", "UPDATE"} & {*asked}, "each start of a daemon asks this"

    await record(store, changes(departures=frozenset({"100"})))
    assert await store.purge(later) == 1
    assert await store.purge(later) == 0
    await engine.dispose()
