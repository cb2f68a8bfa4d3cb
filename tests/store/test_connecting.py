"""
Why no connection to a server comes about, told of servers that refuse in each way.
"""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.core.errors import StoreUnavailable
from service.store.sql import open_store
from tests.listening import Talk, listening
from tests.tools import missing

SSL_REQUEST_OCTETS = 8


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of a server named `db.example.com`, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        missing("openssl is not installed")
    folder = tmp_path_factory.mktemp("pem")
    command = (
        f"{openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
        f"-days 2 -subj /CN=db.example.com "
        "-addext subjectAltName=DNS:db.example.com -keyout server.key -out server.crt"
    )
    subprocess.run(command.split(), check=True, capture_output=True, cwd=folder, timeout=60)
    file = folder / "server.pem"
    file.write_text((folder / "server.crt").read_text() + (folder / "server.key").read_text())
    return file


@asynccontextmanager
async def served(talk: Talk) -> AsyncIterator[str]:
    async with listening(talk) as listener:
        yield f"postgresql://confcal:hunter2@127.0.0.1:{listener.port}/confcal"


def with_tls(pem: Path) -> Talk:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(SSL_REQUEST_OCTETS)
        writer.write(b"S")
        await writer.drain()
        await writer.start_tls(context)
        await refuse(reader, writer)

    return talk


async def without_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(SSL_REQUEST_OCTETS)
    writer.write(b"N")
    await writer.drain()
    await refuse(reader, writer)


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a startup message with what PostgreSQL says of a wrong password."""
    length = int.from_bytes(await reader.readexactly(4), "big")
    await reader.readexactly(length - 4)
    fields = (b"SFATAL", b"VFATAL", b"C28P01", b'Mpassword authentication failed for user "confcal"')
    body = b"".join(field + b"\0" for field in fields) + b"\0"
    writer.write(b"E" + (len(body) + 4).to_bytes(4, "big") + body)
    await writer.drain()


async def told(talk: Talk, parameters: str) -> str:
    async with served(talk) as url:
        with pytest.raises(StoreUnavailable) as raised:
            await open_store(url + parameters, migrate=True)
    assert "hunter2" not in str(raised.value)
    return str(raised.value)


async def test_a_server_without_tls_is_named_where_tls_is_demanded() -> None:
    sentence = await told(without_tls, "?sslmode=require")

    assert "does not speak TLS (" in sentence
    assert "rejected SSL upgrade" in sentence
    assert "sslmode in CONFCAL_DATABASE_URL" in sentence


async def test_a_certificate_of_nobody_known_is_named_with_the_parameter_for_its_authority(pem: Path) -> None:
    sentence = await told(with_tls(pem), "?sslmode=verify-full&sslrootcert=system")

    assert "shows a certificate that is not trusted here (self-signed certificate)" in sentence
    assert "sslrootcert=FILE in CONFCAL_DATABASE_URL" in sentence


async def test_a_certificate_for_another_host_is_named(pem: Path) -> None:
    sentence = await told(with_tls(pem), f"?sslmode=verify-full&sslrootcert={pem}")

    assert "certificate is not valid for '127.0.0.1'" in sentence


@pytest.mark.parametrize("mode", ["verify-ca", "require"])
async def test_a_trusted_server_is_asked_and_its_refusal_told(pem: Path, mode: str) -> None:
    authority = f"&sslrootcert={pem}" if mode == "verify-ca" else ""

    sentence = await told(with_tls(pem), f"?sslmode={mode}{authority}")

    assert 'password authentication failed for user "confcal"' in sentence
    assert sentence.endswith(": correct CONFCAL_DATABASE_URL")


async def test_without_an_authority_nothing_can_be_verified(pem: Path) -> None:
    sentence = await told(with_tls(pem), "?ssl=verify-full")

    assert "cannot be checked (root certificate file " in sentence
    assert "add sslrootcert=FILE to CONFCAL_DATABASE_URL" in sentence


async def test_what_is_no_postgresql_is_named() -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    assert "report this" not in await told(talk, "?sslmode=disable")


async def test_a_host_that_nobody_knows_is_told_as_such() -> None:
    with pytest.raises(StoreUnavailable, match=r"on db\.invalid cannot be reached \(.+\): see whether"):
        await open_store("postgresql://confcal:hunter2@db.invalid/confcal", migrate=True)
