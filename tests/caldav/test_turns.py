"""
Large answers of all targets together: one at a time from arriving to being understood, and none for ever.
"""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from service.caldav.connection import Connection
from service.caldav.conversation import Steps
from service.caldav.places import Places
from service.caldav.protocol import get
from service.caldav.turns import LargeAnswers
from service.core.errors import Retryable
from tests.publishing.clock import Clock

MEBIBYTE = 2**20
URL = "http://dav.test/"


class Dripping(httpx.AsyncByteStream):
    """
    A body of which each part waits for a word.
    """

    def __init__(self, octets: int) -> None:
        self._octets = octets
        self.arrived = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"x" * self._octets
        self.arrived.set()
        await self.go_on.wait()
        yield b"x"


def connected(body: Dripping, large: LargeAnswers) -> Connection:
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, stream=body))
    return Connection(
        httpx.AsyncClient(transport=transport),
        places=Places(URL),
        auth=None,
        timeout=timedelta(seconds=5),
        clock=Clock(),
        large=large,
    )


def asked() -> Steps[int]:
    response = yield get(URL)
    return len(response.body)


async def test_a_large_answer_waits_for_that_of_another_target() -> None:
    large = LargeAnswers()
    first, second, small = Dripping(2 * MEBIBYTE), Dripping(2 * MEBIBYTE), Dripping(10)
    for body in (second, small):
        body.go_on.set()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        before = tasks.create_task(connected(first, large).run(asked()))
        await first.arrived.wait()
        waiting = tasks.create_task(connected(second, large).run(asked()))
        assert await connected(small, large).run(asked()) == 11
        assert not second.arrived.is_set()
        assert not waiting.done()
        first.go_on.set()

    assert before.result() == waiting.result() == 2 * MEBIBYTE + 1


async def test_a_large_answer_without_end_gives_its_turn_away() -> None:
    large = LargeAnswers(seconds=0.05)
    endless, good = Dripping(2 * MEBIBYTE), Dripping(2 * MEBIBYTE)
    good.go_on.set()
    with pytest.raises(Retryable, match=r"dav\.test:80 sends a large answer too slowly"):
        await connected(endless, large).run(asked())

    assert await connected(good, large).run(asked()) == 2 * MEBIBYTE + 1


async def test_an_error_that_is_remembered_keeps_nothing_of_its_answer() -> None:
    body = Dripping(2 * MEBIBYTE)
    body.go_on.set()

    def refused() -> Steps[None]:
        response = yield get(URL)
        raise Retryable(f"nobody can read {len(response.body)} octets")

    tracemalloc.start()
    try:
        with pytest.raises(Retryable) as told:
            await connected(body, LargeAnswers()).run(refused())
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert "octets" in str(told.value)
    assert kept < MEBIBYTE
