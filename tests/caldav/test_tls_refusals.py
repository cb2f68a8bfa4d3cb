"""
Servers that want another client certificate, or TLS where we speak plain http: the setting is named.
"""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from service.caldav.client import Trust
from service.caldav.credentials import ClientCertificate
from service.core.errors import Fatal, PublishError
from tests.caldav.test_tls import pems, status
from tests.listening import listening, serving_http

__all__ = ["pems"]

Limit = Callable[[ssl.SSLContext], None]


def only_1_2(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2


def any_version(_context: ssl.SSLContext) -> None:
    pass


class Quiet(BaseHTTPRequestHandler):
    """
    Shakes hands and hears the client out, for a connection that is closed unread takes the alert with it.

    A server of asyncio would not even send the alert.
    """

    connection: ssl.SSLSocket

    def handle(self) -> None:
        with suppress(OSError):
            self.connection.do_handshake()
        with suppress(OSError):
            while os.read(self.connection.fileno(), 65_536):
                pass


@contextmanager
def choosy(pems: Path, limit: Limit) -> Iterator[str]:
    """A server that takes the client's certificate alone."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(pems / "client.pem"))
    context.load_cert_chain(pems / "server.pem", pems / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    limit(context)
    with serving_http(Quiet, tls=context) as port:
        yield f"https://127.0.0.1:{port}/"


@pytest.mark.parametrize("limit", [any_version, only_1_2])
async def test_a_server_that_misses_our_certificate_has_it_named(pems: Path, limit: Limit) -> None:
    with choosy(pems, limit) as url, pytest.raises(Fatal, match="set CLIENT_CERTIFICATE"):
        await status(url, Trust(pems / "server.pem"))


@pytest.mark.parametrize("limit", [any_version, only_1_2])
async def test_a_server_that_refuses_our_certificate_tells_why(pems: Path, limit: Limit) -> None:
    other = ClientCertificate(pems / "server.pem", pems / "server.key")

    with choosy(pems, limit) as url, pytest.raises(Fatal, match="refuses the client certificate") as told:
        await status(url, Trust(pems / "server.pem", other))

    assert "(it does not know its authority)" in str(told.value)


@asynccontextmanager
async def answering(octets: bytes) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(octets)
        await writer.drain()

    async with listening(answer) as listener:
        yield f"http://127.0.0.1:{listener.port}/"


def bad_request(text: str) -> bytes:
    return f"HTTP/1.1 400 Bad Request\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<center>The plain HTTP request was sent to HTTPS port</center>", "write https:// in URL"),
        ("You're speaking plain HTTP to an SSL-enabled server port.", "write https:// in URL"),
        ("Client sent an HTTP request to an HTTPS server.", "write https:// in URL"),
        ("<center>No required SSL certificate was sent</center>", "set CLIENT_CERTIFICATE"),
        ("<center>The SSL certificate error</center>", "refuses the client certificate"),
    ],
)
async def test_what_web_servers_say_about_tls_is_understood(text: str, told: str) -> None:
    async with answering(bad_request(text)) as url:
        with pytest.raises(Fatal, match=told):
            await status(url, Trust())


async def test_a_handshake_that_is_broken_off_may_be_for_a_certificate(pems: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(pems / "client.pem"))
    context.load_cert_chain(pems / "server.pem", pems / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    only_1_2(context)

    async with listening(lambda _reader, _writer: asyncio.sleep(0), tls=context) as listener:
        with pytest.raises(PublishError, match="set CLIENT_CERTIFICATE if it asks for one"):
            await status(f"https://127.0.0.1:{listener.port}/", Trust(pems / "server.pem"))


async def test_another_bad_request_is_an_answer_like_any_other() -> None:
    async with answering(bad_request("Bad Request")) as url:
        assert await status(url, Trust()) == 400


async def test_a_port_that_hangs_up_on_plain_http_may_speak_tls() -> None:
    async with answering(b"") as url:
        with pytest.raises(PublishError, match="see whether it speaks TLS on this port"):
            await status(url, Trust())
