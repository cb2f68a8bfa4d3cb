"""
A server that attacks whoever connects, until it is told to be good.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.listening import Listener, connect, listening
from tests.trueconf.hostile import shaken

Attack = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Turncoat:
    """
    Attacks, and later leads to a good server.
    """

    def __init__(self, attack: Attack, good_port: int) -> None:
        self._attack, self._good_port = attack, good_port
        self._good = False
        self._listener = Listener(self._talk)
        self.attacked = 0
        """How often it was connected to while it attacked."""

    @property
    def port(self) -> int:
        return self._listener.port

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Turncoat"]:
        async with listening(self._talk) as self._listener:
            yield self

    async def repent(self) -> None:
        """Attack no more."""
        self._good = True
        await self._listener.hang_up()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._good:
            await self._lead_on(reader, writer)
        else:
            self.attacked += 1
            await self._attack(reader, writer)

    async def _lead_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await connect(self._good_port)
        pipes = [asyncio.create_task(_piped(*ends)) for ends in ((reader, back), (there, writer))]
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            await asyncio.gather(*pipes, return_exceptions=True)
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
