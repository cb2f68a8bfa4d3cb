"""
Large frames of all sources: one at a time, given back when the next message is asked for, and none for ever.
"""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from service.core.sources import SourceState
from service.sources.connection import ConnectionLost, open_socket, receive, translate_errors
from service.sources.guarded import GuardedConnection
from service.sources.turns import LARGE, LargeFrames
from tests.trueconf.hostile import FINAL, MEBIBYTE, TEXT, endpoint, frame

LARGER = LARGE + 4 * MEBIBYTE
WHOLE = frame(FINAL | TEXT, b"x" * LARGER)
HALF = WHOLE[: LARGE + MEBIBYTE]
SMALL = frame(FINAL | TEXT, b"small")


class Sending:
    """
    An endpoint that sends these bytes, and the rest when it is told to.
    """

    def __init__(self, first: bytes, rest: bytes = b"") -> None:
        self._first, self._rest = first, rest
        self.go_on = asyncio.Event()

    async def talk(self, writer: asyncio.StreamWriter) -> None:
        writer.write(self._first)
        await writer.drain()
        await self.go_on.wait()
        writer.write(self._rest)
        await writer.drain()


@asynccontextmanager
async def connected(url: str, large: LargeFrames) -> AsyncIterator[GuardedConnection]:
    with translate_errors("room:8765"):
        connection = await open_socket(url, large)
    try:
        yield connection
    finally:
        # These endpoints answer no farewell, and the library would wait for it.
        connection.transport.abort()
        await connection.wait_closed()


async def test_a_large_frame_waits_for_that_of_another_source_and_small_ones_do_not() -> None:
    large = LargeFrames()
    async with (
        asyncio.timeout(60),
        endpoint(Sending(WHOLE).talk) as url,
        endpoint(Sending(SMALL).talk) as small_url,
    ):
        # The frame arrives as soon as there is a connection: the turn is another's before that.
        await large.lock.acquire()
        async with connected(url, large) as one, connected(small_url, large) as small:
            waiting = asyncio.create_task(receive(one, "room:8765"))
            assert await receive(small, "room:8765") == b"small"
            assert not waiting.done()

            large.lock.release()
            assert len(await waiting) == LARGER
            assert large.lock.locked()


async def test_the_turn_is_over_when_the_next_message_is_asked_for() -> None:
    large = LargeFrames()
    async with (
        asyncio.timeout(60),
        endpoint(Sending(WHOLE + SMALL).talk) as url,
        connected(url, large) as one,
    ):
        await receive(one, "room:8765")
        assert large.lock.locked()
        assert await receive(one, "room:8765") == b"small"

        assert not large.lock.locked()


async def test_a_large_frame_that_does_not_arrive_gives_its_turn_away() -> None:
    large = LargeFrames(seconds=0.1)
    async with (
        asyncio.timeout(60),
        endpoint(Sending(HALF).talk) as slow_url,
        connected(slow_url, large) as slow,
    ):
        with pytest.raises(ConnectionLost) as told:
            await receive(slow, "room:8765")

    assert told.value.state is SourceState.FAILING
    assert str(told.value).startswith("room:8765 sends a large frame too slowly")
    assert not large.lock.locked()


async def test_a_connection_that_ends_gives_its_turn_back() -> None:
    large = LargeFrames()
    async with asyncio.timeout(60), endpoint(Sending(WHOLE).talk) as url:
        async with connected(url, large) as one:
            await receive(one, "room:8765")
            assert large.lock.locked()

        assert not large.lock.locked()


async def test_nothing_is_kept_of_a_large_frame() -> None:
    async with (
        asyncio.timeout(60),
        endpoint(Sending(WHOLE).talk) as url,
        connected(url, LargeFrames()) as one,
    ):
        tracemalloc.start()
        try:
            assert len(await receive(one, "room:8765")) == LARGER
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert kept < LARGER / 2
