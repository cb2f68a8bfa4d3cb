"""
The daemon for many minutes: 20 Rooms with faults, feeds that are polled, a target, reloads.

    make soak MINUTES=20

It runs only where SOAK_MINUTES is set, and prints what it measured.
"""

import asyncio
import os
import random
import signal
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from icalendar import Calendar

from service.calendars.tokens import token_of
from service.simulator.server import Simulator, SimulatorOptions
from tests.caldav import loopback
from tests.caldav.loopback import PASSWORD, USERNAME
from tests.e2e.given import Raw, once, weekly
from tests.e2e.program import SECRET, Daemon, Home

MINUTES = float(os.environ.get("SOAK_MINUTES", "0"))
ROOMS = 20
EACH = 40
"""Conferences of one Room."""

MOST_GROWTH = 0.05
MORE_DESCRIPTORS = 4
SETTLES_SECONDS = 60.0
ANSWERS_SECONDS = 60.0

pytestmark = pytest.mark.skipif(not MINUTES, reason="a soak takes long: make soak MINUTES=20")


def conferences_of(room: int) -> list[Raw]:
    made = [once if number % 3 else weekly for number in range(EACH)]
    return [make(f"{room}-{number}", f"Topic {room}-{number}") for number, make in enumerate(made)]


@dataclass
class Site:
    """20 Rooms, and what happened to them."""

    rooms: list[Simulator]
    chance: random.Random
    happened: Counter[str] = field(default_factory=Counter)
    edits: int = 0

    async def disturb(self) -> None:
        """Do one thing that Rooms do in a year."""
        room = self.chance.choice(self.rooms)
        act = self.chance.choices(
            ("edit", "drop", "garbage", "huge", "announce", "logout"), (8, 3, 2, 1, 4, 1)
        )[0]
        self.happened[act] += 1
        match act:
            case "edit":
                await self._edit(room)
            case "drop":
                await room.drop_all()
            case "garbage":
                await room.send_raw(self.chance.choice(("{", "[]", '{"event":7}', "\x00", '{"event":"x"}')))
            case "huge":
                await room.send_raw('{"event":"conferenceList","conferences":"' + "x" * 400_000 + '"}')
            case "announce":
                await room.announce()
            case _:
                await room.logout()
                await asyncio.sleep(0.2)
                await room.change_user(peer_of(self.rooms.index(room)))

    async def _edit(self, room: Simulator) -> None:
        self.edits += 1
        listed = [dict(each) for each in room.conferences]
        listed[self.chance.randrange(len(listed))]["topic"] = f"Edited {self.edits}"
        await room.set_conferences(listed)


def peer_of(room: int) -> str:
    return f"room{room}@video.example.com"


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    async with AsyncExitStack() as opened:
        rooms = [
            await opened.enter_async_context(
                Simulator(SimulatorOptions(peer=peer_of(number), conferences=conferences_of(number)))
            )
            for number in range(ROOMS)
        ]
        yield Site(rooms, random.Random(20))  # noqa: S311 -- faults that can be had again


@dataclass(frozen=True)
class Sample:
    """What the process uses at one moment."""

    at: float
    bytes: int
    descriptors: int


def measure(pid: int) -> Sample:
    status = Path(f"/proc/{pid}/status").read_text()
    (resident,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Sample(time.monotonic(), int(resident) * 1024, descriptors)


@dataclass
class Polls:
    """The answers to requests for feeds; those of another kind in full."""

    statuses: Counter[int] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)

    def note(self, calendar: str, response: httpx.Response) -> None:
        self.statuses[response.status_code] += 1
        if response.status_code not in {200, 304}:
            self._keep(calendar, f"{response.status_code} {response.text[:200]}")

    def fail(self, calendar: str, error: Exception) -> None:
        self._keep(calendar, repr(error))

    def _keep(self, calendar: str, what: str) -> None:
        self.odd.append(f"{time.strftime('%H:%M:%S')} {calendar}: {what}")


async def poll_feeds(daemon: Daemon, polls: Polls, stop: asyncio.Event) -> None:
    chance, etags = random.Random(3), dict[str, str]()  # noqa: S311
    while not stop.is_set():
        calendar = chance.choice(["all", *(peer_of(number) for number in range(ROOMS))])
        known = {"If-None-Match": etags[calendar]} if calendar in etags else {}
        url = f"{daemon.url}/feeds/{token_of(SECRET.encode(), calendar, 0)}/x.ics"
        try:
            response = await daemon.http.get(url, headers=known)
        except httpx.HTTPError as error:
            polls.fail(calendar, error)
            continue
        polls.note(calendar, response)
        etags[calendar] = response.headers.get("etag", "")
        await asyncio.sleep(0.05)


async def topics_of(daemon: Daemon, calendar: str) -> dict[str, str]:
    feed = await daemon.get(calendar)
    found = Calendar.from_ical(feed.content).walk("VEVENT")
    return {str(vevent["X-CONFCAL-ID"]): str(vevent["SUMMARY"]) for vevent in found}


async def differing(daemon: Daemon, site: Site) -> list[str]:
    """Return the Rooms whose feed is not their list."""
    wrong = []
    for number, room in enumerate(site.rooms):
        wanted = {str(each["id"]): str(each["topic"]) for each in room.conferences}
        if await topics_of(daemon, peer_of(number)) != wanted:
            wrong.append(peer_of(number))
    return wrong


