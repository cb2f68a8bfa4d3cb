"""
What a list costs: ours against json.loads of the same frame, in one run.

    python -m bench.lists

A frame of 10,000 conferences goes through Decoder.decode, revise and State.after, as it does in the daemon:
once with the `state` of 20 changed, once with ten other topics. CPU time, medians of several rounds. Then
100,000 conferences of ten accounts are put into a daemon's state and database, in a process of its own. The
exit code is 1 where a floor is missed.
"""

import asyncio
import gc
import json
import resource
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bench._long_lists import SERVER, Raw, conferences, frame
from service.app.synchronizer import Synchronizer
from service.core.account_state import Revision
from service.core.changes import Changes
from service.core.conference import Account, Snapshot
from service.core.ical import fingerprint, render_vevent
from service.core.revision import Policy, revise
from service.core.state import State
from service.core.vevent import Rendering, to_vevent
from service.core.weekly import WeeklyRules
from service.store.sql import open_store
from service.telemetry import configure_logging
from service.trueconf.frames import ListFrame
from service.trueconf.wire import Decoder

MOST_OF_THE_FLOOR = 0.5
MOST_MEGABYTES = 600.0
ROUNDS = 9
RUNNING = 20
CHANGED = 10
ACCOUNTS = 10
MANY = 100_000
NOW = datetime(2026, 10, 5, 8, tzinfo=UTC)
POLICY = Policy(default=Rendering(WeeklyRules("Europe/Moscow")))


def main(count: int = 10_000) -> int:
    """Measure what a list costs that changes little; the exit code."""
    # The daemon's log is no part of what is measured.
    configure_logging("console", "error")
    return 0 if report(count) else 1


def report(count: int) -> bool:
    """Print the table; whether every floor holds."""
    listed = conferences(count)
    daemon = Listener(frame(listed))
    floor, unchanged, changed, rendering = [], [], [], []
    for number in range(ROUNDS):
        running, renamed = _with_running(listed, number), _with_new_topics(listed, number)
        floor.append(_seconds(partial(json.loads, running)))
        unchanged.append(_seconds(partial(daemon.hear_unchanged, running)))
        daemon.hear(frame(listed))
        changed.append(_seconds(partial(daemon.hear_changed, renamed)))
        rendering.append(_seconds(daemon.render_changed))
        daemon.hear(frame(listed))
    json_loads, ten = statistics.median(floor), statistics.median(rendering)
    same, other = statistics.median(unchanged), statistics.median(changed)
    written = asyncio.run(_rows_written(listed))
    peak = _peak()
    only_arrival = written == ["accounts"]
    rows = (
        ("conferences in the list", f"{count:,}", None, ""),
        ("its frame, MB", f"{len(frame(listed)) / 1e6:.1f}", None, ""),
        ("json.loads, ms", f"{json_loads * 1e3:.1f}", None, "the floor"),
        (
            f"state of {RUNNING} changed, ms",
            f"{same * 1e3:.1f}",
            same <= json_loads * MOST_OF_THE_FLOOR,
            f"at most {json_loads * MOST_OF_THE_FLOOR * 1e3:.1f}",
        ),
        ("rows written for it", ", ".join(written), only_arrival, "accounts"),
        ("rendering ten, ms", f"{ten * 1e3:.1f}", None, ""),
        (
            f"{CHANGED} changed, ms",
            f"{other * 1e3:.1f}",
            other <= json_loads + ten,
            f"at most {(json_loads + ten) * 1e3:.1f}",
        ),
        (
            f"peak memory with {MANY:,}, MB",
            f"{peak:.0f}",
            peak < MOST_MEGABYTES,
            f"under {MOST_MEGABYTES:.0f}",
        ),
    )
    for name, value, good, limit in rows:
        verdict = "" if good is None else "ok" if good else "MISSED"
        told = f"{verdict} ({limit})" if verdict else limit
        click.echo(f"{name:<32}{value:>12}  {told}".rstrip())
    return all(good is not False for _, _, good, _ in rows)


