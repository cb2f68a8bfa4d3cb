"""
A service that takes the messages of a channel.
"""

import asyncio
import json
from typing import Any


class Receiver:
    """Takes webhooks, and tells of each."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        fields = (line.split(b":") for line in head.splitlines())
        length = next(int(field[1]) for field in fields if field[0] == b"content-length")
        await self.received.put(json.loads(await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