def published(url: str) -> list[str]:
    with httpx.Client(auth=(USERNAME, PASSWORD), trust_env=False) as http:
        listed = http.request("PROPFIND", url, headers={"Depth": "1"}, timeout=60)
    return [part.split("<")[0] for part in listed.text.split("<href>")[1:] if ".ics" in part]


def settings_file(path: Path, site: Site, server: int, *, poll: str) -> None:
    lines = [
        f'poll_every = "{poll}"',
        *(f'[sources.room{number}]\nurl = "{room.url}"' for number, room in enumerate(site.rooms)),
        f'[targets.cloud]\nurl = "http://127.0.0.1:{server}/{USERNAME}/"\ncollection = "soak"',
        f'username = "{USERNAME}"\npassword = "{PASSWORD}"',
    ]
    path.write_text("\n".join(lines))


@pytest.mark.timeout(MINUTES * 60 + 600)
def test_a_long_life_grows_nothing_and_loses_nothing(home: Home, tmp_path: Path) -> None:
    # In a loop of its own: asynchronous tests end after minutes.
    asyncio.run(live_long(home, tmp_path))


async def live_long(home: Home, tmp_path: Path) -> None:
    server = loopback.radicale(tmp_path)
    server.start()
    stop, polls, samples = asyncio.Event(), Polls(), list[Sample]()
    file, reloads = tmp_path / "settings.toml", 0
    try:
        async with site() as rooms:
            settings_file(file, rooms, server.port, poll="PT20S")
            async with home.daemon(CONFIG_FILE=str(file)) as daemon:
                # Other work on the machine must not end the soak.
                daemon.http.timeout = ANSWERS_SECONDS
                pid = daemon.program.process.pid
                # A calendar exists from its first list on.
                for number in range(ROOMS):
                    await daemon.feed(calendar=peer_of(number))
                polling = asyncio.create_task(poll_feeds(daemon, polls, stop))
                ends = time.monotonic() + MINUTES * 60
                reload_at, sample_at = time.monotonic() + 20, 0.0
                while time.monotonic() < ends:
                    await rooms.disturb()
                    await asyncio.sleep(0.2)
                    if time.monotonic() > reload_at:
                        reload_at, reloads = time.monotonic() + 20, reloads + 1
                        settings_file(file, rooms, server.port, poll="PT20S" if reloads % 2 else "PT30S")
                        daemon.program.send(signal.SIGHUP)
                    if time.monotonic() > sample_at:
                        sample_at = time.monotonic() + 2
                        samples.append(measure(pid))
                wrong = await settle(daemon, rooms)
                stop.set()
                await polling
                events = Counter(daemon.program.events())
                url = f"http://127.0.0.1:{server.port}/{USERNAME}/soak/"
                there = await follow(url)
                code = await daemon.program.end()
                log = [line for line in daemon.program.err if "Traceback" in line or '"app.crashed"' in line]
    finally:
        server.kill()

    growth, more = judge(samples)
    sys.stderr.write(
        f"\nsoak: {MINUTES:g} minutes, {len(samples)} samples, "
        f"{samples[0].bytes / 2**20:.1f} MiB at first, {samples[-1].bytes / 2**20:.1f} at last, "
        f"by tenths {course(samples)}, growth {growth:+.2%}, descriptors {more:+d}, "
        f"{dict(rooms.happened)}, {reloads} reloads, "
        f"feeds {dict(polls.statuses)}, {there} events published, log {dict(events.most_common(12))}\n"
    )
    assert wrong == []
    assert log == []
    assert code == 0
    assert events["settings.reloaded"] >= reloads - 1
    assert polls.odd == []
    assert there == ROOMS * EACH
    assert growth < MOST_GROWTH
    assert more <= MORE_DESCRIPTORS


async def settle(daemon: Daemon, rooms: Site) -> list[str]:
    """Wait until every feed is its Room's list; the Rooms whose feed is not."""
    deadline = time.monotonic() + SETTLES_SECONDS
    wrong = await differing(daemon, rooms)
    while wrong and time.monotonic() < deadline:
        await asyncio.sleep(1)
        wrong = await differing(daemon, rooms)
    return wrong


async def follow(url: str) -> int:
    """Wait until the target holds everything; how much it holds."""
    deadline = time.monotonic() + 3 * SETTLES_SECONDS
    while (there := len(await asyncio.to_thread(published, url))) < ROOMS * EACH:
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(2)
    return there


def course(samples: list[Sample]) -> list[int]:
    """Return the MiB of each tenth of the time: what settles differs from what grows on."""
    tenth = max(1, len(samples) // 10)
    parts = (samples[begin : begin + tenth] for begin in range(0, len(samples), tenth))
    return [round(statistics.median(sample.bytes for sample in part) / 2**20) for part in parts]


def judge(samples: list[Sample]) -> tuple[float, int]:
    """Return how memory and descriptors grew from the end of the first third to the last tenth."""
    third, tenth = max(1, len(samples) // 3), max(1, len(samples) // 10)
    early, late = samples[third - tenth : third + tenth], samples[-tenth:]
    before = statistics.median(sample.bytes for sample in early)
    after = statistics.median(sample.bytes for sample in late)
    more = statistics.median(s.descriptors for s in late) - statistics.median(s.descriptors for s in early)
    return after / before - 1, round(more)
