"""
The real program in processes of its own, with what a test asks of it.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
from icalendar import Calendar

from service.calendars.tokens import token_of
from tests.e2e.forked import Forked, fork
from tests.reaching import reach

SECRET = "the secret of the tests"
MODULE = (sys.executable, "-m", "service")
FORKED = ("confcal",)
"""The command of a process that forks from one which has imported confcal."""

DEADLINE_SECONDS = 60
"""For what takes a second or two on an idle machine; a busy one stood still for half a minute."""

ORDERLY_SECONDS = 5
"""What an orderly end may take."""

Lines = list[str]


@dataclass
class Program:
    """
    A running process whose output is read as it comes.
    """

    process: Process | Forked
    out: Lines = field(default_factory=list)
    err: Lines = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _readers: list[asyncio.Task[None]] = field(default_factory=list)
    _open: int = 2

    def read_on(self) -> None:
        """Begin to read the output."""
        for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            assert stream is not None
            self._readers.append(asyncio.create_task(self._read(stream, lines)))

    async def _read(self, stream: asyncio.StreamReader, lines: Lines) -> None:
        async for line in stream:
            lines.append(line.decode().rstrip("\n"))
            await self._tell()
        self._open -= 1
        await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    @property
    def silent(self) -> bool:
        """Whether it will say nothing more."""
        return self._open == 0

    async def line(self, wanted: Callable[[str], bool], *, times: int = 1, err: bool = False) -> str:
        """Wait for a line of the output and return it, the one that makes it so many `times`."""
        lines = self.err if err else self.out

        def found() -> Lines:
            return [line for line in lines if wanted(line)]

        with suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE_SECONDS), self._news:
                await self._news.wait_for(lambda: len(found()) >= times or self.silent)
        if len(found()) < times:
            raise AssertionError(f"no such line; it said {self.out} {self.err}")
        return found()[times - 1]

    async def event(self, name: str, *, times: int = 1) -> dict[str, Any]:
        """Wait for an event of the log and return its fields."""
        line = await self.line(lambda line: _event(line) == name, times=times, err=True)
        fields: dict[str, Any] = json.loads(line)
        return fields

    def events(self) -> list[str]:
        """Return the names of the events logged so far."""
        return [name for line in self.err if (name := _event(line))]

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; the exit status."""
        self.send(number)
        return await self.ended()

    async def ended(self) -> int:
        """Wait for the end; the exit status."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                code = await self.process.wait()
                await asyncio.gather(*self._readers)
        except TimeoutError:
            raise AssertionError(f"it does not end; it said {self.out} {self.err}") from None
        return code


def _event(line: str) -> str:
    return str(json.loads(line).get("event", "")) if line.startswith("{") else ""


@asynccontextmanager
async def started(
    *arguments: object,
    environ: Mapping[str, str],
    command: tuple[object, ...] = FORKED,
    cwd: Path | None = None,
) -> AsyncIterator[Program]:
    """Run the program with this environment and no other; killed at the end where it still runs."""
    program = Program(await _start(command, tuple(map(str, arguments)), clean(environ), cwd))
    program.read_on()
    try:
        yield program
    finally:
        if program.process.returncode is None:
            program.process.kill()
        await program.ended()


async def _start(
    command: tuple[object, ...], arguments: tuple[str, ...], environ: Mapping[str, str], cwd: Path | None
) -> Process | Forked:
    if command == FORKED:
        return await fork(arguments, environ, cwd)
    return await asyncio.create_subprocess_exec(
        *map(str, command),
        *arguments,
        env=environ,
        cwd=cwd,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        limit=2**20,
    )


def clean(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with nothing of the caller's but where programs are."""
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONWARNINGS": "error", **environ}


