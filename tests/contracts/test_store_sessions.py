"""
What every store remembers of sessions that were signed out of.
"""

from service.publishing.ports import Database
from tests.contracts.given import HOUR, LATER, NOON, OpenStore


async def test_a_session_is_open_until_somebody_closes_it(store: Database) -> None:
    closed = store.closed_sessions
    await closed.close({"first": NOON + HOUR}, now=NOON)

    assert await closed.is_closed("first")
    assert not await closed.is_closed("second")


async def test_closing_twice_is_closing_once(store: Database) -> None:
    for _ in range(2):
        await store.closed_sessions.close({"first": NOON + HOUR, "second": NOON + HOUR}, now=NOON)

    assert await store.closed_sessions.is_closed("first")
    assert await store.closed_sessions.is_closed("second")


async def test_what_has_ended_by_itself_is_forgotten(store: Database) -> None:
    await store.closed_sessions.close({"short": LATER, "long": NOON + HOUR}, now=NOON)
    await store.closed_sessions.close({"third": NOON + HOUR}, now=LATER)

    assert not await store.closed_sessions.is_closed("short")
    assert await store.closed_sessions.is_closed("long")


async def test_another_process_and_the_next_one_know_of_it(sql_store: OpenStore) -> None:
    await (await sql_store()).closed_sessions.close({"first": NOON + HOUR}, now=NOON)

    assert await (await sql_store()).closed_sessions.is_closed("first")
