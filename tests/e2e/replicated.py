"""
Several daemons on one PostgreSQL, with Rooms and a CalDAV server.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from service.simulator.server import Simulator, SimulatorOptions
from tests import reaching
from tests.caldav.misbehaving import PASSWORD, USERNAME
from tests.caldav.served import ServedCalDav, serve_caldav
from tests.e2e.given import once
from tests.e2e.program import DEADLINE_SECONDS, Daemon, Feed, Home

ROOMS = 3
CONFERENCES = 42
LEASE_SECONDS = 5
"""Shorter than an operator's, so that a test need not wait long for one that expires."""

UNHURRIED = {"LEASE": "PT30S"}
"""For tests in which no lease is to expire, however busy the machine is."""


@dataclass
class Site:
    """Three Rooms whose users take part in the same conferences, a CalDAV server, and a database."""

    home: Home
    rooms: list[Simulator]
    caldav: ServedCalDav
    database: str

    @property
    def settings(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database,
            "LEASE": f"PT{LEASE_SECONDS}S",
            "TARGETS__TEAM__URL": self.caldav.url,
            "TARGETS__TEAM__USERNAME": USERNAME,
            "TARGETS__TEAM__PASSWORD": PASSWORD,
            "TARGETS__TEAM__COLLECTION": "team",
            **{f"SOURCES__ROOM{n}__URL": room.url for n, room in enumerate(self.rooms)},
        }

    @asynccontextmanager
    async def replicas(self, many: int, **settings: str) -> AsyncIterator[list[Daemon]]:
        """Start so many daemons at once."""
        async with AsyncExitStack() as stack:
            starting = [self.home.daemon(**self.settings | settings) for _ in range(many)]
            yield list(await asyncio.gather(*map(stack.enter_async_context, starting)))

    async def tell(self, conferences: Sequence[dict[str, Any]]) -> None:
        """Have all Rooms send a list."""
        await asyncio.gather(*(room.set_conferences(list(conferences)) for room in self.rooms))


def conferences(topic: str) -> list[dict[str, Any]]:
    return [once(f"{n}", f"{topic} {n}") for n in range(CONFERENCES)]


@asynccontextmanager
async def open_site(home: Home, database: str) -> AsyncIterator[Site]:
    """Start the Rooms and the CalDAV server."""
    home.path.mkdir(exist_ok=True)
    async with AsyncExitStack() as stack:
        rooms = []
        for number in range(ROOMS):
            options = SimulatorOptions(peer=f"room{number}@video.example.com", conferences=conferences("Old"))
            rooms.append(await stack.enter_async_context(Simulator(options)))
        caldav = await stack.enter_async_context(serve_caldav())
        yield Site(home, rooms, caldav, database)


async def reach(condition: Callable[[], object], seconds: float = DEADLINE_SECONDS) -> float:
    """Wait until other processes have done something, and return how long that took."""
    return await reaching.reach(condition, seconds, pause=0.05)


async def agree(daemons: Sequence[Daemon], topic: str) -> list[Feed]:
    """
    Return the feeds of all replicas once each says the topic and they are the same in bytes, ETag and date.

    A replica may hear of the last of several lists a moment after the others.
    """
    feeds: list[Feed] = []
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                feeds = await asyncio.gather(*(each.feed(lambda feed: says(feed, topic)) for each in daemons))
                if len({(feed.body, feed.etag, feed.changed_at) for feed in feeds}) == 1:
                    return feeds
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError([(feed.etag, feed.changed_at) for feed in feeds]) from None


def says(feed: Feed, topic: str) -> bool:
    return [text.partition(" ")[0] for text in feed.topics.values()] == [topic] * CONFERENCES


def holds(caldav: ServedCalDav, topic: str) -> bool:
    return sum(f"SUMMARY:{topic} ".encode() in body for body in caldav.bodies) == CONFERENCES


def holder_of(daemons: Sequence[Daemon], lease: str) -> Daemon:
    """Return the daemon that said last that it took a lease."""
    return next(each for each in daemons if took(each, lease))


def took(daemon: Daemon, lease: str) -> bool:
    """Return whether a daemon ever said that it took a lease."""
    return any("app.leases_taken" in line and f'"{lease}"' in line for line in daemon.program.err)
