"""
The web server of the real program among clients that mean no good.
"""

import asyncio
import os
import resource
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import median

import httpx
import pytest

from service.simulator.server import Simulator, SimulatorOptions
from tests.e2e.given import once, weekly
from tests.e2e.program import Daemon, Home, started

pytestmark = pytest.mark.thorough

IDLE = 1010
LIMITED = ("sh", "-c", 'ulimit -n 1024; exec "$@"', "sh", sys.executable, "-m", "service")

EXPLODING = """
import asyncio
from service.app import build
from service.__main__ import main
from service.app.synchronizer import Synchronizer


class Exploding(Synchronizer):
    async def accept(self, snapshot):
        if "a bug of the tests" in repr(snapshot):
            raise ZeroDivisionError(type(asyncio.get_running_loop()).__module__)
        return await super().accept(snapshot)


build.Synchronizer = Exploding
main()
"""
"""The program, with a bug that a topic brings out, and which names the event loop."""


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Let this process hold the connections of all these clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, 4096) if hard == resource.RLIM_INFINITY else min(max(soft, 4096), hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def serving(home: Home, **settings: str) -> AsyncIterator[Daemon]:
    options = SimulatorOptions(conferences=[once("1"), weekly("2")])
    async with Simulator(options) as simulator, home.daemon(simulator.url, **settings) as daemon:
        await daemon.feed(lambda feed: len(feed.vevents) == 2)
        yield daemon


def port_of(daemon: Daemon) -> int:
    return int(daemon.url.rpartition(":")[2])


@contextmanager
def connections(daemon: Daemon, count: int, first: bytes = b"") -> Iterator[list[socket.socket]]:
    """Hold so many connections open, each with these bytes sent."""
    with ExitStack() as opened:
        held = []
        for _ in range(count):
            each = opened.enter_context(socket.create_connection(("127.0.0.1", port_of(daemon)), timeout=20))
            each.sendall(first)
            held.append(each)
        yield held


@pytest.mark.usefixtures("descriptors")
@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX-Slow: ",
        (
            b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: 1000\r\n\r\n"
        ),
    ],
    ids=["silent", "kept", "in a header", "in a body"],
)
async def test_a_thousand_idle_connections_keep_nobody_out(tmp_path: Path, first: bytes) -> None:
    (tmp_path / "home").mkdir()
    home = Home(tmp_path / "home", command=LIMITED)
    # A connection that is kept may be closed as idle at the moment of its next request.
    no_connection_kept = httpx.Limits(max_keepalive_connections=0)
    async with (
        httpx.AsyncClient(trust_env=False, limits=no_connection_kept) as http,
        serving(home, ADMIN_TOKEN="a token of the tests") as started_daemon,
    ):
        daemon = replace(started_daemon, http=http)
        with connections(daemon, IDLE, first) as held:
            seconds = []
            for _ in range(5):
                started_at = time.monotonic()
                assert len((await daemon.feed()).vevents) == 2
                seconds.append(time.monotonic() - started_at)
            assert (await daemon.http.get(f"{daemon.url}/healthz")).status_code == 200

            assert median(seconds) < 1
            # The oldest went, the newest stayed.
            held[0].settimeout(20)
            assert received_to_its_end(held[0])

        assert daemon.program.process.returncode is None
        assert not [line for line in daemon.program.err if "Traceback" in line]


def received_to_its_end(connection: socket.socket) -> bool:
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


async def test_a_process_without_descriptors_pauses_and_goes_on(home: Home) -> None:
    async with serving(home) as daemon:
        pid = daemon.program.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 -- pathlib's is refused in a coroutine
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 2, limits[1]))
        with connections(daemon, 20):
            told = await daemon.program.event("web.accepting_paused")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)

        assert len((await daemon.feed()).vevents) == 2
        assert await daemon.program.event("web.accepting_again")

    assert told["reason"] == "Too many open files"
    assert daemon.program.events().count("web.accepting_paused") == 1
    assert not [line for line in daemon.program.err if "Traceback" in line]


@pytest.mark.parametrize("host", ["*", "127.0.0.1,127.0.0.2", "0.0.0.0"])
async def test_it_is_healthy_wherever_it_listens(home: Home, unused_tcp_port: int, host: str) -> None:
    port = str(unused_tcp_port)
    async with (
        serving(home, HOST=host, PORT=port),
        home.started("healthcheck", HOST=host, PORT=port) as asked,
    ):
        assert await asked.ended() == 0

    assert asked.out == ["ok"]


async def test_no_answer_was_last_modified_after_its_date(home: Home) -> None:
    async with (
        Simulator(SimulatorOptions(conferences=[once("1")])) as simulator,
        home.daemon(simulator.url) as daemon,
    ):
        for number in range(20):
            await simulator.set_conferences([once("1", f"Topic {number}")])
            response = (await daemon.feed()).response
            date, modified = (
                parsedate_to_datetime(response.headers[name]) for name in ("date", "last-modified")
            )
            assert modified <= date
        asset = await daemon.http.get(f"{daemon.url}/static/page.css")

    assert asset.status_code == 200
    assert "last-modified" not in asset.headers


async def test_a_kept_connection_is_answered_at_once(home: Home) -> None:
    async with serving(home) as daemon:
        seconds = []
        with connections(daemon, 1) as (kept,):
            for _ in range(40):
                started_at = time.monotonic()
                kept.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n")
                answer = b""
                while not answer.endswith(b"Disallow:\n"):
                    answer += kept.recv(65536)
                seconds.append(time.monotonic() - started_at)

    # A delayed acknowledgement takes 40 ms, each time once the system has stopped to hurry.
    assert min(seconds[-10:]) < 0.03


async def test_a_crash_ends_it_soon_whoever_is_connected(home: Home, tmp_path: Path) -> None:
    (tmp_path / "exploding.py").write_text(EXPLODING, encoding="utf-8")
    command = (sys.executable, tmp_path / "exploding.py")
    async with Simulator(SimulatorOptions(conferences=[once("1")])) as simulator:
        environ = home.environ(SOURCES__LOBBY__URL=simulator.url, SOURCES__DUMB__URL="ws://127.0.0.1:1")
        async with started("run", environ=environ, command=command) as program:
            url = (await program.event("app.started"))["url"]
            async with asyncio.timeout(20):
                reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                await reader.readuntil(b"ok\n")
                _, silent = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
                silent.write(b"GET /hea")
            await program.event("sync.list_accepted")
            await simulator.set_conferences([once("1", "a bug of the tests")])
            async with asyncio.timeout(5):
                code = await program.ended()
            writer.close()
            silent.close()

    assert code == 1
    assert program.err[-1].startswith("confcal: a part crashed (ZeroDivisionError: uvloop")
    crash = await program.event("app.crashed")
    assert "Traceback" in crash["exception"]
