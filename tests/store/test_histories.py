"""
Any history of lists leaves the same state in a database and in memory.
"""

import asyncio
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.account_state import Absence, Entry, HeldRemoval, Revision
from service.core.changes import Changes, Closing, Edit, RenderedVEvent
from service.core.conference import Account, Conference, Key
from service.core.schedule import UNBOUNDED, Bounds, Once
from service.publishing.ports import Database
from service.store.sql import open_store
from tests.store.memory import MemoryStore
from tests.tools import how_often

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SERVER = "video.example.org"
IDS = ("1", "2")
PART = Key(SERVER, "1", 1_700_000_000)

accounts = st.sampled_from([Account("ivanov", SERVER), Account("brown", SERVER)])
versions = st.sampled_from(["Old", "New"])


def conference(id_: str, topic: str) -> Conference:
    return Conference(id_, topic, "brown", Once(NOON, timedelta(hours=1)))


def edit(id_: str, topic: str, part: int = 0) -> Edit:
    bounds = Bounds(until=NOON) if part else UNBOUNDED
    entry = Entry(Key(SERVER, id_, part), conference(id_, topic), Revision(0, NOON), b"", "lobby", bounds)
    return Edit(entry, {"feed": RenderedVEvent(f"uid-{id_}-{part}", "", topic.encode())})


@st.composite
def lists(draw: st.DrawFn) -> Changes:
    def some(values: st.SearchStrategy[Any]) -> dict[str, Any]:
        return draw(st.dictionaries(st.sampled_from(IDS), values))

    held = draw(
        st.none()
        | st.builds(HeldRemoval, st.just(NOON), st.integers(1, 3), st.just(frozenset(IDS)), st.just(2))
    )
    reports, account = some(versions), draw(accounts)
    return Changes(
        account=account,
        source=draw(st.sampled_from(["lobby", "kiosk"])),
        received_at=NOON + timedelta(minutes=draw(st.integers(0, 60))),
        count=len(reports),
        edits=tuple(edit(*each) for each in some(versions).items()),
        reports=tuple(conference(*each) for each in reports.items()),
        absences=some(st.none() | st.builds(Absence, st.integers(1, 3), st.just(NOON))),
        changed=draw(st.frozensets(st.sampled_from(sorted(reports)))) if reports else frozenset(),
        departures=draw(st.frozensets(st.sampled_from(IDS))) - set(reports),
        closings=tuple(
            Closing(edit(*each, PART.part), frozenset({account})) for each in some(versions).items()
        ),
        expired=frozenset({PART}) if draw(st.booleans()) else frozenset(),
        held=held,
        held_changed=draw(st.booleans()),
    )


async def play(store: Database, history: Sequence[Changes]) -> None:
    # Every conference has its entry before somebody reports it.
    version = await store.record_rendering("", [edit(id_, "Old") for id_ in IDS], version=0)
    for changes in history:
        version = await store.record(changes, version=version)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database: making one takes longer than all that is done with it."""

    async def made() -> None:
        await (await open_store(f"sqlite:///{file}", migrate=True)).close()

    file = tmp_path_factory.mktemp("migrated") / "confcal.db"
    asyncio.run(made())
    return file


@settings(max_examples=how_often(15, 40, 1000), deadline=None)
@given(st.lists(lists(), max_size=8))
async def test_every_history_leaves_the_same_in_a_database_and_in_memory(
    migrated: Path, history: list[Changes]
) -> None:
    with TemporaryDirectory() as directory:
        copy = shutil.copy(migrated, directory)
        database = await open_store(f"sqlite:///{copy}", migrate=False)
        memory = MemoryStore()
        await play(database, history)
        await play(memory, history)

        assert await database.load() == await memory.load()
        assert await database.vevents("feed") == await memory.vevents("feed")
        await database.close()
