"""
A person has a Room asked at once: that ends a wait that polls must not end, and only once a minute.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta

from service.core.sources import SourceState
from service.simulator.server import Simulator
from service.sources.endpoint import Endpoint
from tests.core.given import NOW
from tests.sources.following import Collector, make_endpoint, running
from tests.sources.test_endpoint import ROOM_OPTIONS, no_page

MINUTE = timedelta(minutes=1)


class Waits:
    """The waits that an endpoint takes; each lasts until somebody ends it."""

    def __init__(self) -> None:
        self.now = NOW
        self.begun: asyncio.Queue[float] = asyncio.Queue()
        self.over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await self.begun.put(seconds)
        await self.over.wait()

    def clock(self) -> datetime:
        return self.now


def asking(url: str, waits: Waits, collector: Collector, pin: str) -> AbstractAsyncContextManager[Endpoint]:
    endpoint = make_endpoint(url, fetch=no_page, sleep=waits.sleep, now=waits.clock, pin=pin)
    return running(endpoint, collector, seconds=30)


async def turn(times: int = 20) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def test_a_poll_leaves_the_wait_after_a_wrong_pin_and_a_person_ends_it() -> None:
    waits = Waits()
    async with (
        Simulator(replace(ROOM_OPTIONS, pin="ABC123")) as room,
        asking(room.url, waits, Collector(), "no") as endpoint,
    ):
        assert await waits.begun.get() == 5.0

        endpoint.poll_now()
        await turn()
        assert waits.begun.empty()

        assert endpoint.ask_now()
        assert await waits.begun.get() == 6 * 3600.0
        assert endpoint.status.state is SourceState.PIN_REJECTED


async def test_a_person_who_asks_again_and_again_tries_no_pin_in_a_storm() -> None:
    waits = Waits()
    async with (
        Simulator(replace(ROOM_OPTIONS, pin="ABC123")) as room,
        asking(room.url, waits, Collector(), "no") as endpoint,
    ):
        await waits.begun.get()
        assert endpoint.ask_now()
        await waits.begun.get()

        assert [endpoint.ask_now() for _ in range(10)] == [False] * 10
        await turn()
        assert waits.begun.empty()

        waits.now += MINUTE
        assert endpoint.ask_now()
        assert await waits.begun.get() == 6 * 3600.0


async def test_a_room_that_listens_is_asked_for_its_list_at_once() -> None:
    waits, collector = Waits(), Collector()
    async with (
        Simulator(replace(ROOM_OPTIONS, pin="ABC123")) as room,
        asking(room.url, waits, collector, "ABC123") as endpoint,
    ):
        await collector.snapshots.get()

        assert endpoint.ask_now()
        await collector.snapshots.get()

        assert endpoint.status.state is SourceState.LISTENING
        assert waits.begun.empty()
