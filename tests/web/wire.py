"""
A web server on a real socket, and clients that write bytes.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from service.web.answers import DateHeader, PreparedStart
from service.web.connection import Connection
from service.web.limits import Descriptors, Limits
from service.web.serving import WebServer

PATIENCE_SECONDS = 20
MANY = Descriptors(8192)


@dataclass
class App:
    """Answers with the path, reads a body where it is asked to, and remembers who came."""

    seen: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    ends: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self.seen.append(path)
        if path == "/body":
            message: Message = {"more_body": True}
            body = b""
            while message.get("more_body"):
                message = await receive()
                if message["type"] == "http.disconnect":
                    await self.ends.put("the client is gone")
                    return
                body += message.get("body", b"")
            self.bodies.append(body)
        if path == "/endless":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"begun", "more_body": True})
            while (await receive())["type"] != "http.disconnect":
                pass
            await self.ends.put("the client is gone")
            return
        text = path.encode() if path != "/large" else b"x" * 4_000_000
        headers = [(b"content-length", str(len(text)).encode())]
        start: Message = {"type": "http.response.start", "status": 200, "headers": headers}
        await send(PreparedStart(200, headers) if path == "/prepared" else start)
        await send({"type": "http.response.body", "body": text})


@dataclass
class Client:
    """One connection, seen from the other end."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, octets: bytes) -> bytes:
        """Send bytes and return the answer's head."""
        await self.send(octets)
        return await self.head()

    async def send(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def head(self) -> bytes:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        """Return what comes until the server closes."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    @property
    def closed(self) -> bool:
        return self.reader.at_eof()


@dataclass
class Served:
    """The server, and where it is."""

    server: WebServer
    app: App
    port: int
    running: "asyncio.Task[None]"
    clients: list[Client] = field(default_factory=list)

    async def client(self) -> Client:
        """Connect."""
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        return client

    async def get(self, path: str = "/") -> bytes:
        """Ask over a connection of its own."""
        return await (await self.client()).ask(request(path))


def request(path: str = "/", *headers: str, method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: test", *headers, "", ""]
    return "\r\n".join(lines).encode()


@asynccontextmanager
async def serving(
    web: ASGIApp | None = None, *, descriptors: Descriptors = MANY, limits: Limits | None = None
) -> AsyncIterator[Served]:
    """Serve this application, else one of the tests."""
    app = App()
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        server = WebServer(web or app, [listening], grace_seconds=5, limits=limits, descriptors=descriptors)
        running = asyncio.create_task(server.run())
        served = Served(server, app, listening.getsockname()[1], running)
        try:
            yield served
        finally:
            for client in served.clients:
                client.writer.transport.abort()
            server.stop()
            if not running.cancelled():
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await running


@dataclass
class Transport:
    """What the loop would give a connection."""

    sent: bytearray = field(default_factory=bytearray)
    unsent: int = 0
    ended: str = ""
    reading: bool = True

    def write(self, octets: bytes) -> None:
        self.sent += octets

    def write_eof(self) -> None:
        self.ended = "told the end"

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"

    def is_closing(self) -> bool:
        return self.ended in {"closed", "aborted"}

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def get_extra_info(self, _name: str) -> None:
        return None


@dataclass
class Loop:
    """An event loop whose time the test sets."""

    now: float = 1000.0

    def time(self) -> float:
        return self.now

    def create_task(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(work)


@dataclass
class DateClock:
    """The clock that dates answers."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Held:
    """A connection without a socket: the test tells it what arrives, and what time it is."""

    connection: Connection
    transport: Transport
    loop: Loop
    started: float
    date_clock: "DateClock"

    def receive(self, octets: bytes) -> None:
        self.connection.data_received(octets)

    def after(self, seconds: float) -> str:
        """Let it be so long after the connection was made; return what became of it."""
        self.loop.now = self.started + seconds
        self.connection.sweep(self.loop.now)
        return self.transport.ended

    @property
    def status(self) -> int:
        """Return the status of the first answer, 0 where there is none."""
        return int(self.transport.sent.split(b" ")[1]) if self.transport.sent else 0


def held(app: App | None = None, limits: Limits | None = None) -> Held:
    """Return a connection that was made just now."""
    config = Config(
        cast("Any", app or App()),
        interface="asgi3",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
    )
    loop, date_clock = Loop(), DateClock()
    connection = Connection(
        config,
        ServerState(),
        DateHeader(date_clock),
        limits or Limits(),
        cast("asyncio.AbstractEventLoop", loop),
    )
    transport = Transport()
    connection.connection_made(cast("asyncio.Transport", transport))
    return Held(connection, transport, loop, loop.now, date_clock)
