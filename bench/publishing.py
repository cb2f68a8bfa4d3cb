"""
Publishing to a real Radicale: confcal against bare httpx, vdirsyncer and ics-caldav-sync, in one run.

    python -m bench.publishing [--count 500] [--no-rivals]

The same resources go into empty collections; then nothing changed; then ten changed and ten gone. Requests
are counted by the server's own log. The rivals are installed from PyPI into an environment of their own:
one of them replaces libraries that we use. The exit code is 1 where confcal takes more than 1.15 times as
long as the bare requests.
"""

import asyncio
import http.server
import os
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import httpx

from bench._radicale import HEADER, PASSWORD, USER, Measured, Server, radicale
from bench.conversion import conferences
from service.caldav.client import Trust, open_client, tls_context
from service.caldav.connection import Connection
from service.caldav.credentials import Basic, http_auth
from service.caldav.discovery import CollectionSpec
from service.caldav.places import Places
from service.caldav.server import CalDavServer
from service.core.account_state import Revision
from service.core.changes import RenderedVEvent
from service.core.conference import Conference, Key
from service.core.ical import Heading, render_calendar, render_vevent
from service.core.vevent import Rendering, to_vevent
from service.core.weekly import WeeklyRules
from service.publishing.dispatch import Dispatcher, Timing
from service.publishing.model import RemoteRules, Resource
from service.publishing.resource import render_resource
from service.publishing.sync_run import SyncRun
from service.store.sql import open_store
from tests.publishing.collections import GivenCollection

MOST_RATIO = 1.15
ROUNDS = 3
RIVALS = ("vdirsyncer", "ics-caldav-sync")
MOMENT = datetime(2026, 10, 1, 8, tzinfo=UTC)

Events = list[RenderedVEvent]


@click.command()
@click.option("--count", default=500, show_default=True, help="How many resources.")
@click.option("--rivals/--no-rivals", default=True, help="Whether vdirsyncer and ics-caldav-sync run too.")
def main(*, count: int, rivals: bool) -> None:
    """Measure publishing to CalDAV."""
    with tempfile.TemporaryDirectory(prefix="confcal-bench-") as folder, radicale(Path(folder)) as server:
        good = report(server, count, rivals=rivals)
    sys.exit(0 if good else 1)


def report(server: Server, count: int, *, rivals: bool) -> bool:
    """Print the table; whether the floor holds."""
    events, later = rendered(count)
    best = [
        min(each) for each in zip(*(one_round(server, events, later) for _ in range(ROUNDS)), strict=True)
    ]
    ratio = best[1][0] / best[0][0]
    click.echo(f"{'seconds (requests)':<24}{'new':>16}{'unchanged':>16}{'10 and 10':>16}")
    row("httpx, bare PUTs", [best[0]])
    row("confcal", best[1:])
    if rivals:
        environment = installed(server.folder / "rivals")
        row("vdirsyncer", vdirsyncer(server, environment, events, later))
        row("ics-caldav-sync", ics_caldav_sync(server, environment, events, later))
    good = bool(ratio <= MOST_RATIO)
    click.echo(f"confcal to httpx: {ratio:.2f}  {'ok' if good else 'MISSED'} (at most {MOST_RATIO})")
    return good


def row(name: str, measured: list[Measured]) -> None:
    """Print a line of the table."""
    click.echo(f"{name:<24}" + "".join(f"{f'{seconds:.1f} ({n:,})':>16}" for seconds, n in measured))


def rendered(count: int) -> tuple[Events, Events]:
    """Return the VEVENTs, and what they are once ten changed and ten are gone."""
    listed = conferences(count)
    before = [_vevent(conference, 0) for conference in listed]
    after = [_vevent(conference, 1 if n < 10 else 0) for n, conference in enumerate(listed[:-10])]  # noqa: PLR2004
    return before, after


def _vevent(conference: Conference, sequence: int) -> RenderedVEvent:
    rendering = Rendering(WeeklyRules("Europe/Moscow"))
    content = to_vevent(Key("video.example.com", conference.id), conference, rendering)
    assert content  # noqa: S101 -- the conferences of the benchmark all have a schedule
    return render_vevent(content, Revision(sequence, MOMENT + timedelta(minutes=sequence)))


def resources(events: Events) -> dict[str, Resource]:
    """Return what a collection should hold."""
    return {event.uid: Resource.of(event.uid, render_resource(event)) for event in events}


