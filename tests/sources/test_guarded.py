"""
An endpoint that sends without end is cut off, before what it sends is gathered.
"""

import asyncio
import zlib
from collections.abc import Callable

import pytest

from service.core.sources import SourceState
from service.sources.connection import ConnectionLost, open_socket, receive, send, translate_errors
from service.sources.turns import LargeFrames
from tests.trueconf.hostile import COMPRESSED, CONTINUATION, FINAL, MEBIBYTE, PING, TEXT, endpoint, frame


async def lost_from(url: str) -> ConnectionLost:
    """Return why a connection was lost by which everything is received."""
    with pytest.raises(ConnectionLost) as told:
        await _receive_all(url)
    return told.value


async def _receive_all(url: str) -> None:
    async with asyncio.timeout(20):
        with translate_errors("room:8765"):
            socket = await open_socket(url, LargeFrames())
        async with socket:
            while True:
                await receive(socket, "room:8765")


# Each is made by the test that sends it: together they are hundreds of megabytes.
FLOODS: dict[str, Callable[[], bytes]] = {
    "frames": lambda: frame(FINAL | TEXT, b'{"event":"x"}') * 20_000,
    "pings": lambda: frame(FINAL | PING) * 20_000,
    "full pings": lambda: frame(FINAL | PING, b"x" * 125) * 20_000,
    "empty fragments": lambda: frame(TEXT, b'{"event":') + frame(CONTINUATION) * 20_000,
    "small fragments": lambda: frame(TEXT, b'{"event":') + frame(CONTINUATION, b" ") * 20_000,
    "large frames": lambda: frame(FINAL | TEXT, b"{" + b" " * 20 * MEBIBYTE + b"}") * 10,
}


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_ends_the_connection_and_is_told_as_that(name: str) -> None:
    flood = FLOODS[name]()

    async def talk(writer: asyncio.StreamWriter) -> None:
        for start in range(0, len(flood), MEBIBYTE):
            writer.write(flood[start : start + MEBIBYTE])
            await writer.drain()

    async with endpoint(talk) as url:
        lost = await lost_from(url)

    assert lost.state is SourceState.FLOODING
    assert str(lost).startswith("room:8765 sends more than is taken")


async def test_who_sends_after_a_flood_is_told_of_the_flood_too() -> None:
    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(frame(FINAL | PING) * 20_000)
        await writer.drain()

    async with endpoint(talk) as url, asyncio.timeout(20), await open_socket(url, LargeFrames()) as socket:
        await socket.wait_closed()
        with pytest.raises(ConnectionLost) as lost:
            await send(socket, "room:8765", b"{}")

    assert lost.value.state is SourceState.FLOODING


async def test_long_lists_in_many_fragments_are_no_flood() -> None:
    parts = [b'{"x":"' + b"x" * 10_240, *[b"x" * 10_240] * 1500]
    flood = (frame(TEXT, parts[0]) + b"".join(frame(CONTINUATION, part) for part in parts[1:])) + frame(
        FINAL | CONTINUATION, b'"}'
    )

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(flood)
        await writer.drain()

    async with endpoint(talk) as url, asyncio.timeout(20), await open_socket(url, LargeFrames()) as socket:
        assert len(await receive(socket, "room:8765")) == sum(map(len, parts)) + 2


async def test_a_frame_that_is_too_large_is_refused_by_its_head() -> None:
    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(bytes((FINAL | TEXT, 127)) + (60 * MEBIBYTE).to_bytes(8))
        await writer.drain()

    async with endpoint(talk) as url:
        lost = await lost_from(url)

    assert lost.state is SourceState.FAILING
    assert str(lost) == "room:8765 sent a frame larger than 32 MiB, the most that is taken"


async def test_fragments_are_measured_together() -> None:
    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(frame(TEXT, b"x"))
        for _ in range(40):
            writer.write(frame(CONTINUATION, b"x" * MEBIBYTE))
            await writer.drain()

    async with endpoint(talk) as url:
        assert "larger than 32 MiB" in str(await lost_from(url))


def bomb() -> bytes:
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(b" " * (100 * MEBIBYTE)) + packer.flush(zlib.Z_SYNC_FLUSH)
    return frame(FINAL | COMPRESSED | TEXT, packed.removesuffix(b"\x00\x00\xff\xff"))


@pytest.mark.parametrize("extensions", ["", "Sec-WebSocket-Extensions: permessage-deflate\r\n"])
async def test_what_is_packed_is_never_unpacked(extensions: str) -> None:
    packed = bomb()

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(packed)
        await writer.drain()

    async with endpoint(talk, extensions) as url:
        lost = await lost_from(url)

    assert "closed the connection" in str(lost) or "does not answer as a TrueConf WebSocket" in str(lost)