@dataclass(frozen=True)
class Home:
    """
    The data folder of one installation and the settings that all its starts share.
    """

    path: Path
    command: tuple[object, ...] = FORKED
    cwd: Path | None = None

    def environ(self, **settings: str) -> dict[str, str]:
        return {
            "HOME": str(self.path),
            "CONFCAL_PORT": "0",
            "CONFCAL_SECRET": SECRET,
            "CONFCAL_TIMEZONE": "Europe/Moscow",
            "CONFCAL_LOG_FORMAT": "json",
            "CONFCAL_REMOVAL__MISSING_LISTS": "1",
            "CONFCAL_REMOVAL__MISSING_FOR": "0",
            **{f"CONFCAL_{name}": value for name, value in settings.items()},
        }

    def started(self, *arguments: object, **settings: str) -> AbstractAsyncContextManager[Program]:
        """Run a command with these settings."""
        return started(
            *arguments, environ=self.environ(**settings), command=self.command, cwd=self.cwd or self.path
        )

    @asynccontextmanager
    async def daemon(self, source: str = "", **settings: str) -> AsyncIterator["Daemon"]:
        """Run the daemon, listening to the endpoint at `source`."""
        sources = {"SOURCES__LOBBY__URL": source} if source else {}
        async with (
            self.started("run", **(sources | settings)) as program,
            httpx.AsyncClient(trust_env=False) as http,
        ):
            url = (await program.event("app.started"))["url"]
            yield Daemon(program, http, url)


@dataclass(frozen=True)
class Daemon:
    """
    `confcal run` with a client of its feeds.
    """

    program: Program
    http: httpx.AsyncClient
    url: str

    async def get(self, calendar: str = "all") -> httpx.Response:
        return await self.http.get(f"{self.url}/feeds/{token_of(SECRET.encode(), calendar, 0)}/x.ics")

    async def feed(
        self, until: Callable[["Feed"], bool] = lambda _feed: True, *, calendar: str = "all"
    ) -> "Feed":
        """Ask for the feed until it is as wanted."""
        response = None
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while True:
                    response = await self.get(calendar)
                    if response.status_code == httpx.codes.OK and until(feed := Feed(response)):
                        return feed
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{response} {response and response.text} {self.program.err}") from None

    async def feed_of(self, id_: str, topic: str) -> "Feed":
        """Ask for the feed until a conference has this topic in it."""
        return await self.feed(lambda feed: feed.topics.get(id_) == topic)

    async def feed_with(self, octets: bytes) -> None:
        """Ask for the feed, which may be too long to be read as a calendar, until these bytes are in it."""

        async def is_served() -> bool:
            return octets in (await self.get()).content

        await reach(is_served, 2 * DEADLINE_SECONDS, pause=0.2)


@dataclass(frozen=True)
class Feed:
    """
    A calendar as it was served.
    """

    response: httpx.Response

    @property
    def etag(self) -> str:
        return str(self.response.headers["etag"])

    @property
    def changed_at(self) -> datetime:
        return parsedate_to_datetime(self.response.headers["last-modified"])

    @property
    def body(self) -> bytes:
        return self.response.content

    @property
    def vevents(self) -> dict[str, Any]:
        """The VEVENTs by the id of their conference."""
        found = Calendar.from_ical(self.body).walk("VEVENT")
        return {str(vevent["X-CONFCAL-ID"]): vevent for vevent in found}

    @property
    def topics(self) -> dict[str, str]:
        return {id_: str(vevent["SUMMARY"]) for id_, vevent in self.vevents.items()}


@dataclass(frozen=True)
class Room:
    """
    `confcal simulate` with a list that the test writes.
    """

    program: Program
    list_file: Path
    url: str
    web_url: str

    def tell(self, *conferences: dict[str, Any]) -> None:
        """Have the list replaced and sent to everybody who listens."""
        write_list(self.list_file, conferences)
        self.program.send(signal.SIGHUP)


def write_list(path: Path, conferences: tuple[dict[str, Any], ...]) -> None:
    path.write_text(json.dumps({"conferences": conferences}, ensure_ascii=False), encoding="utf-8")


@asynccontextmanager
async def room(
    folder: Path, *options: object, conferences: tuple[dict[str, Any], ...]
) -> AsyncIterator[Room]:
    """Run a stand-in for TrueConf Room with this list."""
    list_file = folder / "list.json"
    write_list(list_file, conferences)
    ports = ("--port", 0, "--web-port", 0)
    async with started(
        "simulate", "--list", list_file, *ports, *options, environ={"HOME": str(folder)}
    ) as program:
        url = await program.line(lambda line: line.startswith("WebSocket"))
        discovery = await program.line(lambda line: line.startswith("Discovery"))
        yield Room(program, list_file, url.split()[-1], discovery.split()[-1])
