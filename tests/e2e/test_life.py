"""
How the program begins and ends: signals, crashes, settings that only fail once they are used.
"""

import asyncio
import json
import signal
import socket
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from service.simulator.server import Simulator, SimulatorOptions
from tests.e2e.given import once, weekly
from tests.e2e.program import MODULE, ORDERLY_SECONDS, Home, Program, room, started

EXPLODING = """
from service.app import build
from service.__main__ import main
from service.app.synchronizer import Synchronizer


class Exploding(Synchronizer):
    async def accept(self, snapshot):
        raise ZeroDivisionError("a bug of the tests")


build.Synchronizer = Exploding
main()
"""
"""The program with one part exchanged for one that has a bug."""


@pytest.fixture
def home(home: Home) -> Home:
    """An installation whose program really starts anew each time."""
    return replace(home, command=MODULE)


async def ended(program: Program, number: signal.Signals) -> int:
    """Send a signal; the exit status, which must come soon."""
    async with asyncio.timeout(ORDERLY_SECONDS):
        return await program.end(number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_in_order_whoever_is_connected(home: Home, number: signal.Signals) -> None:
    options = SimulatorOptions(conferences=[once()])
    async with Simulator(options) as simulator, home.daemon(simulator.url) as daemon:
        await daemon.feed(lambda feed: "100" in feed.vevents)
        port = int(daemon.url.rpartition(":")[2])
        _, half_asked = await asyncio.open_connection("127.0.0.1", port)
        half_asked.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        await half_asked.drain()

        assert await ended(daemon.program, number) == 0

        half_asked.close()
        assert daemon.program.events()[-1] == "app.stopped"
        assert not any("Traceback" in line or "Warning" in line for line in daemon.program.err)
        # SQLite removes its log when the last connection is closed properly.
        database = home.path / ".local/share/confcal/confcal.db"
        assert database.exists()
        assert not database.with_name("confcal.db-wal").exists()


async def test_it_ends_in_order_while_it_waits_for_an_endpoint(home: Home, unused_tcp_port: int) -> None:
    async with home.daemon(f"ws://127.0.0.1:{unused_tcp_port}") as daemon:
        await daemon.program.event("trueconf.waiting")

        assert await ended(daemon.program, signal.SIGTERM) == 0


async def test_a_crashed_part_ends_the_program_with_its_reason(home: Home, tmp_path: Path) -> None:
    (tmp_path / "exploding.py").write_text(EXPLODING, encoding="utf-8")
    command = (sys.executable, tmp_path / "exploding.py")
    async with Simulator(SimulatorOptions(conferences=[once()])) as simulator:
        environ = home.environ(SOURCES__LOBBY__URL=simulator.url)
        async with started("run", environ=environ, command=command) as program:
            code = await program.ended()

    assert code == 1
    assert program.err[-1] == (
        "confcal: a part crashed (ZeroDivisionError: a bug of the tests); please report it with the log above"
    )
    crash = await program.event("app.crashed")
    assert "ZeroDivisionError: a bug of the tests" in crash["exception"]


async def test_a_port_in_use_is_one_sentence(home: Home, unused_tcp_port: int) -> None:
    with socket.create_server(("127.0.0.1", unused_tcp_port)):
        settings = {"SOURCES__LOBBY__URL": "ws://127.0.0.1:1", "PORT": str(unused_tcp_port)}
        async with home.started("run", **settings) as program:
            assert await program.ended() == 2

    (sentence,) = program.err
    assert sentence.startswith(f"confcal: CONFCAL_PORT: 127.0.0.1:{unused_tcp_port} cannot be listened on")


async def test_the_database_of_a_newer_confcal_is_refused_and_left_as_it_is(home: Home) -> None:
    async with home.started("migrate") as migration:
        assert await migration.ended() == 0
    database = home.path / ".local/share/confcal/confcal.db"
    with sqlite3.connect(database) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    before = database.read_bytes()

    async with home.started("run", SOURCES__LOBBY__URL="ws://127.0.0.1:1") as program:
        assert await program.ended() == 1

    (sentence,) = program.err
    assert "was written by a newer confcal (revision 9999)" in sentence
    assert database.read_bytes() == before


async def test_the_addresses_that_are_listed_are_those_that_are_served(
    home: Home, unused_tcp_port: int
) -> None:
    port = {"PORT": str(unused_tcp_port)}
    options = SimulatorOptions(conferences=[once(), weekly()])
    async with Simulator(options) as simulator, home.daemon(simulator.url, **port) as daemon:
        expected = await daemon.feed(lambda feed: len(feed.vevents) == 2)
        async with (
            home.started("feeds", "--json", **port) as listing,
            home.started("healthcheck", **port) as check,
        ):
            assert (await listing.ended(), await check.ended()) == (0, 0)
        every, mine = json.loads("".join(listing.out))
        feed, page = [await daemon.http.get(every[url]) for url in ("feed_url", "page_url")]

    assert (every["calendar"], every["events"]) == ("all", 2)
    assert (mine["calendar"], mine["events"]) == ("room1@video.example.com", 2)
    assert feed.content == expected.body
    assert page.status_code == 200
    assert every["feed_url"] in page.text


async def test_a_secret_that_was_generated_keeps_the_addresses_over_restarts(home: Home) -> None:
    environ = home.environ(PUBLIC_URL="https://calendars.example.com")
    del environ["CONFCAL_SECRET"]
    listed = []
    for _ in range(2):
        # The daemon and `migrate` make the secret where there is none.
        async with started("migrate", environ=environ) as program:
            assert await program.ended() == 0
        async with started("feeds", environ=environ) as program:
            assert await program.ended() == 0
        listed.append(program.out)

    assert listed[0] == listed[1]
    assert "https://calendars.example.com/feeds/" in "".join(listed[0])


async def test_a_stand_in_that_is_told_of_half_a_list_keeps_the_one_before(tmp_path: Path) -> None:
    async with room(tmp_path, conferences=(once(),)) as endpoint:
        whole = endpoint.list_file.read_text(encoding="utf-8")
        endpoint.list_file.write_text(whole[: len(whole) // 2], encoding="utf-8")
        endpoint.program.send(signal.SIGHUP)
        told = await endpoint.program.line(lambda line: "cannot be used" in line, err=True)

        assert told.endswith("; the list before it stays")
        assert await endpoint.program.end() == 0


async def test_whoever_asks_twice_does_not_wait_for_a_locked_database(home: Home) -> None:
    async with (
        Simulator(SimulatorOptions(conferences=[once("1")])) as simulator,
        home.daemon(simulator.url) as daemon,
    ):
        await daemon.feed(lambda feed: "1" in feed.vevents)
        with closing(sqlite3.connect(next(home.path.rglob("confcal.db")))) as other:
            other.execute("BEGIN IMMEDIATE")
            await simulator.set_conferences([once("1", "Renamed")])
            await daemon.program.event("sync.waiting_for_store")
            daemon.program.send(signal.SIGTERM)
            await daemon.program.event("app.stopping")

            assert await daemon.program.end(signal.SIGINT) == 1
            assert "app.ended_at_once" in daemon.program.events()
