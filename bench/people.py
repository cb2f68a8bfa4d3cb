"""
A target for 300 people: how long their collections take to fill, and a change meanwhile to be published.

    python -m bench.people

The CalDAV server is a stand-in that takes 20 ms for each request, as a plain socket sees it over as many
connections: that is measured first. The floor is bare httpx that asks it as often, in the same run and in a
process of its own, as the daemon is. The limits are meant for two quiet cores. The exit code is 1 where
something is missed.
"""

import asyncio
import re
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import cast

import click
import httpx

from bench._clients import Asked, latency
from bench._long_lists import Raw
from bench._quiet import stolen_seconds
from service.simulator.server import Simulator, SimulatorOptions
from tests.caldav.misbehaving import PASSWORD, USERNAME
from tests.caldav.served import ServedCalDav, serve_caldav
from tests.e2e.given import once
from tests.e2e.program import MODULE, Home
from tests.reaching import reach

PEOPLE, EACH, INVITED = 300, 5, 5
REQUEST_SECONDS, CONCURRENCY = 0.02, 4
MOST_OF_LEAST, MOST_OF_FLOOR, MOST_SECONDS = 1.3, 1.3, 5.0
WAIT_SECONDS = 300
ADJUSTMENTS = 3
QUESTION = b'<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'
CHANGED = "Moved while the others are filled"


async def measure() -> bool:
    """Print the table; whether everything holds."""
    with tempfile.TemporaryDirectory(prefix="confcal-bench-") as folder:
        listed = list_for_people()
        options = SimulatorOptions(peer="room@video.example.com", conferences=listed)
        async with serve_caldav() as caldav, Simulator(options) as room:
            request_seconds = await keep_pace(caldav)
            settings = {
                "CALENDARS_FOR_PEOPLE": "true",
                "TARGETS__TEAM__URL": caldav.url,
                "TARGETS__TEAM__USERNAME": USERNAME,
                "TARGETS__TEAM__PASSWORD": PASSWORD,
                "TARGETS__TEAM__CALENDAR": "people/*",
                "TARGETS__TEAM__CONCURRENCY": str(CONCURRENCY),
            }
            home = Home(Path(folder), command=MODULE, cwd=Path(__file__).parents[1])
            stolen = stolen_seconds()
            async with home.daemon(room.url, **settings):
                await reach(lambda: caldav.answers.total() > 0, WAIT_SECONDS)
                filling = await reach(lambda: len(caldav.bodies) > PEOPLE, WAIT_SECONDS)
                await move_one(room, listed, caldav)
                publishing = await reach(lambda: is_published(caldav), WAIT_SECONDS)
                filling += publishing + await reach(lambda: is_filled(caldav), WAIT_SECONDS)
            requests, stolen = caldav.answers.total(), stolen_seconds() - stolen
            with ProcessPoolExecutor(1, get_context("spawn")) as process:
                asking = process.submit(ask_barely, caldav.url, requests)
                floor = await asyncio.wrap_future(asking)
    least = requests * REQUEST_SECONDS / CONCURRENCY
    rows = (
        ("a request as a plain socket sees it, ms", request_seconds * 1000, 0.0),
        ("requests", float(requests), 0.0),
        ("requests x 20 ms / CONCURRENCY, s", least, 0.0),
        ("bare httpx, s", floor, 0.0),
        ("all collections filled, s", filling, 0.0),
        ("... times what requests and CONCURRENCY give", filling / least, MOST_OF_LEAST),
        ("ratio to bare httpx", filling / floor, MOST_OF_FLOOR),
        ("a change meanwhile, until it is published, s", publishing, MOST_SECONDS),
        ("CPU time meanwhile that the host gave to others, s", stolen, 0.0),
    )
    for name, value, most in rows:
        verdict = f"  {'ok' if value <= most else 'MISSED'} (at most {most:g})" if most else ""
        click.echo(f"{name:<52}{value:>10.2f}{verdict}")
    return all(value <= most for _, value, most in rows if most)


def is_published(caldav: ServedCalDav) -> bool:
    """Return whether the change is in any collection."""
    return any(CHANGED.encode() in body for body in caldav.bodies)


def is_filled(caldav: ServedCalDav) -> bool:
    """Return whether everybody has everything."""
    return len(caldav.bodies) == PEOPLE * EACH


def list_for_people() -> list[Raw]:
    """Return a list that invites each person to as many conferences."""
    return [
        once(f"{n}", f"Meeting {n}", invitations=[_invite(n * INVITED + k) for k in range(INVITED)])
        for n in range(PEOPLE * EACH // INVITED)
    ]


def _invite(number: int) -> Raw:
    person = f"person{number % PEOPLE}"
    return {"id": f"{person}@video.example.com", "display_name": person}


async def move_one(room: Simulator, listed: Sequence[Raw], caldav: ServedCalDav) -> None:
    """Change a conference that is in a collection which was filled first."""
    found = re.search(rb"SUMMARY:Meeting (\d+)", caldav.bodies[0])
    if found is None:
        raise RuntimeError("the first event is none of the list")
    changed = int(found[1])
    moved = {**listed[changed], "topic": CHANGED}
    await room.set_conferences([*listed[:changed], moved, *listed[changed + 1 :]])


async def keep_pace(caldav: ServedCalDav) -> float:
    """
    Let a request take 20 ms, and return the seconds that it really takes.

    A stand-in that only slept for so long would take longer: it works before and after, and timers are late.
    """
    caldav.takes_seconds = REQUEST_SECONDS
    for _ in range(ADJUSTMENTS):
        caldav.takes_seconds += REQUEST_SECONDS - await measure_request(caldav)
    seconds = await measure_request(caldav)
    # What the daemon asks is counted from nothing.
    caldav.answers.clear()
    return seconds


async def measure_request(caldav: ServedCalDav) -> float:
    """Return the median of the seconds that a request takes while as many come as CONCURRENCY says."""
    url = httpx.URL(caldav.url)
    credentials = b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
    head = f"PROPFIND / HTTP/1.1\r\nHost: bench\r\nDepth: 0\r\nAuthorization: Basic {credentials}\r\n"
    request = f"{head}Content-Length: {len(QUESTION)}\r\n\r\n".encode() + QUESTION
    asked = Asked(cast("int", url.port), request)
    return median(await asyncio.gather(*(asyncio.to_thread(latency, asked, 100) for _ in range(CONCURRENCY))))


def ask_barely(url: str, requests: int) -> float:
    """Return how long bare httpx takes to ask as often, over as many connections."""
    return asyncio.run(_ask_all(url, requests))


async def _ask_all(url: str, requests: int) -> float:
    async def ask(http: httpx.AsyncClient) -> None:
        for _ in range(requests // CONCURRENCY):
            await http.request("PROPFIND", url, headers={"Depth": "0"}, content=QUESTION)

    began = time.monotonic()
    async with httpx.AsyncClient(auth=(USERNAME, PASSWORD), trust_env=False) as http:
        await asyncio.gather(*(ask(http) for _ in range(CONCURRENCY)))
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(measure()) else 1)
