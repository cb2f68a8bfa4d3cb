"""
Connections of thousands of sources open a few at a time; one without an answer holds up the others briefly.
"""

import asyncio
from contextlib import AsyncExitStack

from service.simulator.server import Simulator
from service.sources.turns import Openings, Turns
from tests.sources.test_trouble import Listener

LONG = 3600.0


async def test_no_more_than_so_many_open_at_once() -> None:
    openings, opening, most, leave = Openings(most=2, seconds=LONG), 0, 0, asyncio.Event()

    async def open_one() -> None:
        nonlocal opening, most
        async with openings.turn():
            opening += 1
            most = max(most, opening)
            if opening == 2:
                leave.set()
            await leave.wait()
            opening -= 1

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        for _ in range(7):
            tasks.create_task(open_one())

    assert most == 2


async def test_one_that_takes_long_lets_the_next_open_beside_it() -> None:
    openings = Openings(most=1, seconds=0.01)

    async with asyncio.timeout(10), openings.turn(), openings.turn():
        pass


async def test_a_turn_that_was_given_up_is_another_ones() -> None:
    openings = Openings(most=1, seconds=LONG)
    async with openings.turn():
        waiting = asyncio.create_task(openings.turn().__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()

    async with asyncio.timeout(10), openings.turn():
        pass


async def test_sources_that_open_one_at_a_time_all_get_their_lists() -> None:
    turns, listeners = Turns(openings=Openings(most=1, seconds=LONG)), [Listener() for _ in range(5)]
    async with asyncio.timeout(30), Simulator() as room, AsyncExitStack() as running:
        for listener in listeners:
            await running.enter_async_context(listener.running(room.url, turns=turns))
        for listener in listeners:
            await listener.snapshots.get()
