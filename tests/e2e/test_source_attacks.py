"""
A source may send what it likes: the daemon lives, and nobody else notices.
"""

import asyncio
import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from service.simulator.server import Simulator, SimulatorOptions
from tests.e2e.given import once
from tests.e2e.program import Daemon, Home
from tests.trueconf.hostile import CONTINUATION, FINAL, MEBIBYTE, PING, TEXT, endpoint, frame

pytestmark = pytest.mark.thorough

TOKEN = "the token of the hall"
SECONDS = 1.0
MOST_MEMORY = 300 * MEBIBYTE


def list_with(conferences: bytes) -> bytes:
    return b'{"method":"event","event":"conferenceList","conferences":[' + conferences + b"]}"


def wrong(number: int) -> bytes:
    return json.dumps({"id": str(number), "schedule_type": "month", "topic": "x" * 200}).encode()


# Each is made by the test that sends it: together they are hundreds of megabytes.
FLOODS: dict[str, Callable[[], bytes]] = {
    "sixty megabytes of numbers": lambda: frame(FINAL | TEXT, list_with(b"0," * (30 * MEBIBYTE) + b"0")),
    "thirty megabytes of numbers": lambda: frame(FINAL | TEXT, list_with(b"0," * (15 * MEBIBYTE) + b"0")),
    "thirty megabytes of objects": lambda: frame(FINAL | TEXT, list_with(b"{}," * (10 * MEBIBYTE) + b"0")),
    "brackets": lambda: frame(FINAL | TEXT, b"[" * (30 * MEBIBYTE)),
    "almost JSON": lambda: frame(FINAL | TEXT, list_with(b"[]," * (10 * MEBIBYTE))),
    "twenty thousand wrong ones": lambda: frame(
        FINAL | TEXT, list_with(b",".join(wrong(number) for number in range(20_000)))
    ),
    "empty fragments": lambda: frame(TEXT, b"{") + frame(CONTINUATION) * 500_000,
    "pings": lambda: frame(FINAL | PING, b"x" * 125) * 100_000,
    "events": lambda: frame(FINAL | TEXT, b'{"method":"event","event":"x"}') * 200_000,
}


async def bystander(daemon: Daemon, room: Simulator, done: asyncio.Event) -> list[float]:
    """Go on as everybody else does; how long each answer took, and each list until it was in the feed."""
    taken: list[float] = []
    number = 0
    while not done.is_set() or number < 5:
        number += 1
        for path in ("/healthz", "/readyz"):
            begun = time.monotonic()
            assert (await daemon.http.get(f"{daemon.url}{path}")).status_code == 200
            taken.append(time.monotonic() - begun)
        begun = time.monotonic()
        topic = f"Topic {number}"
        await room.set_conferences([once("1", topic)])
        await daemon.feed_of("1", topic)
        taken.append(time.monotonic() - begun)
    return taken


def peak_memory(daemon: Daemon) -> int:
    status = Path(f"/proc/{daemon.program.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


async def assert_unharmed(daemon: Daemon, taken: list[float]) -> None:
    assert median(taken) < SECONDS
    assert peak_memory(daemon) < MOST_MEMORY
    assert daemon.program.process.returncode is None
    assert await daemon.program.end() == 0
    # The list of one kind of mistake is one line, however many make it.
    assert daemon.program.events().count("sync.conference_rejected") <= 10


@pytest.mark.parametrize("name", FLOODS)
async def test_what_an_endpoint_sends_harms_nobody_else(home: Home, name: str) -> None:
    flood = FLOODS[name]()
    attacked = asyncio.Event()
    calm = asyncio.Event()

    async def talk(writer: asyncio.StreamWriter) -> None:
        if calm.is_set():
            return
        try:
            for start in range(0, len(flood), MEBIBYTE):
                writer.write(flood[start : start + MEBIBYTE])
                await writer.drain()
        finally:
            attacked.set()

    options = SimulatorOptions(conferences=[once("1", "Before")])
    async with (
        Simulator(options) as room,
        endpoint(talk) as bad,
        home.daemon(room.url, SOURCES__BAD__URL=bad) as daemon,
    ):
        await daemon.feed(lambda feed: "1" in feed.vevents)
        taken = await bystander(daemon, room, attacked)
        calm.set()

        await assert_unharmed(daemon, taken)


POSTS: dict[str, Callable[[], bytes]] = {
    "numbers": lambda: list_with(b"0," * (7 * MEBIBYTE) + b"0"),
    "objects": lambda: list_with(b"{}," * (5 * MEBIBYTE) + b"0"),
    "brackets": lambda: b"[" * (15 * MEBIBYTE),
    "wrong ones": lambda: list_with(b",".join(wrong(number) for number in range(20_000))),
}


@pytest.mark.parametrize("name", POSTS)
async def test_what_is_posted_harms_nobody_else(home: Home, name: str) -> None:
    packed = gzip.compress(POSTS[name](), compresslevel=1)
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }
    done = asyncio.Event()
    hall = {
        "SOURCES__HALL__INGEST_TOKEN": TOKEN,
        "SOURCES__HALL__SERVER": "video.example.com",
    }

    async def post(daemon: Daemon) -> list[int]:
        answers = [
            await daemon.http.post(
                f"{daemon.url}/api/events/hall", content=packed, headers=headers, timeout=60
            )
            for _ in range(5)
        ]
        done.set()
        return [answer.status_code for answer in answers]

    async with (
        Simulator(SimulatorOptions(conferences=[once("1", "Before")])) as room,
        home.daemon(room.url, **hall) as daemon,
    ):
        await daemon.feed(lambda feed: "1" in feed.vevents)
        async with asyncio.TaskGroup() as tasks:
            posting = tasks.create_task(post(daemon))
            standing_by = tasks.create_task(bystander(daemon, room, done))

        assert set(posting.result()) <= {202, 400, 422, 429}
        await assert_unharmed(daemon, standing_by.result())
