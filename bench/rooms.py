"""
Many Rooms: what one changed list costs with few and with ten times as many others, memory, and a restart.

    python -m bench.rooms [--rooms 3000]

Each Room lists 50 conferences. A daemon starts on a filled database, with a stand-in for each Room: CPU time
up to the first feed that it serves and up to the list of the last Room, its memory, and commands.
Then a tenth of the Rooms and all of them in turn, each time in a process of its own: CPU time of a list in
which one topic is other, up to the feed of its Room; the least of three times counts, since others may use
the machine. The floor is reading the same rows with sqlite3 alone, before and after the daemon ran. Limits in
seconds are those of a quiet machine, which does that in FLOOR_SECONDS; a slower one gets as much more. It
reads the CPU time of processes where Linux has it. The exit code is 1 where something is missed.
"""

import asyncio
import json
import os
import resource
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import httpx

from bench._long_lists import SERVER, Raw, frame
from bench._rooms import listed_by, multiply, room
from bench.lists import NOW, POLICY
from service.app.synchronizer import Synchronizer
from service.calendars.feeds import FeedRules, Feeds
from service.calendars.tokens import Addresses
from service.core.conference import Account, Snapshot
from service.publishing.ports import Database
from service.store.sql import open_store
from service.telemetry import configure_logging
from service.trueconf.frames import ListFrame
from service.trueconf.wire import Decoder

MEASURED, TIMES = 30, 3
MOST_GROWTH = 1.3
MEGABYTES_A_ROOM, MEGABYTES_BESIDE = 0.2, 250.0
FIRST_FEED_SECONDS, ALL_SECONDS = 3.0, 20.0
FEEDS_SECONDS, HEALTH_SECONDS = 2.0, 0.15
FLOOR_SECONDS = 0.25
"""Of reading the rows of 3,000 Rooms."""

WAIT_SECONDS = 300
SECRET = "a secret of the benchmark that is long enough"  # noqa: S105 -- it guards nothing
RULES = FeedRules(SECRET.encode(), "http://127.0.0.1", "full-en")

Figures = dict[str, float]


@click.command()
@click.option("--rooms", default=3000, show_default=True, help="How many Rooms; a tenth is measured beside.")
@click.option("--one", type=click.Path(path_type=Path), help="Measure changed lists in this folder alone.")
@click.option("--time", "which", default=0, help="For which time it is measured.")
def main(*, rooms: int, one: Path | None, which: int) -> None:
    """Measure what many Rooms cost."""
    configure_logging("console", "error")
    if one:
        click.echo(json.dumps(asyncio.run(change_lists(one, rooms, which))))
        return
    sys.exit(0 if report(rooms) else 1)


