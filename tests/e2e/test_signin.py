"""
Signing in to the real program: what guessers meet, and what stays over a restart.
"""

import asyncio
import re
from urllib.parse import urlsplit

from tests.e2e.program import DEADLINE_SECONDS, Daemon, Home

ADMIN = "the token of the administrator"
SETTINGS = {
    "SOURCES__HALL__INGEST_TOKEN": "the token of the hall",
    "SOURCES__HALL__SERVER": "video.example.com",
    "ADMIN_TOKEN": ADMIN,
    "TRUSTED_PROXIES": "127.0.0.1/32",
}


async def sign_in(daemon: Daemon, token: str = ADMIN, *, client: str = "198.51.100.1") -> int:
    """Send the form as a client of this address; the status of the answer."""
    headers = {"X-Forwarded-For": client}
    answer = await daemon.http.post(f"{daemon.url}/sign-in", data={"token": token}, headers=headers)
    return answer.status_code


async def sign_out(daemon: Daemon) -> None:
    """Press the button of the dashboard."""
    page = (await daemon.http.get(f"{daemon.url}/")).text
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found
    await daemon.http.post(f"{daemon.url}/sign-out", data={"form_token": found[1]})


async def test_a_session_outlives_a_restart_unless_it_was_signed_out_of(home: Home) -> None:
    async with home.daemon(**SETTINGS) as daemon:
        await sign_in(daemon)
        closed = dict(daemon.http.cookies)
        await sign_out(daemon)
        daemon.http.cookies.clear()
        await sign_in(daemon)
        kept = dict(daemon.http.cookies)
        assert await daemon.program.end() == 0

    async with home.daemon(**SETTINGS) as daemon:
        statuses = []
        for cookies in (closed, kept):
            daemon.http.cookies.clear()
            daemon.http.cookies.update(cookies)
            statuses.append((await daemon.http.get(f"{daemon.url}/")).status_code)

    assert statuses == [303, 200]


async def test_a_guesser_is_stopped_and_the_administrator_elsewhere_is_not(home: Home) -> None:
    async with home.daemon(**SETTINGS) as daemon:
        # At once, so that nobody waits for answers that are held back.
        guesses = await asyncio.gather(
            *(sign_in(daemon, "a wrong token", client="203.0.113.9") for _ in range(40))
        )
        mine = await sign_in(daemon, client="203.0.113.10")
        elsewhere = await sign_in(daemon)
        stop = await daemon.program.event("web.network_stopped")
        signed_in = await daemon.program.event("web.signed_in")
        assert await daemon.program.end() == 0

    # Those held back when the stop came are told of it.
    assert guesses.count(429) >= 30
    assert set(guesses) <= {403, 429}
    assert (mine, elsewhere) == (429, 303)
    assert (stop["network"], signed_in["network"]) == ("203.0.113.0/24", "198.51.100.0/24")
    assert daemon.program.events().count("web.token_refused") == 30
    assert "a wrong token" not in "\n".join(daemon.program.err)


async def test_a_form_without_end_is_cut_off_and_the_daemon_goes_on(home: Home) -> None:
    async with home.daemon(**SETTINGS) as daemon:
        answer, sent = await flood(daemon)
        alive = (await daemon.http.get(f"{daemon.url}/healthz")).status_code

    assert answer.startswith(b"HTTP/1.1 413 ")
    # What fills the buffers of the machine on the way, and not without end.
    assert sent < 64 * 2**20
    assert alive == 200


async def flood(daemon: Daemon) -> tuple[bytes, int]:
    """Send a form of a gigabyte in chunks until the other side hangs up; its answer, and the bytes sent."""
    where = urlsplit(daemon.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(
        b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    sent, chunk = 0, b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    answering = asyncio.create_task(reader.read(2**16))
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while sent < 2**30:
                writer.write(chunk)
                sent += len(chunk)
                await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
    async with asyncio.timeout(DEADLINE_SECONDS):
        return await answering, sent
