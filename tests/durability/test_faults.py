"""
What the machine below fails at: the daemon says so, serves what it has, and goes on when the cause is gone.
"""

import asyncio
import re
import resource
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest

from service.simulator.server import Simulator, SimulatorOptions
from tests.durability.mutations import mutations
from tests.e2e.given import many, once, weekly
from tests.e2e.program import DEADLINE_SECONDS, Daemon, Home
from tests.reaching import reach
from tests.tools import IN_CI, missing

pytestmark = pytest.mark.thorough

LOCKED_SECONDS = 10 if IN_CI else 5
MALFORMED_SECONDS = 60 if IN_CI else 5
MALFORMED_A_SECOND = 100
MOST_GROWTH_OCTETS = 24 * 2**20
ACCEPTED_WITHIN_SECONDS = 2

LARGE = [once(topic="Afterwards"), *many(400)[101:]]
"""More than is free in any file that the database has already."""


@asynccontextmanager
async def listening(home: Home, **settings: str) -> AsyncIterator[tuple[Simulator, Daemon, bytes]]:
    """Give a room, a daemon that took its list over, and the feed that it serves."""
    options = SimulatorOptions(conferences=[once(), weekly()])
    async with Simulator(options) as simulator, home.daemon(simulator.url, **settings) as daemon:
        feed = await daemon.feed(lambda feed: {"100", "200"} <= feed.vevents.keys())
        yield simulator, daemon, feed.body


async def assert_serves(daemon: Daemon, body: bytes) -> None:
    response = await daemon.get()
    assert (response.status_code, response.content) == (200, body)
    assert (await daemon.http.get(f"{daemon.url}/readyz")).status_code == 200


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Give a folder on a disk of a few megabytes."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)]
    done = subprocess.run(mount, check=False, capture_output=True, text=True, timeout=60)
    if done.returncode:
        reason = f"A FULL DISK IS NOT TESTED: nothing can be mounted here: {done.stderr.strip()}"
        missing(reason)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=60)  # noqa: S607 -- wherever it is


def fill(file: Path) -> None:
    """Write until the disk is full."""
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            return


async def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        async with listening(Home(disk)) as (simulator, daemon, before):
            fill(disk / "filler")

            await simulator.set_conferences(LARGE)

            told = await daemon.program.event("trueconf.list_not_taken_over")
            assert "is on a full disk: free some space" in told["error"]
            await assert_serves(daemon, before)
            (disk / "filler").unlink()
            after = await daemon.feed(lambda feed: feed.topics.get("100") == "Afterwards")
            assert after.body.count(b"BEGIN:VEVENT") >= len(LARGE)


async def test_a_disk_that_refuses_to_be_written_to(home: Home) -> None:
    async with listening(home) as (simulator, daemon, before):
        # No file of the process may grow: every write beyond its end is an error.
        pid = daemon.program.process.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

        await simulator.set_conferences(LARGE)

        told = await daemon.program.event("trueconf.list_not_taken_over")
        assert "cannot be read or written: check the disk" in told["error"]
        await assert_serves(daemon, before)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        after = await daemon.feed(lambda feed: feed.topics.get("100") == "Afterwards")
        assert after.body.count(b"BEGIN:VEVENT") >= len(LARGE)


