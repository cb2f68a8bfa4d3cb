"""
A CalDAV server of the tests in this process, which counts what it is asked.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.web.serving import WebServer
from tests.caldav.misbehaving import Misbehaving


@dataclass
class ServedCalDav:
    """
    A server that stands for a real one; its port takes connections of other processes.
    """

    url: str
    server: Misbehaving
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often each method was answered with each status."""

    puts: Counter[str] = field(default_factory=Counter)
    """How often each path was written."""

    received: Counter[str] = field(default_factory=Counter)
    """How often each method came, answered or not yet."""

    gate: asyncio.Event | None = None
    """What requests wait for that come now; None lets them pass, and those before go on waiting."""

    delay_seconds: float = 0.0
    """How long each request waits before anything is done."""

    takes_seconds: float = 0.0
    """How long an answer takes from the arrival of its request, with all that is done meanwhile."""

    failing: bool = False
    """Whether every request is answered with 503."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self.takes_seconds
        asked = Request(scope, receive)
        body = await asked.body()
        self.received[asked.method] += 1
        if self.gate:
            await self.gate.wait()
        await asyncio.sleep(self.delay_seconds)
        if self.failing:
            self.answers[asked.method, 503] += 1
            await Response(status_code=503)(scope, receive, send)
            return
        request = httpx.Request(asked.method, str(asked.url), headers=asked.headers.raw, content=body)
        answer = await self.server.handle(request)
        self.answers[asked.method, answer.status_code] += 1
        if asked.method == "PUT" and answer.is_success:
            self.puts[asked.url.path] += 1
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        ready = Response(answer.content, answer.status_code, headers)
        await asyncio.sleep(due - loop.time())
        await ready(scope, receive, send)

    @property
    def bodies(self) -> list[bytes]:
        """What all calendars hold."""
        return [body for calendar in self.server.calendars.values() for body in calendar.values()]

    def count(self, method: str) -> int:
        """Return how many requests of a method were answered."""
        return sum(many for (asked, _), many in self.answers.items() if asked == method)


@asynccontextmanager
async def serve_caldav() -> AsyncIterator[ServedCalDav]:
    """Run a server for as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        served = ServedCalDav(f"http://127.0.0.1:{listening.getsockname()[1]}/", Misbehaving())
        server = WebServer(served, (listening,), grace_seconds=0)
        running = asyncio.create_task(server.run())
        try:
            yield served
        finally:
            server.stop()
            await running
