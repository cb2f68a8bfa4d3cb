"""
Answers that no server should give end one connection, and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from service.trueconf.transport import Direct, Lost, translated


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """Give the address of a server that answers everything alike."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def lost(url: str) -> str:
    with pytest.raises(Lost) as told, translated("room:8765"):
        await Direct(url, proxy=None, open_timeout=5)
    return str(told.value)


@pytest.mark.parametrize(
    "headers",
    [
        b"Location: ws://127.0.0.1:99999/\r\n",
        b"Location: ws://[::1/\r\n",
        b"Location: /a\r\nLocation: /b\r\n",
        b"Location: ftp://elsewhere/\r\n",
    ],
)
async def test_an_odd_redirect_is_a_lost_connection(headers: bytes) -> None:
    async with answering(b"HTTP/1.1 302 Found\r\n" + headers + b"\r\n") as url:
        assert "does not answer as a TrueConf WebSocket" in await lost(url)


async def test_a_redirect_is_not_followed_for_the_pin_would_go_there_too() -> None:
    followed: list[ServerConnection] = []

    async def elsewhere(socket: ServerConnection) -> None:
        followed.append(socket)

    async with serve(elsewhere, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        redirect = f"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:{port}/\r\n\r\n"
        async with answering(redirect.encode()) as url:
            assert "HTTP 302" in await lost(url)
    assert not followed


@pytest.mark.parametrize("error", [ValueError("Port out of range"), KeyError("location")])
def test_what_a_library_cannot_read_is_a_lost_connection(error: Exception) -> None:
    with pytest.raises(Lost, match="room:8765 answers what nobody can read"), translated("room:8765"):
        raise error
