"""
Two replicas with many Rooms on one PostgreSQL: how they share them, and how soon one takes over the other's.

    python -m bench.takeover [--rooms 3000]

The database holds the lists of all Rooms. Two replicas start together; each listens to half. One is killed,
and the other has its Rooms once a list of each has come: the leases of the killed one last up to 15 s, so
that is the floor. Limits in seconds are those of a quiet machine, which reads the rows in FLOOR_SECONDS; a
slower one gets as much more beyond the leases. The exit code is 1 where one is missed.
"""

import asyncio
import re
import signal
import sqlite3
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import click

from bench._rooms import TABLES
from bench.rooms import FLOOR_SECONDS, fill, program, reach, read_rows, settings, stand_in
from tests.contracts.databases import running_postgresql

MOST_SECONDS, LEASE_SECONDS = 30.0, 15.0
AT_ONCE = 100_000
"""Rows that are copied together."""

_SOURCE = re.compile(rb'"source": "([^"]+)"')


@click.command()
@click.option("--rooms", default=3000, show_default=True, help="How many Rooms.")
def main(*, rooms: int) -> None:
    """Measure how a replica takes over."""
    sys.exit(0 if report(rooms) else 1)


def report(rooms: int) -> bool:
    """Print the table; whether the Rooms are taken over in time."""
    with TemporaryDirectory(prefix="confcal-bench-") as name, stand_in() as port, ExitStack() as opened:
        filled = fill(Path(name, "filled"), port, rooms)
        floor = read_rows(filled)
        folder = Path(name, "server")
        folder.mkdir()
        url = opened.enter_context(running_postgresql(folder))(migrated=True)
        asyncio.run(copy(filled / "confcal.db", url))
        figures = measure(Path(name), port, rooms, url)
    slower = max(1.0, floor / FLOOR_SECONDS / rooms * 3000)
    most = LEASE_SECONDS + (MOST_SECONDS - LEASE_SECONDS) * slower
    for text, value in figures.items():
        click.echo(f"{text:<52}{value:>10.2f}")
    taken = figures["all Rooms with the other after kill -9, s"]
    click.echo("ok" if taken <= most else f"MISSED (at most {most:.3g})")
    return taken <= most


async def copy(file: Path, url: str) -> None:
    """Copy what an SQLite database holds of the Rooms to a migrated one on PostgreSQL."""
    db = await asyncpg.connect(url)
    try:
        with closing(sqlite3.connect(file)) as source:
            await db.execute("DELETE FROM meta")
            for table in ("meta", *TABLES):
                rows = source.execute(f"SELECT * FROM {table}")  # noqa: S608 -- names of our own schema
                columns = [each[0] for each in rows.description]
                while some := rows.fetchmany(AT_ONCE):
                    await db.copy_records_to_table(table, records=some, columns=columns)
        await db.execute("ANALYZE")
    finally:
        await db.close()


def measure(folder: Path, port: int, rooms: int, url: str) -> dict[str, float]:
    """Return the seconds by the clock, and the CPU seconds of each replica."""
    environs = [settings(make_folder(folder / each), port, rooms) for each in ("one", "other")]
    one, other = (folder / "one" / "log", folder / "other" / "log")
    with (
        program(environs[0] | {"CONFCAL_DATABASE_URL": url}, "run", log=one) as killed,
        program(environs[1] | {"CONFCAL_DATABASE_URL": url}, "run", log=other) as survivor,
    ):
        _, shared = reach(killed, lambda: len(heard_by(one) | heard_by(other)) >= rooms)
        halves = [len(heard_by(one)), len(heard_by(other))]
        cpu_before, _ = reach(survivor, lambda: True)
        missing = heard_by(one) - heard_by(other)
        began = time.monotonic()
        killed.send_signal(signal.SIGKILL)
        cpu_after, _ = reach(survivor, lambda: missing <= heard_by(other))
        taken = time.monotonic() - began
    return {
        "both together have all Rooms, s": shared,
        "Rooms that one heard": halves[0],
        "Rooms that the other heard": halves[1],
        "CPU of one until then, s": cpu_before,
        "all Rooms with the other after kill -9, s": taken,
        "CPU of that, s": cpu_after - cpu_before,
    }


def make_folder(folder: Path) -> Path:
    """Make a folder and return it."""
    folder.mkdir()
    return folder


def heard_by(log: Path) -> set[bytes]:
    """Return the sources of the lists that a replica logged."""
    lines = (line for line in log.read_bytes().splitlines() if b'"sync.list_accepted"' in line)
    # The last one may be half written.
    return {found[1] for line in lines if (found := _SOURCE.search(line))}


if __name__ == "__main__":
    main()
