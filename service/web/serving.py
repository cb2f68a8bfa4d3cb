"""
The web server: it listens, serves, keeps its limits and ends in order.
"""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from heapq import nsmallest
from typing import cast

from starlette.types import ASGIApp
from uvicorn import Config
from uvicorn._types import ASGIApplication
from uvicorn.server import ServerState

from service.web.answers import DateHeader
from service.web.connection import Connection
from service.web.entrance import Entrance
from service.web.limits import Descriptors, Limits, open_descriptors, process_descriptors

_SWEEP_SECONDS = 1.0
_NEW_SECONDS = 0.1
_LOOK_SECONDS = 0.05
"""How often an ending server looks whether the last answer is out."""


class WebServer:
    """
    Serves an ASGI application on sockets that listen already.

    `run` goes on until `stop` is called, then lets answers under way take `grace_seconds`. When it is
    cancelled it leaves no connection open.
    """

    def __init__(
        self,
        app: ASGIApp,
        sockets: Sequence[socket.socket],
        *,
        grace_seconds: float,
        limits: Limits | None = None,
        descriptors: Descriptors | None = None,
    ) -> None:
        # Of uvicorn only the protocol: what is said here is what that asks for. Who is believed about whom a
        # request comes from is CONFCAL_TRUSTED_PROXIES' to say.
        self._config = Config(
            cast("ASGIApplication", app),
            interface="asgi3",
            http="httptools",
            ws="none",
            lifespan="off",
            loop="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
        self._sockets, self._grace_seconds = sockets, grace_seconds
        self._limits = limits or Limits()
        self._descriptors = descriptors or process_descriptors()
        self._date = DateHeader()
        self.state = ServerState()
        """The connections and tasks there are, as uvicorn keeps them."""

        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Have `run` end in order."""
        self._stop.set()

    async def run(self) -> None:
        """Serve until `stop` is called."""
        loop = asyncio.get_running_loop()
        self._config.load()
        entrance = Entrance(self._sockets, self, descriptors=self._descriptors, loop=loop)
        entrance.open()
        try:
            while not self._stop.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(_SWEEP_SECONDS):
                        await self._stop.wait()
                self.sweep(loop.time())
                entrance.sweep(loop.time())
            entrance.close()
            await self._end_in_order()
        finally:
            entrance.close()
            await self._end_now()

    def welcome(self) -> Connection:
        """Return the protocol of a new connection."""
        return Connection(self._config, self.state, self._date, self._limits, asyncio.get_running_loop())

    def make_room(self, count: int) -> int:
        """Close this many connections, the oldest idle ones first, and return how many were closed."""
        # Whoever has only just connected is about to ask.
        before = asyncio.get_running_loop().time() - _NEW_SECONDS
        idle = [
            (order, each)
            for each in self._connections()
            if (order := each.idle_since()) and order[1] <= before
        ]
        for _order, each in nsmallest(count, idle, key=lambda pair: pair[0]):
            # Whoever does not read keeps the descriptor of a connection that is closed politely.
            each.transport.abort()
        return min(count, len(idle))

    def sweep(self, now: float) -> None:
        """Close what waited too long, and what is idle while descriptors are scarce."""
        connections = self._connections()
        for each in connections:
            each.sweep(now)
        if connections:
            surplus = open_descriptors() - self._descriptors.crowded
            if surplus > 0:
                self.make_room(surplus)

    def _connections(self) -> list[Connection]:
        return [each for each in self.state.connections if isinstance(each, Connection)]

    async def _end_in_order(self) -> None:
        for each in self._connections():
            each.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._grace_seconds):
                while self.state.connections or self.state.tasks:  # noqa: ASYNC110 -- nothing wakes us for them
                    await asyncio.sleep(_LOOK_SECONDS)

    async def _end_now(self) -> None:
        for each in self._connections():
            each.transport.abort()
        # A transport is closed by the loop, one turn after that was requested; its answer ends then.
        await asyncio.sleep(0)
        tasks = list(self.state.tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=_LOOK_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
