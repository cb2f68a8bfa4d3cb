"""
A name with several addresses is reached by the one that answers, whatever the others do.
"""

import asyncio
import socket
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvloop

from service.app.fetching import http_fetch
from service.simulator.server import Simulator
from service.sources.eyeballs import Address, connect_socket, interleave
from service.trueconf.causes import Cause, cause_of
from tests.sources.following import Collector, make_endpoint

Run = Callable[[Callable[[], Awaitable[None]]], None]
NAME = "room.example"


class Resolving(asyncio.SelectorEventLoop):
    """An event loop that knows the addresses of one name."""

    addresses: tuple[str, ...] = ()

    async def getaddrinfo(self, host: Any, port: Any, **rest: Any) -> Any:
        if host not in (NAME, NAME.encode()):
            return await super().getaddrinfo(host, port, **rest)
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in self.addresses
        ]


def run(work: Callable[[], Awaitable[None]], *addresses: str) -> None:
    loop = Resolving()
    loop.addresses = addresses

    async def within() -> None:
        async with asyncio.timeout(10):
            await work()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(within())


@contextmanager
def black_hole(port: int) -> Iterator[str]:
    """Give an address whose `port` swallows packets: a listener whose queue is full answers no SYN."""
    with socket.socket(socket.AF_INET6) as listener:
        listener.bind(("::1", port))
        listener.listen(0)
        fillers = [socket.socket(socket.AF_INET6) for _ in range(4)]
        for filler in fillers:
            filler.settimeout(0)
            filler.connect_ex(("::1", port))
        try:
            yield "::1"
        finally:
            for filler in fillers:
                filler.close()


def test_a_source_is_reached_by_ipv4_where_ipv6_swallows_packets() -> None:
    async def work() -> None:
        collector = Collector()
        async with Simulator() as room:
            port = int(room.url.rpartition(":")[2])
            with black_hole(port):
                source = make_endpoint(f"ws://{NAME}:{port}", fetch=_no_page)
                begun = time.monotonic()
                task = asyncio.create_task(source.run(collector))
                await collector.snapshots.get()
                # It would be ten seconds, or for ever.
                assert time.monotonic() - begun < 5
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    run(work, "::1", "127.0.0.1")


def test_the_port_is_asked_by_ipv4_where_ipv6_swallows_packets() -> None:
    async def work() -> None:
        async with Simulator() as room, http_fetch() as fetch:
            port = int(room.web_url.rpartition(":")[2])
            with black_hole(port):
                assert b"websocket" in await fetch(f"http://{NAME}:{port}/public/default/config.json")

    run(work, "::1", "127.0.0.1")


def test_an_address_that_refuses_costs_no_time() -> None:
    async def work() -> None:
        async with Simulator() as room:
            port = int(room.url.rpartition(":")[2])
            # An attempt that fails is followed by the next at once: this waits for no clock.
            (await connect_socket(NAME, port, between_seconds=3600)).close()

    run(work, "::1", "127.0.0.1")


def test_where_no_address_answers_the_reason_is_told() -> None:
    async def work() -> None:
        with pytest.raises(OSError, match="no address") as told:
            await connect_socket(NAME, 1)
        assert cause_of(told.value) is Cause.REFUSED

    run(work, "::1", "127.0.0.1")


def test_the_error_of_a_single_address_is_its_own() -> None:
    async def work() -> None:
        with pytest.raises(ConnectionRefusedError):
            await connect_socket(NAME, 1)

    run(work, "127.0.0.1")


def test_attempts_that_lost_leave_nothing_open() -> None:
    async def work() -> None:
        async with Simulator() as room:
            port = int(room.url.rpartition(":")[2])
            with black_hole(port):
                # A socket left open would be a ResourceWarning, and those are errors.
                (await connect_socket(NAME, port, between_seconds=0.01)).close()
                assert len(asyncio.all_tasks()) == len({t for t in asyncio.all_tasks() if not t.done()})

    run(work, "::1", "127.0.0.1")


def test_it_works_in_the_loop_that_knows_nothing_of_it() -> None:
    async def work() -> None:
        async with Simulator() as room:
            (await connect_socket("localhost", int(room.url.rpartition(":")[2]))).close()

    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    try:
        runner.run(work())
    finally:
        # uvloop warns of what is still open. Where warnings are errors it leaves that open, and waits for it.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            runner.close()


def test_families_take_turns() -> None:
    def address(family: int, number: int) -> Address:
        return family, 1, 6, "", number

    six, four = [address(10, number) for number in range(3)], [address(2, number) for number in range(2)]

    assert interleave([*six, *four]) == [six[0], four[0], six[1], four[1], six[2]]


async def _no_page(url: str) -> bytes:
    raise ConnectionRefusedError(url)
