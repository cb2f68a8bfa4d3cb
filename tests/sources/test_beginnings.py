"""
Thousands of sources begin a few at a time; one without an answer holds up the others briefly.
"""

import asyncio
from contextlib import AsyncExitStack

from service.simulator.server import Simulator
from service.sources.turns import Beginnings, Turns
from tests.sources.test_trouble import Listener, nothing

LONG = 3600.0


async def test_no_more_than_so_many_begin_at_once() -> None:
    beginnings, beginning, most, leave = Beginnings(most=2, seconds=LONG), 0, 0, asyncio.Event()

    async def begin() -> None:
        nonlocal beginning, most
        end_turn = await beginnings.take()
        beginning += 1
        most = max(most, beginning)
        if beginning == 2:
            leave.set()
        await leave.wait()
        beginning -= 1
        end_turn()
        end_turn()

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        for _ in range(7):
            tasks.create_task(begin())

    assert most == 2


async def test_one_that_takes_long_lets_the_next_begin_beside_it() -> None:
    beginnings = Beginnings(most=1, seconds=0.01)

    async with asyncio.timeout(10):
        await beginnings.take()
        await beginnings.take()


async def test_a_turn_that_was_given_up_is_another_ones() -> None:
    beginnings = Beginnings(most=1, seconds=LONG)
    end_turn = await beginnings.take()
    waiting = asyncio.create_task(beginnings.take())
    await asyncio.sleep(0)
    waiting.cancel()
    end_turn()

    async with asyncio.timeout(10):
        await beginnings.take()


async def test_sources_that_begin_one_at_a_time_all_get_their_lists() -> None:
    turns, listeners = Turns(beginnings=Beginnings(most=1, seconds=LONG)), [Listener() for _ in range(5)]
    async with asyncio.timeout(30), Simulator() as room, AsyncExitStack() as running:
        for listener in listeners:
            await running.enter_async_context(listener.running(room.url, turns=turns))
        for listener in listeners:
            await listener.snapshots.get()


async def test_a_source_that_cannot_connect_gives_its_turn_back() -> None:
    turns, dead, listener = Turns(beginnings=Beginnings(most=1, seconds=LONG)), Listener(), Listener()
    async with asyncio.timeout(30), nothing() as url, dead.running(url, turns=turns):
        assert (await dead.waits.get()) > 0
        async with Simulator() as room, listener.running(room.url, turns=turns):
            await listener.snapshots.get()
