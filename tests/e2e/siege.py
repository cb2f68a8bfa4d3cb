"""
A daemon under attack: a good Room with a thousand conferences, one more whose list changes, and who watches.
"""

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from service.calendars.tokens import token_of
from tests.e2e.given import once
from tests.e2e.program import DEADLINE_SECONDS, SECRET, Daemon, Home, Room, room

CONFERENCES = 1000
MEBIBYTE = 2**20
ANSWER_SECONDS = 1.0
LIST_SECONDS = 2.0
MOST_MEMORY = 300 * MEBIBYTE


@dataclass
class Siege:
    """
    What goes on while something attacks, and how well.
    """

    daemon: Daemon
    large: Room
    small: Room
    taken: dict[str, list[float]] = field(default_factory=dict)
    """Seconds, by what they were for."""

    @property
    def medians(self) -> dict[str, float]:
        return {what: round(median(seconds), 3) for what, seconds in self.taken.items()}

    @property
    def peak_memory(self) -> int:
        status = Path(f"/proc/{self.daemon.program.process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024

    @asynccontextmanager
    async def watched(self, *, least_seconds: float = 0) -> AsyncIterator[None]:
        """Have everybody else go on for as long as the block runs."""
        feed = f"{self.daemon.url}/feeds/{token_of(SECRET.encode(), 'all', 0)}/x.ics"
        probe = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("probe.py")),
            f"{self.daemon.url}/healthz",
            feed,
            str(self.small.list_file),
            str(self.small.program.process.pid),
            stdin=PIPE,
            stdout=PIPE,
        )
        try:
            begun = time.monotonic()
            yield
            await asyncio.sleep(max(0.0, begun + least_seconds - time.monotonic()))
            async with asyncio.timeout(2 * DEADLINE_SECONDS):
                out, _ = await probe.communicate(b"")
        finally:
            if probe.returncode is None:
                probe.kill()
                async with asyncio.timeout(DEADLINE_SECONDS):
                    await probe.communicate()
        self.taken = json.loads(out)

    async def heard(self, conference: str) -> None:
        """Wait until a conference is in the feed."""
        await self.daemon.feed_with(f"X-CONFCAL-ID:{conference}".encode())

    def assert_unharmed(self, most_memory: int = MOST_MEMORY) -> None:
        """Assert that nobody else noticed, and that the daemon goes on."""
        told = f"{self.medians}, {self.peak_memory // MEBIBYTE} MiB"
        if report := os.environ.get("SIEGE_REPORT"):
            with Path(report).open("a", encoding="utf-8") as file:
                file.write(f"{os.environ.get('PYTEST_CURRENT_TEST')}: {told}\n")
        assert self.medians["health"] < ANSWER_SECONDS, told
        assert self.medians["feed"] < ANSWER_SECONDS, told
        assert self.medians["list"] < LIST_SECONDS, told
        assert self.peak_memory < most_memory, told
        assert self.daemon.program.process.returncode is None
        assert "app.crashed" not in self.daemon.program.events()


@asynccontextmanager
async def besieged(home: Home, **settings: str) -> AsyncIterator[Siege]:
    """Run the daemon with two good Rooms, and what attacks it in `settings`; both lists are in its feed."""
    folders = [home.path.parent / name for name in ("large", "small")]
    for folder in folders:
        folder.mkdir()
    many = tuple(once(f"{number}", f"Conference {number}") for number in range(CONFERENCES))
    async with (
        room(folders[0], "--peer", "large", conferences=many) as large,
        room(folders[1], "--peer", "small", conferences=(once("small", "Before"),)) as small,
        home.daemon(large.url, SOURCES__SMALL__URL=small.url, **settings) as daemon,
    ):
        await daemon.program.event("sync.list_accepted", times=2)
        yield Siege(daemon, large, small)