async def test_a_database_locked_by_another_program(home: Home) -> None:
    async with listening(home) as (simulator, daemon, before):
        with closing(sqlite3.connect(database_of(home), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")

            await simulator.set_conferences([once(topic="Afterwards"), weekly()])

            told = await daemon.program.event("sync.waiting_for_store")
            assert "locked by another program" in told["reason"]
            for _ in range(LOCKED_SECONDS * 2):
                await assert_serves(daemon, before)
                await asyncio.sleep(0.5)
            other.execute("ROLLBACK")
        await daemon.feed(lambda feed: feed.topics["100"] == "Afterwards")
        assert daemon.program.events().count("sync.waiting_for_store") == 1


async def test_a_database_locked_for_longer_than_anybody_waits(home: Home) -> None:
    async with listening(home):
        pass
    file = database_of(home)
    short = {"DATABASE_URL": f"sqlite:///{file}?timeout=0.5"}
    async with listening(home, **short) as (simulator, daemon, before):
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            await simulator.set_conferences([once(topic="Afterwards"), weekly()])

            told = await daemon.program.event("trueconf.list_not_taken_over")
            assert "is locked by another program" in told["error"]
            await assert_serves(daemon, before)
            other.execute("ROLLBACK")
        await daemon.feed(lambda feed: feed.topics["100"] == "Afterwards")


async def test_a_damaged_row(home: Home) -> None:
    async with listening(home) as (_, _, before):
        pass
    with closing(sqlite3.connect(database_of(home))) as db:
        db.execute("UPDATE conferences SET content = x'ff00' WHERE id = '100'")
        db.commit()
    # Whatever was rendered before: these settings ask for everything anew.
    changed = {"PEOPLE": "description"}

    async with home.daemon("ws://127.0.0.1:9", **changed) as daemon:
        told = await daemon.program.event("store.row_damaged")
        assert told["conference"] == "100"
        feed = await daemon.feed()
        assert _vevent(feed.body, "100") == _vevent(before, "100")
    async with listening(home, **changed) as (_, daemon, _):
        feed = await daemon.feed(lambda feed: "Elle Brown" in str(feed.vevents["100"]["DESCRIPTION"]))
        assert feed.vevents["100"]["SEQUENCE"] == 1
        assert "store.row_damaged" in daemon.program.events()
    async with listening(home, **changed) as (_, daemon, _):
        assert "store.row_damaged" not in daemon.program.events()


async def test_malformed_frames_without_end(home: Home) -> None:
    frames = mutations(seed=1)
    async with listening(home) as (simulator, daemon, _):
        loop = asyncio.get_running_loop()
        began = loop.time()
        flood = asyncio.create_task(_flood(simulator, frames))
        limit = DEADLINE_SECONDS + MALFORMED_SECONDS
        await reach(lambda: has_rejected(daemon, MALFORMED_SECONDS * 30), limit, pause=0.05)
        before = memory_of(daemon)
        for number in range(int(MALFORMED_SECONDS * 0.7)):
            topic = f"Good list {number}"
            async with asyncio.timeout(ACCEPTED_WITHIN_SECONDS):
                await simulator.set_conferences([once(topic=topic), weekly()])
                await daemon.feed_of("100", topic)
            await asyncio.sleep(1)
        grown = memory_of(daemon) - before
        flood.cancel()
        told, lasted = daemon.program.events().count("trueconf.frame_rejected"), loop.time() - began

    # Of a flood one line now and then.
    assert 1 <= told <= lasted / 10 + 2
    assert grown < MOST_GROWTH_OCTETS
    with closing(sqlite3.connect(database_of(home))) as db:
        ((kept,),) = db.execute("SELECT count(*) FROM rejected")
    assert 0 < kept <= 1000


async def has_rejected(daemon: Daemon, many: float) -> bool:
    return await rejected_by(daemon) >= many


async def rejected_by(daemon: Daemon) -> float:
    """Return how many frames the daemon counts as rejected."""
    metrics = (await daemon.http.get(f"{daemon.url}/metrics")).text
    found = re.search(r'confcal_rejected_total{kind="frame",source="lobby"} (\S+)', metrics)
    return float(found[1]) if found else 0


async def _flood(simulator: Simulator, frames: Iterator[bytes]) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time()
    for frame in frames:
        text = frame.decode(errors="replace")
        # Lists that are understood in part would take turns with the good ones, and logins with the user.
        if '"conferences":' in text.replace(" ", ""):
            await simulator.send_raw(text[: len(text) * 2 // 3])
            due += 1 / MALFORMED_A_SECOND
            await asyncio.sleep(max(0, due - loop.time()))


def memory_of(daemon: Daemon) -> int:
    """Return the bytes of memory that the daemon has in use."""
    pages = Path(f"/proc/{daemon.program.process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


def database_of(home: Home) -> Path:
    (file,) = home.path.rglob("confcal.db")
    return file


def _vevent(body: bytes, id_: str) -> bytes:
    (found,) = [text for text in body.split(b"BEGIN:VEVENT") if f"X-CONFCAL-ID:{id_}\r\n".encode() in text]
    return found.partition(b"END:VEVENT")[0]
