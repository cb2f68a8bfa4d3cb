"""
What an administrator asks of one replica is done by the one that holds the part, on a PostgreSQL of both.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from service.app.requests import Requests, request_source
from service.core.errors import TooSoon
from service.publishing.ports import Database
from service.store.sql import open_store
from tests.contracts.databases import NewDatabase
from tests.core.given import NOW


class Room:
    """A source that notes that it was asked."""

    def __init__(self) -> None:
        self.asked = False

    def ask_now(self) -> bool:
        self.asked = True
        return True


@pytest.fixture
async def opened(postgresql: NewDatabase) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes on one database."""
    url = postgresql(migrated=True)
    first = await open_store(url, migrate=False)
    second = await open_store(url, migrate=False)
    yield first, second
    await first.close()
    await second.close()


async def test_a_room_of_another_replica_is_asked_as_soon_as_the_request_is_committed(
    opened: tuple[Database, Database],
) -> None:
    asked_of, holder = opened
    room = Room()
    requests = Requests(
        holder.journal, lambda: {"lobby": room}, dict, holds=lambda name: name == "source/lobby"
    )
    await requests.once()
    woken = asyncio.Event()
    following = asyncio.create_task(holder.follow_wakeups(lambda _hint: woken.set()))
    async with asyncio.timeout(60):
        # The first call says that it listens from now on.
        await woken.wait()
        woken.clear()

        await request_source(asked_of.journal, "lobby", NOW)
        await woken.wait()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await requests.once()

    assert room.asked


async def test_two_replicas_together_ask_a_room_once_a_minute(opened: tuple[Database, Database]) -> None:
    first, second = opened
    await request_source(first.journal, "lobby", NOW)

    with pytest.raises(TooSoon):
        await request_source(second.journal, "lobby", NOW)
