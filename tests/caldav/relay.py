"""
A piece of network between client and server that tears connections apart.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_AT_ONCE = 65536


class Relay:
    """
    Forwards TCP to a port of this machine, or to a socket of its file system.

    Each answer or request whose number `every` divides is cut.
    """

    def __init__(self, to: int | str) -> None:
        self.to = to
        self.port = 0
        self.cut_answers_every = 0
        self.cut_requests_every = 0
        self.cuts = 0
        self._answers = 0
        self._requests = 0
        self._over = asyncio.Event()
        self._executor: set[asyncio.Task[None]] = set()

    async def end(self) -> None:
        """Let go of all connections."""
        self._over.set()
        await asyncio.gather(*self._executor)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry a connection in a task of our own: asyncio's would outlive the test."""
        task = asyncio.ensure_future(self.carry(reader, writer))
        self._executor.add(task)
        task.add_done_callback(self._executor.discard)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await self._open()
        except OSError:
            writer.transport.abort()
            return
        both = (
            asyncio.ensure_future(self._pump(reader, there_writer, answers=False)),
            asyncio.ensure_future(self._pump(there_reader, writer, answers=True)),
        )
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait({*both, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*both, over):
                task.cancel()
            await asyncio.gather(*both, over, return_exceptions=True)
            # Aborting sends a reset where something is still unread.
            writer.transport.abort() if both[1].cancelled() else writer.close()
            there_writer.transport.abort()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.to, int):
            return await asyncio.open_connection("127.0.0.1", self.to)
        return await asyncio.open_unix_connection(self.to)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_AT_ONCE):
                if self._cuts(answers=answers):
                    writer.transport.abort()
                    return
                writer.write(chunk)
                await writer.drain()

    def _cuts(self, *, answers: bool) -> bool:
        if answers:
            self._answers += 1
            cut = bool(self.cut_answers_every) and self._answers % self.cut_answers_every == 0
        else:
            self._requests += 1
            cut = bool(self.cut_requests_every) and self._requests % self.cut_requests_every == 0
        self.cuts += cut
        return cut


@asynccontextmanager
async def relayed(to: int | str) -> AsyncIterator[Relay]:
    relay = Relay(to)
    server = await asyncio.start_server(relay.accept, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        await relay.end()
        await server.wait_closed()
