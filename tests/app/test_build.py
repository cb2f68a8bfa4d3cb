"""
What the parts are made of, and what is served before all of them are ready.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from typing_extensions import override

from service.app.build import open_parts
from service.app.fetching import http_fetch
from service.app.opening import open_settings_store
from service.app.policy import policy_of, rendering_digest
from service.app.synchronizer import Synchronizer
from service.calendars.tokens import token_of
from service.core.errors import LeaseLost
from service.settings.load import load_settings
from service.settings.model import Settings
from tests.core.given import NOW, ROOM, conference, listed
from tests.listening import listening

SECRET = "a secret of the tests of parts"


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
        with pytest.raises(OSError, match="status 302, and sends us on to a page of its own"):
            await fetch(url)


@pytest.mark.parametrize(
    "text",
    [b"sent to HTTPS port", b"HTTP to an SSL-enabled server port", b"to an HTTPS server"],
)
async def test_a_web_server_that_wants_tls_is_understood(text: bytes) -> None:
    answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)
    async with serving(answer) as url, http_fetch() as fetch:
        with pytest.raises(OSError, match="it speaks TLS on this port"):
            await fetch(url)


@pytest.fixture
def restarted(tmp_path: Path, unused_tcp_port: int) -> Settings:
    """The settings of a daemon that has heard two lists before."""
    settings = load_settings(
        {
            "CONFCAL_DATA_DIR": str(tmp_path),
            "CONFCAL_PORT": str(unused_tcp_port),
            "CONFCAL_SECRET": SECRET,
            "CONFCAL_CALENDARS__BOARD__TOPIC": "Planning",
            "CONFCAL_SOURCES__LOBBY__URL": "http://127.0.0.1:9",
        }
    )

    async def hear() -> None:
        store = await open_settings_store(settings)
        synchronizer = Synchronizer(store, policy_of(settings))
        digest = rendering_digest(policy_of(settings), NOW)
        await synchronizer.start(rendering=digest, now=NOW)
        await synchronizer.accept(listed(conference("1"), conference("2")))
        await store.close()

    asyncio.run(hear())
    return settings


class Outlasting(Synchronizer):
    """Renders for so long that another replica keeps house meanwhile."""

    @override
    async def start(self, *, rendering: str, now: datetime, may_render: bool = True) -> bool:
        if may_render:
            raise LeaseLost("another replica goes on with it")
        return await super().start(rendering=rendering, now=now, may_render=False)


async def test_a_start_that_takes_longer_than_a_lease_lasts_goes_on(restarted: Settings) -> None:
    async with open_parts(restarted) as parts:
        parts.synchronizer = Outlasting(parts.store, policy_of(restarted))

        await parts.load()

        assert parts.loaded.is_set()
        assert len(parts.synchronizer.state.entries) == 2


def path_of(calendar: str) -> str:
    return f"/feeds/{token_of(SECRET.encode(), calendar, 0)}/c.ics"


async def test_stored_feeds_are_served_before_everything_is_loaded(restarted: Settings) -> None:
    async with open_parts(restarted) as parts:
        web = httpx.ASGITransport(parts.web)
        async with httpx.AsyncClient(transport=web, base_url="http://127.0.0.1") as client:
            early = {name: await client.get(path_of(name)) for name in ("all", str(ROOM))}
            alive = await client.get("/healthz")
            assert not parts.synchronizer.state.entries

            waiting = [asyncio.create_task(client.get(path)) for path in (path_of("board"), "/readyz")]
            answered, _ = await asyncio.wait(waiting, timeout=0.1)
            await parts.load()
            board, ready = await asyncio.gather(*waiting)
            late = {name: await client.get(path_of(name)) for name in early}

    assert [early[name].text.count("BEGIN:VEVENT") for name in early] == [2, 2]
    assert {name: (each.content, each.headers["etag"]) for name, each in early.items()} == {
        name: (each.content, each.headers["etag"]) for name, each in late.items()
    }
    assert not answered
    assert (alive.status_code, ready.status_code, board.status_code) == (200, 200, 200)
    assert board.text.count("BEGIN:VEVENT") == 2
