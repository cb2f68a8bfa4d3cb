"""
The list of the feeds tells what the feeds hold, and reads nothing of a conference.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from service.app.synchronizer import Synchronizer
from service.calendars.calendar import calendars_of, entries_of
from service.core.errors import NoDatabase
from service.core.ports import FeedRecord
from service.core.revision import Policy
from service.store.engine import begin_write, create_engine
from service.store.feed_list import read_feed_list, read_heard_sources
from tests.contracts.given import BROWN, ELSEWHERE, IVANOV, OpenStore
from tests.core.given import NOW, conference, listed, once, room, weekly

POLICY = Policy()
LATER = NOW + timedelta(days=30)


async def test_it_counts_what_the_calendars_hold(sql_store: OpenStore, migrated: str) -> None:
    store = await sql_store()
    synchronizer = Synchronizer(store, POLICY)
    shared, series = conference("1", schedule=once()), conference("2", schedule=weekly())
    await synchronizer.accept(listed(shared, series, room(), account=IVANOV))
    await synchronizer.accept(listed(shared, conference("3"), account=BROWN))
    await synchronizer.accept(listed(room(), account=ELSEWHERE))
    moved = conference("2", schedule=weekly("2026-10-05 09:00"))
    # What took place of the series stays as a part of its own, and 1 is gone from one list of two.
    await synchronizer.accept(replace(listed(moved, room(), account=IVANOV), received_at=LATER))

    found, state = await read_feed_list(migrated), await store.load()

    counted = {
        each.account: sum(bool(entry.fingerprint) for entry in entries_of(each, state))
        for each in calendars_of(state.accounts, "").values()
    }
    assert found.everything == counted.pop(None)
    assert found.accounts == counted
    assert len(found.accounts) == 3
    assert found.everything < sum(found.accounts.values())


async def test_it_tells_rotations_and_whom_a_list_came_from(sql_store: OpenStore, migrated: str) -> None:
    store = await sql_store()
    await Synchronizer(store, POLICY).accept(listed(conference()))
    await store.record_feed("all", FeedRecord(generation=2))
    await store.record_feed("board", FeedRecord())

    assert (await read_feed_list(migrated)).generations == {"all": 2}
    assert await read_heard_sources(migrated) == {"lobby"}


async def test_it_reads_no_conference(sql_store: OpenStore, migrated: str) -> None:
    store = await sql_store()
    await Synchronizer(store, POLICY).accept(listed(conference("1"), conference("2")))
    engine = create_engine(migrated)
    async with begin_write(engine) as db:
        await db.execute(text("UPDATE conferences SET content = :none").bindparams(none=b"no conference"))
    await engine.dispose()

    assert (await read_feed_list(migrated)).everything == 2


async def test_without_a_database_it_says_so(tmp_path: object) -> None:
    with pytest.raises(NoDatabase):
        await read_feed_list(f"sqlite:///{tmp_path}/none.db")
