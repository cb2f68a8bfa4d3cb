"""
Many Rooms: what one changed list costs with few and with ten times as many others, memory, and a restart.

    python -m bench.rooms [--rooms 3000]

Each Room lists 50 conferences. A tenth of them is measured first, then all, each in a process of its own: CPU
time of a list in which one topic is other, up to the feed of its Room; then a restart on the same database to
that Room's feed, beside the floor of reading the same rows with sqlite3 alone. The exit code is 1 where a
floor is missed.
"""

import asyncio
import json
import resource
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bench._long_lists import SERVER, Raw, conferences, frame
from bench.lists import NOW, POLICY
from service.app.synchronizer import Synchronizer
from service.calendars.feeds import FeedRules, Feeds
from service.core.conference import Account, Snapshot
from service.publishing.ports import Database
from service.store.sql import open_store
from service.telemetry import configure_logging
from service.trueconf.frames import ListFrame
from service.trueconf.wire import Decoder

EACH = 50
MEASURED = 30
MOST_GROWTH = 1.3
MEGABYTES_A_ROOM, MEGABYTES_BESIDE = 0.2, 250.0
FIRST_FEED_SECONDS = 3.0
RULES = FeedRules(b"a secret of the benchmark", "http://127.0.0.1", "full-en", "UTC")

Figures = dict[str, float]


@click.command()
@click.option("--rooms", default=3000, show_default=True, help="How many Rooms; a tenth is measured beside.")
@click.option("--one", type=click.Choice(["fill", "restart"]), help="Measure in this process, in --folder.")
@click.option("--folder", type=click.Path(path_type=Path))
def main(*, rooms: int, one: str | None, folder: Path | None) -> None:
    """Measure what many Rooms cost."""
    configure_logging("console", "error")
    if one and folder:
        work = fill(folder, rooms) if one == "fill" else restart(folder)
        click.echo(json.dumps(asyncio.run(work)))
        return
    sys.exit(0 if report(rooms) else 1)


def report(rooms: int) -> bool:
    """Print the table; whether every floor holds."""
    few, many = measure(rooms // 10), measure(rooms)
    growth = many["ms"] / few["ms"]
    times = many["loaded"] / many["floor"]
    most = MEGABYTES_BESIDE + MEGABYTES_A_ROOM * rooms
    rows = (
        (f"a changed list of {rooms // 10:,} Rooms, CPU ms", few["ms"], None, ""),
        (f"a changed list of {rooms:,} Rooms, CPU ms", many["ms"], None, ""),
        ("ratio", growth, growth <= MOST_GROWTH, f"at most {MOST_GROWTH}"),
        ("memory after a restart, MB", many["megabytes"], many["megabytes"] < most, f"under {most:.0f}"),
        ("reading the rows alone, CPU s", many["floor"], None, "the floor"),
        (
            "restart to all Rooms known, CPU s",
            many["loaded"],
            None,
            f"{times:.1f} times the floor",
        ),
        (
            "restart to the first feed, CPU s",
            many["served"],
            many["served"] < FIRST_FEED_SECONDS,
            f"under {FIRST_FEED_SECONDS:.0f}; {many['served'] / many['floor']:.1f} of the floor",
        ),
    )
    for name, value, good, limit in rows:
        verdict = "" if good is None else "ok" if good else "MISSED"
        told = f"{verdict} ({limit})" if verdict else limit
        click.echo(f"{name:<44}{value:>10.2f}  {told}".rstrip())
    return all(good is not False for _, _, good, _ in rows)


def measure(rooms: int) -> Figures:
    """Return the figures of so many Rooms."""
    with TemporaryDirectory() as folder:
        found: Figures = {}
        for one in ("fill", "restart"):
            command = [sys.executable, "-m", "bench.rooms", f"--rooms={rooms}", f"--one={one}"]
            command.append(f"--folder={folder}")
            answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 -- itself
            found |= json.loads(answer.stdout)
        return found


async def fill(folder: Path, rooms: int) -> Figures:
    """Hear the first list of each Room, then changed ones of some."""
    store = await open_store(f"sqlite:///{folder / 'confcal.db'}", migrate=True)
    synchronizer = Synchronizer(store, POLICY)
    feeds = await open_feeds(store, synchronizer)
    decoder = Decoder()
    for number in range(rooms):
        await synchronizer.accept(snapshot(decoder, number, listed_by(number), 0))
    synchronizer.listen(feeds.mark_changed)
    feeds.mark_changed()
    spent = []
    for turn in range(MEASURED):
        number = turn * max(1, rooms // MEASURED) % rooms
        first, *others = listed_by(number)
        other = [{**first, "topic": f"Moved {turn}"}, *others]
        heard = snapshot(decoder, number, other, 10 + turn)
        started = time.process_time()
        await synchronizer.accept(heard)
        await feeds.feed(f"room{number}@{SERVER}")
        spent.append(time.process_time() - started)
    await store.close()
    return {"ms": statistics.median(spent) * 1e3}


async def restart(folder: Path) -> Figures:
    """Start on a filled database, and serve one Room's feed."""
    floor_started = time.process_time()
    with closing(sqlite3.connect(folder / "confcal.db")) as db:
        for table in ("accounts", "conferences", "memberships"):
            for row in db.execute(f"SELECT * FROM {table}"):  # noqa: S608 -- names of our own schema
                del row
    started = time.process_time()
    store = await open_store(f"sqlite:///{folder / 'confcal.db'}", migrate=False)
    synchronizer = Synchronizer(store, POLICY)
    await synchronizer.refresh()
    loaded = time.process_time()
    feeds = await open_feeds(store, synchronizer)
    await feeds.feed(f"room0@{SERVER}")
    served = time.process_time()
    await store.close()
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return {
        "floor": started - floor_started,
        "loaded": loaded - started,
        "served": served - started,
        "megabytes": peak,
    }


async def open_feeds(store: Database, synchronizer: Synchronizer) -> Feeds:
    """Return the feeds as the daemon has them."""
    feeds = Feeds(store, RULES, state=lambda: synchronizer.state, clock=lambda: NOW)
    await feeds.start()
    return feeds


def listed_by(number: int) -> list[Raw]:
    """Return what a Room lists."""
    return conferences(EACH, prefix=f"r{number}-")


def snapshot(decoder: Decoder, number: int, listed: list[Raw], minutes: int) -> Snapshot:
    """Return the list of a Room as it arrives."""
    found = decoder.decode(frame(listed))
    if not isinstance(found, ListFrame):
        raise TypeError(found)
    account = Account(f"room{number}", SERVER)
    return Snapshot(account, account.peer, NOW + timedelta(minutes=minutes), found.listing)


if __name__ == "__main__":
    main()
