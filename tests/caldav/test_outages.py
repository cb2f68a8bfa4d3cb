"""
Real servers that are killed, and a network that tears connections, in the middle of publishing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from service.core.errors import Retryable
from tests.caldav import loopback
from tests.caldav.loopback import PASSWORD, USERNAME, Loopback
from tests.caldav.relay import Relay, relayed
from tests.caldav.site import Site, foreign_events, opened, resources
from tests.publishing.clock import Clock

pytestmark = pytest.mark.thorough

_MAKERS = {"radicale": loopback.radicale, "xandikos": loopback.xandikos}
_KILLS = 5
_WRITES_BETWEEN = 20
_MOST_PASSES = 60


class Killing(httpx.AsyncBaseTransport):
    """
    Kills the server while every 20th write is under way: before its answer comes, or as it does.
    """

    def __init__(self, server: Loopback) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self._server = server
        self._writes = 0
        self.kills = 0
        self.dead = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._writes += request.method == "PUT"
        if request.method != "PUT" or self._writes % _WRITES_BETWEEN or self.kills >= _KILLS:
            return await self._inner.handle_async_request(request)
        sent = asyncio.Event()

        async def trace(event: str, _info: object) -> None:
            if event.endswith("send_request_body.complete"):
                sent.set()

        request.extensions["trace"] = trace
        under_way = asyncio.ensure_future(self._inner.handle_async_request(request))
        on_its_way = asyncio.ensure_future(sent.wait())
        await asyncio.wait({under_way, on_its_way}, return_when=asyncio.FIRST_COMPLETED)
        on_its_way.cancel()
        done = self.kills % 2
        if done:
            await asyncio.wait({under_way})
        self._server.kill()
        self.kills += 1
        self.dead = True
        response = await under_way
        if done:
            raise httpx.ReadError("the server died with its answer", request=request)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.fixture(params=_MAKERS)
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Loopback]:
    running = _MAKERS[request.param](tmp_path)
    running.start()
    yield running
    running.kill()


async def until_done(site: Site, count: range) -> None:
    for _ in range(_MOST_PASSES):
        try:
            report = await site.publish(resources(count))
        except Retryable:
            continue
        if not report.waiting:
            return
    pytest.fail("it never came to an end")


async def test_a_server_killed_five_times_ends_up_with_the_calendar(server: Loopback) -> None:
    killing = Killing(server)
    auth = httpx.BasicAuth(USERNAME, PASSWORD)
    async with opened(killing, f"http://127.0.0.1:{server.port}/", "team", auth) as site:
        site.clock = _Restarting(server, killing)
        await until_done(site, range(120))

        assert killing.kills == _KILLS
        await site.means(resources(range(120)))
        site.wire.forget()
        await site.publish(resources(range(120)))
        assert site.wire.requests == []


class _Restarting(Clock):
    """Starts the server again once somebody waits for it."""

    def __init__(self, server: Loopback, killing: Killing) -> None:
        super().__init__()
        self._server = server
        self._killing = killing

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if self._killing.dead:
            self._killing.dead = False
            await asyncio.to_thread(self._server.start)


@pytest.fixture
async def torn(server: Loopback) -> AsyncIterator[tuple[Site, Relay]]:
    """A target behind a network that tears connections."""
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(relayed(server.port))
        auth = httpx.BasicAuth(USERNAME, PASSWORD)
        url = f"http://127.0.0.1:{relay.port}/"
        yield await stack.enter_async_context(opened(httpx.AsyncHTTPTransport(), url, "team", auth)), relay


async def test_connections_torn_on_both_ways_leave_no_doubles(torn: tuple[Site, Relay]) -> None:
    site, relay = torn
    await until_done(site, range(1))
    foreign = foreign_events()
    for name, body in foreign.items():
        await site.person_puts(name, body)
    relay.cut_answers_every, relay.cut_requests_every = 11, 17

    await until_done(site, range(100))
    await until_done(site, range(20, 100))

    assert relay.cuts >= 10
    relay.cut_answers_every = relay.cut_requests_every = 0
    await site.means(resources(range(20, 100)), foreign)


async def test_a_lost_answer_and_a_conference_that_goes_leave_nothing_behind(
    torn: tuple[Site, Relay],
) -> None:
    site, relay = torn
    await until_done(site, range(2))
    relay.cut_answers_every = 1
    with pytest.raises(Retryable):
        await site.publish(resources(range(6)))
    relay.cut_answers_every = 0

    await until_done(site, range(1, 2))

    await site.means(resources(range(1, 2)))
