"""
A server that attacks whoever connects, until it is told to be good.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from tests.trueconf.hostile import shaken

Attack = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Turncoat:
    """
    Attacks, and later leads to a good server.
    """

    def __init__(self, attack: Attack, good_port: int) -> None:
        self._attack, self._good_port = attack, good_port
        self._good = False
        self._talks: set[asyncio.Task[None]] = set()
        self.attacked = 0
        """How often it was connected to while it attacked."""

        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Turncoat"]:
        async with await asyncio.start_server(self._start, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self
            await self._hang_up()

    async def repent(self) -> None:
        """Attack no more."""
        self._good = True
        await self._hang_up()

    async def _hang_up(self) -> None:
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _start(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                if self._good:
                    await self._lead_on(reader, writer)
                else:
                    self.attacked += 1
                    await self._attack(reader, writer)
        finally:
            writer.close()

    async def _lead_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._good_port)
        try:
            pipes = [asyncio.create_task(_piped(*ends)) for ends in ((reader, back), (there, writer))]
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
            for pipe in pipes:
                pipe.cancel()
            await asyncio.gather(*pipes, return_exceptions=True)
        finally:
            back.close()


async def _piped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


def frames(*parts: bytes, pause_seconds: float = 0) -> Attack:
    """Return the attack of an endpoint that shakes hands, sends these bytes, and reads on."""

    async def attack(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shaken(reader, writer)
        for part in parts:
            for start in range(0, len(part), 2**20):
                writer.write(part[start : start + 2**20])
                await writer.drain()
                await asyncio.sleep(pause_seconds)
        await reader.read()

    return attack


def answers(head: bytes, *parts: bytes, pause_seconds: float = 0) -> Attack:
    """Return the attack of an HTTP server that answers every request with this, and hangs up."""

    async def attack(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in asked.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        await reader.readexactly(int(lengths[0].partition(b":")[2]) if lengths else 0)
        writer.write(head)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_seconds)

    return attack
