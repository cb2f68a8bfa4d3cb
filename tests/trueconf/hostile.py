"""
An endpoint that shakes hands as the protocol has it, and then sends whatever it likes.
"""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.listening import listening

Talk = Callable[[asyncio.StreamWriter], Awaitable[None]]
MEBIBYTE = 2**20
TEXT, CONTINUATION, PING = 0x1, 0x0, 0x9
FINAL, COMPRESSED = 0x80, 0x40


def frame(first: int, payload: bytes = b"") -> bytes:
    """Return one frame as a server sends it: without a mask."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 2**16:
        return bytes((first, 126)) + size.to_bytes(2) + payload
    return bytes((first, 127)) + size.to_bytes(8) + payload


async def shaken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, extensions: str = "") -> None:
    """Answer the handshake."""
    request = await reader.readuntil(b"\r\n\r\n")
    key = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    salted = key.partition(b":")[2].strip() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accepted = base64.b64encode(hashlib.sha1(salted, usedforsecurity=False).digest()).decode()
    writer.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accepted}\r\n{extensions}\r\n".encode()
    )


@asynccontextmanager
async def endpoint(talk: Talk, extensions: str = "") -> AsyncIterator[str]:
    """Give the address of a server that shakes hands and then sends whatever `talk` writes."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shaken(reader, writer, extensions)
        await talk(writer)
        await reader.read()

    async with listening(accept) as listener:
        yield f"ws://127.0.0.1:{listener.port}"
