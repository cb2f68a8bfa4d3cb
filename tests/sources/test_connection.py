"""
Answers that no server should give end one connection, and nothing else.
"""

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from service.sources.connection import ConnectionLost, ConnectWithoutRedirects, open_socket, translate_errors
from service.sources.turns import LargeFrames
from service.trueconf.causes import Cause
from tests.listening import listening
from tests.tools import missing


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server's key and its certificate, signed by itself, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        missing("openssl is not installed")
    file = tmp_path_factory.mktemp("pem") / "server.pem"
    command = (
        f"{openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
        f"-days 2 -subj /CN=room -keyout {file} -out {file}.pem"
    )
    subprocess.run(command.split(), check=True, capture_output=True, timeout=60)
    file.write_bytes(file.read_bytes() + Path(f"{file}.pem").read_bytes())
    return file


@asynccontextmanager
async def over_tls(certificate: Path, answer: bytes = b"") -> AsyncIterator[str]:
    """Give the port of a server that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    async with listening(talk, tls=context) as listener:
        yield f"127.0.0.1:{listener.port}"


async def why(url: str) -> ConnectionLost:
    with pytest.raises(ConnectionLost) as told, translate_errors("room:8765"):
        await open_socket(url, LargeFrames())
    return told.value


async def test_a_name_that_nobody_knows_is_told_as_that() -> None:
    async def resolve() -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(ConnectionLost) as told, translate_errors("room:8765"):
        await resolve()

    assert str(told.value) == (
        "room:8765 cannot be reached: its name cannot be looked up; "
        "check the name, and the DNS of this machine"
    )


async def test_a_port_where_nothing_listens_is_told_as_that() -> None:
    async with answering(b"") as url:
        pass

    assert str(await why(url)) == (
        "room:8765 cannot be reached: it refuses the connection, nothing listens on this port; "
        "start TrueConf Room or VideoSDK there, or correct the port"
    )


async def test_plain_talk_to_a_port_of_tls_is_told_with_what_to_write(certificate: Path) -> None:
    async with over_tls(certificate) as address:
        assert "wss:// in place of ws://" in str(await why(f"ws://{address}"))


async def test_a_server_that_asks_for_https_is_told_with_what_to_write() -> None:
    page = b"<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>"
    head = f"HTTP/1.1 400 Bad Request\r\nContent-Length: {len(page)}\r\n\r\n".encode()
    async with answering(head + page) as url:
        lost = await why(url)

    assert lost.cause is Cause.TLS_ONLY
    assert "write wss:// in place of ws://" in str(lost)


async def test_tls_to_a_port_of_plain_talk_is_told_with_what_to_write() -> None:
    async with serve(_nothing, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        lost = await why(f"wss://127.0.0.1:{port}")

    assert "write ws:// in place of wss://" in str(lost)
    assert "_ssl" not in str(lost)


async def test_a_certificate_that_is_not_trusted_is_told_in_words(
    certificate: Path,
) -> None:
    async with over_tls(certificate) as address:
        lost = await why(f"wss://{address}")

    assert lost.cause is Cause.CERTIFICATE
    assert str(lost) == (
        "room:8765 cannot be reached: its certificate is not trusted (self-signed certificate); "
        "name its authority in SSL_CERT_FILE"
    )


@pytest.mark.parametrize(
    ("verify_code", "cause", "advice"),
    [
        (10, Cause.EXPIRED, "renew it there"),
        (62, Cause.OTHER_NAME, "write the name that the certificate is for"),
        (64, Cause.OTHER_NAME, "write the name that the certificate is for"),
        (18, Cause.CERTIFICATE, "name its authority in SSL_CERT_FILE"),
    ],
)
def test_what_is_wrong_with_a_certificate_decides_the_advice(
    verify_code: int, cause: Cause, advice: str
) -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = verify_code

    with pytest.raises(ConnectionLost, match=advice) as told, translate_errors("room:8765"):
        raise error

    assert told.value.cause is cause


def test_an_endpoint_that_asks_for_a_client_certificate_is_told_as_that() -> None:
    error = ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required")
    error.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"

    with (
        pytest.raises(ConnectionLost, match="asks for a client certificate"),
        translate_errors("room:8765"),
    ):
        raise error


@pytest.mark.parametrize(
    "error", [OSError("[Errno 99] odd"), ssl.SSLError(1, "[SSL: ODD] odd (_ssl.c:1006)")]
)
def test_no_sentence_has_marks_for_programmers(error: Exception) -> None:
    with (
        pytest.raises(ConnectionLost, match=r"^room:8765 cannot be reached: odd; ") as told,
        translate_errors("room:8765"),
    ):
        raise error

    assert "_ssl" not in str(told.value)


async def _nothing(_socket: ServerConnection) -> None:
    pass


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """Give the address of a server that answers everything alike."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with listening(talk) as listener:
        yield f"ws://127.0.0.1:{listener.port}"


async def lost(url: str) -> str:
    with pytest.raises(ConnectionLost) as told, translate_errors("room:8765"):
        await ConnectWithoutRedirects(url, proxy=None, open_timeout=5)
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
            assert "status 302" in await lost(url)
    assert not followed


@pytest.mark.parametrize("error", [ValueError("Port out of range"), KeyError("location")])
def test_what_a_library_cannot_read_is_a_lost_connection(error: Exception) -> None:
    with (
        pytest.raises(ConnectionLost, match="room:8765 answers with something unreadable"),
        translate_errors("room:8765"),
    ):
        raise error
