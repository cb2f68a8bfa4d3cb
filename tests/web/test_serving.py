"""
The web server among many clients, with few descriptors, and when it ends.
"""

import asyncio
import errno
import gc
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import cast

import pytest
from structlog.testing import capture_logs

from service.web.entrance import Entrance
from service.web.limits import Descriptors, Limits, open_descriptors, process_descriptors
from tests.reaching import reach
from tests.web.wire import Client, Served, request, serving


def count_descriptors() -> int:
    """Return how many are open, without those that the garbage collector might close meanwhile."""
    gc.collect()
    return open_descriptors()


async def closed(client: Client, *, within: float = 20) -> bool:
    """Return whether the server closes the connection within so many seconds."""
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(within):
            return await client.reader.read() == b"" or client.reader.at_eof()
    return client.reader.exception() is not None


async def a_moment() -> None:
    """Let connections be no longer new, as the loop counts it."""
    loop = asyncio.get_running_loop()
    await asyncio.wait([loop.create_future()], timeout=0.15)


async def kept(served: Served) -> Client:
    """Return a connection that has been answered and is kept."""
    client = await served.client()
    await client.ask(request("/"))
    await client.reader.readexactly(1)
    return client


async def test_accepted_sockets_send_at_once() -> None:
    async with serving() as served:
        await served.get()
        (connection,) = served.server.state.connections
        accepted = connection.transport.get_extra_info("socket")

        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


async def test_the_oldest_idle_connections_make_room() -> None:
    async with serving() as served:
        oldest, busy = await kept(served), await served.client()
        await busy.ask(request("/endless"))
        older, newest = await kept(served), await kept(served)
        await a_moment()

        assert served.server.make_room(2) == 2
        assert await closed(oldest)
        assert await closed(older)
        assert not await closed(newest, within=0.5)
        assert not await closed(busy, within=0.5)
        assert served.server.make_room(2) == 1


async def test_who_has_only_just_connected_is_not_idle() -> None:
    async with serving() as served:
        await kept(served)

        assert served.server.make_room(1) == 0


async def test_those_without_a_request_go_before_those_that_send_one() -> None:
    async with serving() as served:
        sending = await served.client()
        await sending.send(b"GET / HTTP/1.1\r\n")
        idle = await kept(served)
        await a_moment()

        assert served.server.make_room(1) == 1
        assert await closed(idle)
        assert served.server.make_room(5) == 1
        assert await closed(sending)
        assert served.server.make_room(1) == 0


async def test_a_sweep_closes_what_crowds_the_process() -> None:
    crowded_by_twenty = Descriptors((count_descriptors() + 25) * 10 // 8)
    async with serving(descriptors=crowded_by_twenty) as served:
        oldest, newest = await kept(served), await kept(served)
        with ExitStack() as opened:
            for _ in range(20):
                opened.enter_context(socket.socket())
            await a_moment()
            served.server.sweep(asyncio.get_running_loop().time())

            assert await closed(oldest)
            assert not await closed(newest, within=0.5)


class Room:
    """Whoever has the connections: none to close."""

    def welcome(self) -> asyncio.Protocol:
        return asyncio.Protocol()

    def make_room(self, count: int) -> int:
        del count
        return 0


class Exhausted:
    """A listening socket of a process without descriptors."""

    def __init__(self, failures: int) -> None:
        self.failures, self.asked = failures, 0

    def settimeout(self, seconds: float) -> None:
        pass

    def accept(self) -> None:
        self.asked += 1
        if self.asked <= self.failures:
            raise OSError(errno.EMFILE, "Too many open files")
        raise BlockingIOError


class Readers:
    """An event loop that always has somebody waiting at the door."""

    def __init__(self) -> None:
        self.now, self.waiting = 0.0, 0
        self.reader: Callable[[], None] | None = None
        self.later: Callable[[], None] | None = None

    def time(self) -> float:
        return self.now

    def add_reader(self, _socket: object, accept: Callable[[object], None], listening: object) -> None:
        self.reader = lambda: accept(listening)

    def remove_reader(self, _socket: object) -> None:
        self.reader = None

    def call_later(self, seconds: float, resume: Callable[[], None]) -> asyncio.TimerHandle:
        self.now += seconds
        self.later = resume
        return cast("asyncio.TimerHandle", Cancelled())

    def turn(self) -> None:
        """Let what is due happen."""
        if self.reader:
            self.reader()
        elif self.later:
            self.later()


class Cancelled:
    def cancel(self) -> None:
        pass


def test_a_process_without_descriptors_says_so_once_and_then_that_it_is_over() -> None:
    loop, listening = Readers(), Exhausted(failures=500)
    entrance = Entrance(
        [cast("socket.socket", listening)],
        Room(),
        descriptors=Descriptors(1024),
        loop=cast("asyncio.AbstractEventLoop", loop),
    )
    with capture_logs() as logs:
        entrance.open()
        while listening.asked <= listening.failures:
            loop.turn()
            entrance.sweep(loop.now)
        entrance.sweep(loop.now + 9)
        loop.now += 11
        entrance.sweep(loop.now)
        entrance.sweep(loop.now + 100)

    # One attempt for each pause.
    assert listening.asked == 501
    assert [(each["event"], each.get("reason"), each.get("pauses")) for each in logs] == [
        ("web.accepting_paused", "Too many open files", None),
        ("web.accepting_again", None, 500),
    ]


async def test_where_all_connections_are_busy_none_is_taken_and_what_is_there_is_served() -> None:
    full = Descriptors((count_descriptors() + 8) * 100 // 95)
    with capture_logs() as logs:
        async with serving(descriptors=full) as served:
            busy = [await served.client() for _ in range(4)]
            for each in busy:
                await each.ask(request("/endless"))
            for _ in range(6):
                more = await served.client()
                await more.send(request("/endless"))
            await reach(lambda: logs, 20)
            assert not [each for each in busy if each.closed]
            for each in served.clients:
                each.writer.transport.abort()
            await reach(lambda: not served.server.state.connections, 20)

            assert b" 200 " in await served.get()

    assert (logs[0]["event"], logs[0]["reason"]) == (
        "web.accepting_paused",
        "all connections are busy or new",
    )


async def test_it_ends_with_the_answers_under_way() -> None:
    async with serving() as served:
        idle, large = await kept(served), await served.client()
        await large.send(request("/large"))
        await large.head()
        served.server.stop()

        async with asyncio.timeout(20):
            assert len(await large.reader.read()) == 4_000_000
            assert await idle.reader.read() == b""
            await served.running


async def test_cancelled_it_leaves_no_connection_open() -> None:
    async with serving() as served:
        clients = [await kept(served), await served.client()]
        await clients[1].ask(request("/endless"))
        served.running.cancel()
        with suppress(asyncio.CancelledError):
            await served.running

        assert not served.server.state.connections
        assert not served.server.state.tasks


@pytest.mark.parametrize(("most", "crowded", "full"), [(1024, 819, 972), (256, 204, 243), (8192, 6553, 7782)])
def test_the_web_server_leaves_descriptors_to_the_rest(most: int, crowded: int, full: int) -> None:
    descriptors = Descriptors(most)

    assert (descriptors.crowded, descriptors.full) == (crowded, full)
    assert descriptors.crowded + descriptors.batch < descriptors.full


def test_no_system_grants_more_than_can_be_held_in_memory() -> None:
    assert 0 < process_descriptors().most <= 4096


async def test_limits_are_kept_without_being_asked() -> None:
    limits = Limits(head_seconds=0, idle_seconds=0)
    async with serving(limits=limits) as served:
        client = await served.client()

        assert await client.rest() == b""
