"""
What comes over the wire is bounded before work is done, and provokes no error but ours.
"""

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest

from service.caldav.client import Trust, open_client, tls_context
from service.caldav.connection import Connection
from service.caldav.conversation import Steps, follow_redirects
from service.caldav.credentials import Basic, OAuth2, http_auth
from service.caldav.places import Places
from service.caldav.protocol import Response, get
from service.caldav.tokens import parse_token
from service.core.errors import AnswerUnusable, CredentialsRefused, Fatal, PublishError, Retryable
from tests.listening import listening
from tests.publishing.clock import Clock

URL = "https://dav.example.org/cal/"
GOOGLE = OAuth2("id-1", "secret-2", "refresh-3", "https://auth.example.org/token")


def connection(
    handler: Callable[[httpx.Request], httpx.Response], auth: httpx.Auth | None = None
) -> Connection:
    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return Connection(http, places=Places(URL), auth=auth, timeout=timedelta(seconds=5), clock=Clock())


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip", "br", "deflate", "zstd", "x-unheard-of"])
async def test_a_compressed_answer_is_refused_before_it_is_unpacked(coding: str) -> None:
    unread = []

    def server(_request: httpx.Request) -> httpx.Response:
        async def body() -> AsyncIterator[bytes]:
            unread.append(1)
            yield gzip.compress(b"\0" * 1024 * 1024)

        return httpx.Response(207, headers={"Content-Encoding": coding}, content=body())

    with pytest.raises(Fatal, match="compresses its answer"):
        await connection(server).send(get(URL))
    assert unread == []


async def test_identity_is_no_compression() -> None:
    def server(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": "identity"}, content=b"x")

    assert (await connection(server).send(get(URL))).body == b"x"


async def test_the_answers_in_between_are_bounded_too() -> None:
    def tokens(_request: httpx.Request) -> httpx.Response:
        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b"[" * 1024

        return httpx.Response(200, content=endless())

    with pytest.raises(Fatal, match="more than 64 kB"):
        await connection(tokens, http_auth(GOOGLE, Clock())).send(get(URL))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"[" * 200_000,
        b'{"access_token": ["x"]}',
        b'{"access_token": "two\\r\\nlines"}',
        b'{"access_token": ""}',
        b"not json",
        b'"' + b'\\"' * 30_000,
        b"\xff\xfe",
        b"null",
    ],
)
def test_a_token_that_cannot_be_shown_is_none(body: bytes) -> None:
    assert parse_token(body) is None


@pytest.mark.parametrize("life", ["1e999", "-5", '"3600"', "null", "[]", "NaN", "1" * 400, "true"])
def test_no_lifetime_is_an_error(life: str) -> None:
    token = parse_token(f'{{"access_token": "t", "expires_in": {life}}}'.encode())

    assert token is not None
    assert timedelta() <= token.life <= timedelta(days=1)


def test_brackets_inside_texts_are_not_counted() -> None:
    assert parse_token(b'{"note": "' + b"[" * 1000 + b'\\"[", "access_token": "t"}') is not None


async def test_a_token_server_that_refuses_is_a_refused_password() -> None:
    def tokens(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, json={"error": "invalid_grant"})

    with pytest.raises(CredentialsRefused, match="gives no access token"):
        await connection(tokens, http_auth(GOOGLE, Clock())).send(get(URL))


@pytest.mark.parametrize(
    "raised", [KeyError("FOO"), NotImplementedError(), RecursionError(), MemoryError(), ZeroDivisionError()]
)
async def test_whatever_an_answer_provokes_is_the_trouble_of_its_target(raised: Exception) -> None:
    def server(_request: httpx.Request) -> httpx.Response:
        raise raised

    with pytest.raises(AnswerUnusable, match="cannot be read") as told:
        await connection(server).send(get(URL))
    assert told.value.__cause__ is raised


async def test_whatever_a_conversation_provokes_is_the_trouble_of_its_target() -> None:
    def careless() -> Steps[None]:
        yield get(URL)
        raise RecursionError

    with pytest.raises(AnswerUnusable):
        await connection(lambda _request: httpx.Response(200)).run(careless())


async def test_a_large_answer_is_read_outside_the_event_loop() -> None:
    loop_thread = asyncio.get_running_loop()
    seen = []

    def conversation() -> Steps[int]:
        response: Response = yield get(URL)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            seen.append("elsewhere")
        return len(response.body)

    large = connection(lambda _request: httpx.Response(207, content=b"x" * 100_000))
    small = connection(lambda _request: httpx.Response(207, content=b"x"))

    assert (await large.run(conversation()), await small.run(conversation())) == (100_000, 1)
    assert seen == ["elsewhere"]
    assert loop_thread.is_running()


async def reaching(url: str) -> str:
    async with open_client(tls_context(Trust()), timeout_seconds=5, connections=1) as http:
        one = Connection(http, places=Places(url), auth=None, timeout=timedelta(seconds=5), clock=Clock())
        with pytest.raises(PublishError) as told:
            await one.send(get(url))
        return str(told.value)


async def test_a_name_that_nobody_knows_is_told_as_that() -> None:
    text = await reaching("https://no-such-host.invalid/")

    assert text.startswith("no-such-host.invalid:443 cannot be reached: DNS")


async def test_a_port_that_refuses_is_told_as_that() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    text = await reaching(f"https://127.0.0.1:{port}/")

    assert text.startswith(f"127.0.0.1:{port} cannot be reached: the port refuses connections")


async def test_plain_http_where_https_is_meant_is_told_as_that() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async with listening(plain) as listener:
        text = await reaching(f"https://127.0.0.1:{listener.port}/")

    assert "speaks plain http on this port" in text
    assert "[SSL" not in text


@pytest.mark.parametrize(
    ("code", "why"), [(10, "has expired"), (62, "for another name"), (18, "name its authority in CA_FILE")]
)
async def test_what_is_wrong_with_a_certificate_is_told(code: int, why: str) -> None:
    def server(_request: httpx.Request) -> httpx.Response:
        error = ssl.SSLCertVerificationError("certificate verify failed")
        error.verify_code = code
        raise httpx.ConnectError("tls") from error

    with pytest.raises(Fatal, match=why):
        await connection(server).send(get(URL))


async def test_where_the_server_sent_us_is_told_with_host_and_port() -> None:
    def server(request: httpx.Request) -> httpx.Response:
        if request.url.scheme == "http":
            return httpx.Response(301, headers={"Location": "https://dav.example.org/"})
        raise httpx.ConnectError("refused") from ConnectionRefusedError()

    one = Connection(
        httpx.AsyncClient(transport=httpx.MockTransport(server)),
        places=Places("http://dav.example.org/"),
        auth=None,
        timeout=timedelta(seconds=5),
        clock=Clock(),
    )
    with pytest.raises(
        Retryable, match=r"org:443 cannot .*; the server sent us there \(redirect, status 301\)"
    ):
        await one.run(follow_redirects(get("http://dav.example.org/"), "http://dav.example.org/"))


async def test_a_server_that_asks_for_a_user_where_none_is_set_is_told_so() -> None:
    with pytest.raises(CredentialsRefused, match="asks for a user, and none is set"):
        await connection(lambda _request: httpx.Response(401)).send(get(URL))


async def test_a_server_that_takes_digest_only_is_told_with_the_setting() -> None:
    def server(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(401, headers={"WWW-Authenticate": 'Digest realm="r", nonce="n"'})

    auth = http_auth(Basic("alice", "secret"), Clock())
    with pytest.raises(CredentialsRefused, match="set AUTH=digest"):
        await connection(server, auth).send(get(URL))