class Listener:
    """
    What the daemon does with the frames of one source, but for the database.
    """

    def __init__(self, first: bytes) -> None:
        self._decoder = Decoder()
        self._state = State()
        self._lists = 0
        self._last: Changes | None = None
        self.hear(first)

    def hear(self, data: bytes) -> Changes:
        """Take a frame."""
        found = self._decoder.decode(data)
        if not isinstance(found, ListFrame):
            raise TypeError(found)
        at = NOW + timedelta(minutes=5 * self._lists)
        snapshot = Snapshot(Account("lobby", SERVER), "lobby", at, found.listing)
        changes = revise(self._state, snapshot, POLICY)
        version = self._state.version + (not changes.empty)
        self._state = self._state.after(changes, snapshot, version)
        self._lists += 1
        self._last = changes
        return changes

    def hear_unchanged(self, data: bytes) -> None:
        """Take a frame that tells nothing a calendar shows."""
        if not self.hear(data).empty:
            raise AssertionError("something but the arrival would be written")

    def hear_changed(self, data: bytes) -> None:
        """Take a frame that changes ten."""
        if len(self.hear(data).edits) != CHANGED:
            raise AssertionError("other than ten are edited")

    def render_changed(self) -> None:
        """Render what the last frame changed."""
        for edit in self._last.edits if self._last else ():
            content = to_vevent(edit.entry.key, edit.entry.conference, POLICY.default)
            if content:
                fingerprint(content)
                render_vevent(content, Revision(1, NOW))


def _with_running(listed: list[Raw], round_: int) -> bytes:
    return frame(list(_replaced(listed, RUNNING, round_, {"state": "running", "session_id": f"{round_}@x"})))


def _with_new_topics(listed: list[Raw], round_: int) -> bytes:
    return frame(list(_replaced(listed, CHANGED, round_, {"topic": f"Перенесено, {round_}"})))


def _replaced(listed: list[Raw], many: int, round_: int, other: Raw) -> Iterator[Raw]:
    step = max(1, len(listed) // many)
    for number, each in enumerate(listed):
        chosen = number % step == round_ % step and number // step < many
        yield each | other if chosen else each


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


async def _rows_written(listed: list[Raw]) -> list[str]:
    """Return the tables of the rows that the second of two like lists writes, as the database sees it."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "confcal.db"
        store = await open_store(f"sqlite:///{file}", migrate=True)
        synchronizer, decoder = Synchronizer(store, POLICY), Decoder()
        account = Account("lobby", SERVER)
        await synchronizer.accept(_snapshot(decoder, frame(listed), account, NOW))
        _watch(file)
        later = NOW + timedelta(minutes=5)
        await synchronizer.accept(_snapshot(decoder, _with_running(listed, 0), account, later))
        await store.close()
        with closing(sqlite3.connect(file)) as db:
            return [row[0] for row in db.execute("SELECT name FROM written")]


def _watch(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db:
        found = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        # SQLite's own table of numbers takes no triggers.
        tables = [name for (name,) in found if not name.startswith("sqlite_")]
        db.execute("CREATE TABLE written (name TEXT)")
        for table in tables:
            for what in ("INSERT", "UPDATE", "DELETE"):
                note = f"INSERT INTO written VALUES ('{table}')"  # noqa: S608 -- a name of our own schema
                db.execute(f"CREATE TRIGGER saw_{table}_{what} AFTER {what} ON {table} BEGIN {note}; END")
        db.commit()


def _snapshot(decoder: Decoder, data: bytes, account: Account, at: datetime) -> Snapshot:
    found = decoder.decode(data)
    if not isinstance(found, ListFrame):
        raise TypeError(found)
    return Snapshot(account, account.peer, at, found.listing)


async def _filled(count: int) -> int:
    """Put many conferences of some accounts into a daemon's state, twice; how many it knows."""
    with TemporaryDirectory() as folder:
        store = await open_store(f"sqlite:///{Path(folder) / 'confcal.db'}", migrate=True)
        synchronizer = Synchronizer(store, POLICY)
        decoders = {Account(f"room{number}", SERVER): Decoder() for number in range(ACCOUNTS)}
        for minutes in (0, 5):
            for account, decoder in decoders.items():
                data = frame(conferences(count // ACCOUNTS, prefix=f"{account.peer}-"))
                at = NOW + timedelta(minutes=minutes)
                await synchronizer.accept(_snapshot(decoder, data, account, at))
        await store.close()
        return len(synchronizer.state.entries)


def _peak() -> float:
    """Return the peak memory (MB) of a process of its own that knows very many conferences."""
    command = [sys.executable, "-m", "bench.lists", str(MANY)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 -- itself
    peak, kept = answer.stdout.split()
    if int(kept) != MANY:
        raise AssertionError(f"{kept} conferences are known, not {MANY}")
    return int(peak) / 1e6


def _tell_peak(count: int) -> None:
    """Know so many conferences, and print the most memory that took, in bytes."""
    configure_logging("console", "error")
    kept = asyncio.run(_filled(count))
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    click.echo(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit} {kept}")


if __name__ == "__main__":
    if sys.argv[1:]:
        _tell_peak(int(sys.argv[1]))
    else:
        sys.exit(main())
