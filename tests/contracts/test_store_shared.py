"""
What holds where two processes share one database.
"""

import asyncio

from service.core.errors import StaleState
from tests.contracts.given import (
    BROWN,
    IVANOV,
    OpenStore,
    arrival,
    changes,
    conference,
    record,
)


async def test_what_one_store_records_another_loads(sql_store: OpenStore) -> None:
    one, other = await sql_store(), await sql_store()
    await record(one, arrival(conference()))

    assert await other.load() == await one.load()
    assert await other.version() == 1


async def test_of_two_stores_that_record_at_once_one_is_stale(sql_store: OpenStore) -> None:
    one, other = await sql_store(), await sql_store()

    outcomes = await asyncio.gather(
        one.record(arrival(conference(topic="One")), version=0),
        other.record(arrival(conference(topic="Other"), account=BROWN), version=0),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes if outcome != 1] == [StaleState]
    loaded = await one.load()
    assert loaded.version == 1
    assert len(loaded.accounts) == len(loaded.entries) == 1


async def test_unchanged_lists_of_two_accounts_may_arrive_at_once(sql_store: OpenStore) -> None:
    one, other = await sql_store(), await sql_store()

    await asyncio.gather(one.record(changes(), version=0), other.record(changes(BROWN), version=0))

    assert set((await one.load()).accounts) == {IVANOV, BROWN}
