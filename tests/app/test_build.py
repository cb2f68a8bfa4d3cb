"""
What the parts are made of: the fetch of discovery pages.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from service.app.fetching import http_fetch
from tests.listening import listening


@asynccontextmanager
async def serving(answer: bytes, *, end: bool = True) -> AsyncIterator[str]:
    """Give the address of a server with one answer, that may leave it without an end."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if not end:
            await reader.read()

    async with listening(talk) as listener:
        yield f"http://127.0.0.1:{listener.port}"


async def test_a_short_document_is_fetched() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as url, http_fetch() as fetch:
        assert await fetch(url) == b"{}"


@pytest.mark.parametrize("url", ["http://☃.net/", "http://10.0.0.5/\x01"])
async def test_an_address_that_only_the_library_refuses_is_no_crash(url: str) -> None:
    async with http_fetch() as fetch:
        with pytest.raises(OSError, match="Invalid"):
            await fetch(url)


async def test_an_answer_without_an_end_is_given_up_after_a_while() -> None:
    begun = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"
    async with serving(begun, end=False) as url, http_fetch(limit_seconds=0.1) as fetch:
        with pytest.raises(OSError, match="did not answer in time"):
            await fetch(url)


async def test_an_endless_answer_is_not_gathered() -> None:
    huge = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (1024 * 1024 + 1)
    async with serving(huge) as url, http_fetch() as fetch:
        with pytest.raises(OSError, match="longer than"):
            await fetch(url)


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "deflate", "br", "x-unknown"])
async def test_an_answer_that_is_packed_unasked_is_not_unpacked(encoding: str) -> None:
    packed = gzip.compress(gzip.compress(b" " * (64 * 2**20)))
    answer = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n\r\n".encode() + packed
    async with serving(answer) as url, http_fetch() as fetch:
        with pytest.raises(OSError, match="its answer is packed, though that was not asked for"):
            await fetch(url)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "it closed the connection without an answer"),
        (b"\x15\x03\x03\x00\x02\x02\x0a", "it speaks TLS on this port"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "illegal status line"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "Content-Length"),
    ],
    ids=["nothing", "a TLS alert", "another protocol", "a broken head"],
)
async def test_an_answer_that_is_none_is_told_in_words(answer: bytes, words: str) -> None:
    async with serving(answer) as url, http_fetch() as fetch:
        with pytest.raises(OSError, match=words):
            await fetch(url)


async def test_an_error_status_is_no_document() -> None:
    async with serving(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n") as url, http_fetch() as fetch:
        with pytest.raises(OSError, match="status 302"):
            await fetch(url)
