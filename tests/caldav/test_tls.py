"""
Certificates, ours and theirs, over real TLS on loopback.
"""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from service.caldav.client import Trust, open_client, tls_context
from service.caldav.connection import Connection
from service.caldav.credentials import ClientCertificate
from service.caldav.places import Places
from service.caldav.protocol import get
from service.core.errors import Fatal, PublishError
from tests.listening import listening
from tests.publishing.clock import Clock
from tests.tools import missing


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a server's and a client's self-signed certificate."""
    openssl = shutil.which("openssl")
    if openssl is None:
        missing("openssl is not installed")
    folder = tmp_path_factory.mktemp("pems")
    for name in ("server", "client"):
        command = (
            f"{openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
            f"-days 2 -subj /CN={name} "
            f"-addext subjectAltName=IP:127.0.0.1 -keyout {name}.key -out {name}.pem"
        )
        subprocess.run(command.split(), check=True, capture_output=True, cwd=folder, timeout=60)
    return folder


@asynccontextmanager
async def served(pems: Path) -> AsyncIterator[str]:
    """Serve 200 to whoever shows the client's certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(pems / "client.pem"))
    context.load_cert_chain(pems / "server.pem", pems / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    async with listening(answer, tls=context) as listener:
        yield f"https://127.0.0.1:{listener.port}/"


async def status(url: str, trust: Trust) -> int:
    async with open_client(tls_context(trust), timeout_seconds=5, connections=1) as http:
        connection = Connection(
            http, places=Places(url), auth=None, timeout=timedelta(seconds=5), clock=Clock()
        )
        return (await connection.send(get(url))).status


async def test_a_client_certificate_is_shown_and_the_server_s_authority_believed(pems: Path) -> None:
    shown = ClientCertificate(pems / "client.pem", pems / "client.key")

    async with served(pems) as url:
        assert await status(url, Trust(pems / "server.pem", shown)) == 200


async def test_without_our_certificate_the_server_refuses(pems: Path) -> None:
    async with served(pems) as url:
        with pytest.raises(PublishError):
            await status(url, Trust(pems / "server.pem"))


async def test_an_unknown_authority_is_told_with_what_to_do(pems: Path) -> None:
    async with served(pems) as url:
        with pytest.raises(Fatal, match="name its authority in CA_FILE"):
            await status(url, Trust())
