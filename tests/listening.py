"""
Servers of the tests on loopback that always end: no connection and no thread outlives its test.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

END_SECONDS = 30
"""How long what was told to end may take."""

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """
    A TCP server on loopback; each connection is closed when `talk` returns, and all of them at the end.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._closed = False
        self.port = 0

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk in a task of our own: asyncio's would outlive the test."""
        if self._closed:
            # The system had accepted it before the server was closed.
            writer.transport.abort()
            return
        task = asyncio.create_task(self._carry(reader, writer))
        self._talks[task] = writer
        task.add_done_callback(self._talks.pop)

    async def close(self) -> None:
        """End all connections, and each that comes yet."""
        self._closed = True
        await self.hang_up()

    async def hang_up(self) -> None:
        """End all connections at once, also those whose other end reads nothing."""
        for task, writer in self._talks.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._talk(reader, writer)
        finally:
            writer.close()


@asynccontextmanager
async def listening(talk: Talk, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    """
    Serve on a port of this machine until the block ends, however it ends.

    A server waits at its end for its connections, from Python 3.12 on and without a limit; so they end first.
    """
    listener = Listener(talk)
    server = await asyncio.start_server(listener.accept, "127.0.0.1", 0, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        async with asyncio.timeout(END_SECONDS):
            await listener.close()
            await server.wait_closed()


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a port of this machine; a connection that is ready when nobody waits any more is closed."""
    opening = asyncio.ensure_future(asyncio.open_connection("127.0.0.1", port))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        with suppress(OSError):
            (await opening)[1].transport.abort()
        raise


@contextmanager
def serving_http(
    handler: type[BaseHTTPRequestHandler], *, tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """Serve HTTP in a thread until the block ends, however it ends; gives the port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if tls:
            # The handshake takes place in the thread of the connection, with its first read.
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(END_SECONDS)