def one_round(server: Server, events: Events, later: Events) -> list[Measured]:
    """Measure bare httpx, then confcal: new, unchanged, changed."""
    floor = server.measured(lambda: asyncio.run(bare(server.collection(), resources(events))))
    ledger = server.folder / f"ledger{time.monotonic_ns()}.db"
    collection = server.collection()
    ours = [
        server.measured(lambda desired=desired: asyncio.run(confcal(collection, ledger, resources(desired))))  # type: ignore[misc]
        for desired in (events, events, later)
    ]
    # The one request that made the collection.
    return [(floor[0], floor[1] - 1), *ours]


async def bare(collection: str, desired: dict[str, Resource]) -> None:
    """Put everything, one after the other, and look at nothing but the status."""
    async with httpx.AsyncClient(headers=HEADER) as http:
        for resource in desired.values():
            url = httpx.URL(collection).join(f"{resource.uid}.ics")
            headers = {"Content-Type": "text/calendar; charset=utf-8", "If-None-Match": "*"}
            (await http.put(url, content=resource.body, headers=headers)).raise_for_status()


async def confcal(collection: str, ledger: Path, desired: dict[str, Resource]) -> None:
    """Make one pass, with the rows in a real database."""

    def clock() -> datetime:
        return datetime.now(UTC)

    timeout = timedelta(seconds=60)
    async with open_client(tls_context(Trust()), timeout_seconds=60, connections=4) as http:
        auth = http_auth(Basic(USER, PASSWORD), clock)
        connection = Connection(http, places=Places(collection), auth=auth, timeout=timeout, clock=clock)
        caldav = CalDavServer(connection, CollectionSpec(collection, "bench"), RemoteRules(), 4)
        store = await open_store(f"sqlite:///{ledger}", migrate=True)
        target = GivenCollection("bench", "bench", caldav, RemoteRules(), timedelta(hours=1), desired)
        dispatcher = Dispatcher(4, Timing(asyncio.sleep, lambda: 0.5))
        await SyncRun(target, store.ledger, dispatcher, clock=clock).run()
        await store.close()


def installed(folder: Path) -> Path:
    """Install the rivals from PyPI; where their commands are."""
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin/pip", "install", "-qqq", *RIVALS], check=True)  # noqa: S603 -- our own command
    return folder / "bin"


def vdirsyncer(server: Server, commands: Path, events: Events, later: Events) -> list[Measured]:
    """Let vdirsyncer carry a folder of files."""
    folder = server.folder / "vdirsyncer"
    files = folder / "files"
    files.mkdir(parents=True)
    name = server.collection().rstrip("/").rpartition("/")[2]
    (folder / "config").write_text(
        f'[general]\nstatus_path = "{folder}/status"\n'
        f'[pair bench]\na = "files"\nb = "server"\ncollections = [["bench", "here", "{name}"]]\n'
        f'[storage files]\ntype = "filesystem"\npath = "{files}"\nfileext = ".ics"\n'
        f'[storage server]\ntype = "caldav"\nurl = "{server.url}{USER}/"\n'
        f'username = "{USER}"\npassword = "{PASSWORD}"\n'
    )
    (files / "here").mkdir()
    run = [str(commands / "vdirsyncer"), "--config", str(folder / "config")]
    subprocess.run([*run, "discover"], check=True, capture_output=True, input=b"y\n" * 9)  # noqa: S603

    def synchronized() -> None:
        subprocess.run([*run, "sync"], check=True, capture_output=True)  # noqa: S603 -- our own command

    measured = []
    for desired in (events, events, later):
        wanted = {f"{uid}.ics": resource.body for uid, resource in resources(desired).items()}
        for file in (files / "here").iterdir():
            if file.name not in wanted:
                file.unlink()
        for filename, body in wanted.items():
            file = files / "here" / filename
            if not file.exists() or file.read_bytes() != body:
                file.write_bytes(body)
        measured.append(server.measured(synchronized))
    return measured


def ics_caldav_sync(server: Server, commands: Path, events: Events, later: Events) -> list[Measured]:
    """Let ics-caldav-sync carry a feed."""
    name = server.collection().rstrip("/").rpartition("/")[2]
    feed = server.folder / "feed.ics"
    with served(server.folder) as url:
        environment = {
            **os.environ,
            "REMOTE_URL": f"{url}/feed.ics",
            "LOCAL_URL": server.url,
            "LOCAL_CALENDAR_NAME": name,
            "LOCAL_USERNAME": USER,
            "LOCAL_PASSWORD": PASSWORD,
            "SYNC_ALL": "1",
        }

        def synchronized() -> None:
            subprocess.run([commands / "ics_caldav_sync"], check=True, capture_output=True, env=environment)  # noqa: S603

        measured = []
        for desired in (events, events, later):
            feed.write_bytes(render_calendar(Heading("bench", timezone="Europe/Moscow"), desired))
            measured.append(server.measured(synchronized))
        return measured


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()


if __name__ == "__main__":
    main()