def report(rooms: int) -> bool:
    """Print the table; whether everything holds."""
    with TemporaryDirectory(prefix="confcal-bench-") as name, stand_in() as port:
        some, every = fill(Path(name, "few"), port, rooms // 10), fill(Path(name, "many"), port, rooms)
        before = read_rows(every)
        found = start(every, port, rooms)
        floor = (before + read_rows(every)) / 2
        times = [(measure(some, rooms // 10, which), measure(every, rooms, which)) for which in range(TIMES)]
    few, many = (find_least(of) for of in zip(*times, strict=True))
    many |= found
    slower = max(1.0, floor / FLOOR_SECONDS / rooms * 3000)
    rows = (
        (f"a changed list of {rooms // 10:,} Rooms, CPU ms", few["ms"], 0.0),
        (f"a changed list of {rooms:,} Rooms, CPU ms", many["ms"], 0.0),
        ("ratio", many["ms"] / few["ms"], MOST_GROWTH),
        ("reading the rows alone, CPU s", floor, 0.0),
        ("daemon to the first feed, CPU s", many["first"], FIRST_FEED_SECONDS * slower),
        ("... by the clock, s", many["first clock"], 0.0),
        ("daemon to the last Room, CPU s", many["all"], ALL_SECONDS * slower),
        ("... by the clock, s", many["all clock"], 0.0),
        ("... times the floor", many["all"] / floor, 0.0),
        ("memory of the daemon, MB", many["megabytes"], MEGABYTES_BESIDE + MEGABYTES_A_ROOM * rooms),
        ("confcal feeds, CPU s", many["feeds"], FEEDS_SECONDS * slower),
        ("confcal healthcheck, CPU s", many["healthcheck"], HEALTH_SECONDS * slower),
    )
    for name, value, most in rows:
        verdict = f"  {'ok' if value <= most else 'MISSED'} (at most {most:.3g})" if most else ""
        click.echo(f"{name:<44}{value:>10.2f}{verdict}")
    return all(value <= most for _, value, most in rows if most)


def find_least(times: Sequence[Figures]) -> Figures:
    """Return the least that each figure was."""
    return {figure: min(each[figure] for each in times) for figure in times[0]}


def fill(folder: Path, port: int, rooms: int) -> Path:
    """Fill a folder with the database of so many Rooms."""
    folder.mkdir()
    with program(settings(folder, port, 1), "run", log=folder / "log") as running:
        reach(running, lambda: lists_in(folder) > 0)
    multiply(folder / "confcal.db", rooms)
    return folder


def measure(folder: Path, rooms: int, which: int) -> Figures:
    """Return the figures of changed lists, measured in a process of its own for the so-manieth time."""
    command = [sys.executable, "-m", "bench.rooms", f"--rooms={rooms}", f"--one={folder}", f"--time={which}"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 -- itself
    figures: Figures = json.loads(answer.stdout)
    return figures


def settings(folder: Path, port: int, rooms: int) -> dict[str, str]:
    """Return the environment of a daemon that listens to so many Rooms."""
    file = folder / f"{rooms}.toml"
    sources = (f'[sources.{room(n)}]\nurl = "ws://127.0.0.1:{port}/{n}"\n' for n in range(rooms))
    file.write_text("".join(sources), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        web = free.getsockname()[1]
    return {
        "CONFCAL_CONFIG_FILE": str(file),
        "CONFCAL_DATA_DIR": str(folder),
        "CONFCAL_SECRET": SECRET,
        "CONFCAL_TIMEZONE": "Europe/Moscow",
        "CONFCAL_PORT": str(web),
        "CONFCAL_LOG_FORMAT": "json",
    }


def lists_in(folder: Path) -> int:
    """Return how many lists a daemon logged."""
    return (folder / "log").read_bytes().count(b'"sync.list_accepted"')


async def change_lists(folder: Path, rooms: int, which: int) -> Figures:
    """Hear changed lists of some Rooms."""
    store = await open_store(f"sqlite:///{folder / 'confcal.db'}", migrate=False)
    synchronizer = Synchronizer(store, POLICY)
    await synchronizer.refresh()
    feeds = await open_feeds(store, synchronizer)
    synchronizer.listen(feeds.mark_changed)
    decoder, spent = Decoder(), []
    for turn in range(MEASURED):
        number = turn * max(1, rooms // MEASURED) % rooms
        first, *others = listed_by(number)
        listed = [{**first, "topic": f"Moved {which} {turn}"}, *others]
        heard = snapshot(decoder, number, listed, 10 + which * MEASURED + turn)
        began = time.process_time()
        await synchronizer.accept(heard)
        await feeds.feed(f"{room(number)}@{SERVER}")
        spent.append(time.process_time() - began)
    await store.close()
    return {"ms": statistics.median(spent) * 1e3}


def read_rows(folder: Path) -> float:
    """Return the CPU time of reading what a daemon loads, with sqlite3 alone."""
    began = time.process_time()
    with closing(sqlite3.connect(folder / "confcal.db")) as db:
        for table in ("accounts", "conferences", "memberships"):
            for row in db.execute(f"SELECT * FROM {table}"):  # noqa: S608 -- names of our own schema
                del row
    return time.process_time() - began


def start(folder: Path, port: int, rooms: int) -> Figures:
    """Start a daemon on a filled database."""
    calendar, environ = f"{room(0)}@{SERVER}", settings(folder, port, rooms)
    url = f"http://127.0.0.1:{environ['CONFCAL_PORT']}"
    address = Addresses.of(SECRET.encode(), {calendar: 0}, url).feed_url(calendar)
    with program(environ, "run", log=folder / "log") as running:
        first, first_clock = reach(running, lambda: answers(address))
        last, last_clock = reach(running, lambda: lists_in(folder) >= rooms)
        figures = {
            "first": first,
            "first clock": first_clock,
            "all": last,
            "all clock": first_clock + last_clock,
            "megabytes": peak_megabytes(running.pid),
            "healthcheck": cpu_of_command(environ, folder, "healthcheck"),
        }
    # Alone: a daemon that has just started still takes half of the machine.
    return figures | {"feeds": cpu_of_command(environ, folder, "feeds")}


@contextmanager
def stand_in() -> Iterator[int]:
    """Give the port of the Rooms."""
    command = [sys.executable, "-m", "bench._rooms"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as rooms:  # noqa: S603 -- our own module
        if rooms.stdout is None or rooms.stdin is None:
            raise RuntimeError("the Rooms have no pipes")
        yield int(rooms.stdout.readline())
        rooms.stdin.close()


@contextmanager
def program(environ: Mapping[str, str], *arguments: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command of confcal with these settings and no others."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("CONFCAL_")}
    command = [sys.executable, "-m", "service", *arguments]
    with (
        log.open("wb") as written,
        subprocess.Popen(  # noqa: S603 -- our own program
            command, env={**others, **environ}, stdout=subprocess.DEVNULL, stderr=written
        ) as running,
    ):
        try:
            yield running
        finally:
            running.terminate()


def reach(running: "subprocess.Popen[bytes]", condition: Callable[[], bool]) -> tuple[float, float]:
    """Wait until something is so; return the CPU seconds of the process by then, and those of the clock."""
    began = time.monotonic()
    while not condition():
        if running.poll() is not None or time.monotonic() - began > WAIT_SECONDS:
            raise RuntimeError("the daemon ended, or takes too long")
        time.sleep(0.05)
    ticks = Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK"), time.monotonic() - began


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a process had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))


def cpu_of_command(environ: Mapping[str, str], folder: Path, command: str) -> float:
    """Return the CPU seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with program(environ, command, log=folder / command) as running:
        if running.wait():
            raise RuntimeError((folder / command).read_text())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def answers(address: str) -> bool:
    """Return whether a feed is served."""
    try:
        return httpx.get(address).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


async def open_feeds(store: Database, synchronizer: Synchronizer) -> Feeds:
    """Return the feeds as the daemon has them."""
    feeds = Feeds(store, RULES, state=lambda: synchronizer.state, clock=lambda: NOW)
    await feeds.start()
    return feeds


def snapshot(decoder: Decoder, number: int, listed: list[Raw], minutes: int) -> Snapshot:
    """Return the list of a Room as it arrives."""
    found = decoder.decode(frame(listed))
    if not isinstance(found, ListFrame):
        raise TypeError(found)
    account, at = Account(room(number), SERVER), NOW + timedelta(minutes=minutes)
    return Snapshot(account, account.peer, at, found.listing)


if __name__ == "__main__":
    main()
