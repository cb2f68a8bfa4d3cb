"""
Answers of a feed: ours against a bare ASGI callable that replays the same bytes, on uvicorn, in one run.

    python -m bench.feeds [--seconds 0.5]

A feed of 1,000 events (about 1.2 MB), 64 connections, uvloop and httptools on both sides. The servers are
processes of their own and are asked in turns, so that what else the machine does falls on both. Besides, the
answers to an address that was rotated (410) and to one that never was (404) have to take the same time: what
knows neither must not learn from a clock which it is. The exit code is 1 where a floor is missed.
"""

import asyncio
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import IO, Any, Literal, cast

import click
import uvicorn
import uvloop
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.conversion import SERVER, conferences
from service.core.conference import Account, Listing, Snapshot
from service.core.revision import Policy
from service.core.vevent import Rendering
from service.core.weekly import WeeklyRules
from service.store.memory import MemoryStore
from service.sync import Synchronizer
from service.telemetry import configure_logging
from service.web.addresses import token_of
from service.web.feed_app import FeedApp
from service.web.feeds import FeedRules, Feeds
from service.web.network import Networks
from service.web.ratelimit import FailureLimit, Guard
from service.web.visits import Visits

LEAST_RATIO = 0.8
ALIKE = 0.9
EVENTS = 1000
CONNECTIONS = 64
ROUNDS = 15
ZONE = "Europe/Moscow"
SECRET = b"a secret of the benchmark"
PATH = f"/feeds/{token_of(SECRET, 'all', 1)}/all.ics"
ROTATED = f"/feeds/{token_of(SECRET, 'all', 0)}/all.ics"
UNKNOWN = f"/feeds/{token_of(SECRET, 'all', 2)}/all.ics"
NOW = datetime(2026, 10, 5, 8, tzinfo=UTC)

Kind = Literal["confcal", "bare"]
Asked = tuple[int, bytes]
"""A port, and what is sent there."""


@click.command()
@click.option("--seconds", default=0.5, show_default=True, help="How long each round lasts.")
@click.option("--serve", type=click.Choice(["confcal", "bare"]), hidden=True)
def main(*, seconds: float, serve: Kind | None) -> None:
    """Measure the answers of a feed."""
    if serve:
        configure_logging("console", "error")
        uvloop.run(_serve(serve))
        return
    sys.exit(0 if report(seconds) else 1)


def report(seconds: float) -> bool:
    """Print the table; whether every floor holds."""
    with ExitStack() as started:
        ours, bare = (started.enter_context(_server(kind)) for kind in ("confcal", "bare"))
        full, unchanged = _request(), _request(_etag(uvloop.run(_ask(ours, _request()))))
        size = len(uvloop.run(_ask(ours, full)))
        same = all(
            _undated(uvloop.run(_ask(ours, request))) == _undated(uvloop.run(_ask(bare, request)))
            for request in (full, unchanged)
        )
        click.echo(f"{EVENTS:,} events, {size / 1e6:.2f} MB; same bytes: {'yes' if same else 'NO'}")
        click.echo(f"{'answer':<12}{'confcal, /s':>14}{'bare ASGI, /s':>16}{'ratio':>8}")
        good = same
        for name, request in (("304", unchanged), ("200, full", full)):
            mine, floor, ratio = _compared((ours, request), (bare, request), seconds)
            verdict = "ok" if ratio >= LEAST_RATIO else "MISSED"
            click.echo(
                f"{name:<12}{mine:>14,.0f}{floor:>16,.0f}{ratio:>8.2f}  {verdict} (at least {LEAST_RATIO})"
            )
            good = good and ratio >= LEAST_RATIO
        gone, never, ratio = _compared(
            (ours, _request(path=ROTATED)), (ours, _request(path=UNKNOWN)), seconds
        )
        alike = ALIKE <= ratio <= 1 / ALIKE
        verdict = f"{'ok' if alike else 'MISSED'} (within {ALIKE} and {1 / ALIKE:.2f})"
        click.echo(f"410 and 404 of confcal, /s: {gone:,.0f} and {never:,.0f}, ratio {ratio:.2f}  {verdict}")
    return good and alike


def _compared(one: Asked, other: Asked, seconds: float) -> tuple[float, float, float]:
    """Return the answers per second to each of two requests, asked in turns, and their ratio."""
    rates = [
        [uvloop.run(_load(port, request, seconds)) for port, request in (one, other)] for _ in range(ROUNDS)
    ]
    # Each ratio is of neighbors in time; the middle one is not disturbed by what comes and goes.
    ratio = median(first / second for first, second in rates)
    first, second = (median(column) for column in zip(*rates, strict=True))
    return first, second, ratio


@contextmanager
def _server(kind: Kind) -> Iterator[int]:
    """Give the port of a server in a process of its own, which ends with the block."""
    command = [sys.executable, "-m", "bench.feeds", "--serve", kind]
    # Our own module. It goes on until its input ends, which is when the pipes are closed.
    with subprocess.Popen(  # noqa: S603 -- our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield int(cast("IO[str]", process.stdout).readline())
        cast("IO[str]", process.stdin).close()


async def _serve(kind: Kind) -> None:
    app: ASGIApp = await _app()
    if kind == "bare":
        app = await _replaying(app)
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS) as listening:
        # Whoever connects before the server runs waits in the queue of the socket.
        click.echo(listening.getsockname()[1])
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving


async def _app() -> FeedApp:
    policy = Policy(default=Rendering(WeeklyRules(ZONE), people=True))
    store = MemoryStore()
    synchronizer = Synchronizer(store, policy)
    rules = FeedRules(SECRET, "http://127.0.0.1", "full-en", ZONE)
    feeds = Feeds(store, rules, state=lambda: synchronizer.state, clock=lambda: NOW)
    await feeds.start()
    synchronizer.listen(feeds.changed)
    # Ten people each make the feed as large as the one that was promised for.
    listed = tuple(replace(each, invitations=each.invitations * 3) for each in conferences(EVENTS))
    await synchronizer.accept(Snapshot(Account("bench", SERVER), "bench", NOW, Listing(listed)))
    await feeds.directory.rotate("all")
    networks = Networks()
    clock = _utc_now
    # Out of reach: it is the 404 that is measured, not the 429.
    guard = Guard(networks, FailureLimit(10**9, timedelta(minutes=5)), clock)
    return FeedApp(feeds, guard, Visits(networks), clock)


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def _replaying(app: ASGIApp) -> ASGIApp:
    """Return a callable that knows nothing but what `app` answers to the two requests."""
    full = await _recorded(app, [])
    etag = dict(full[0]["headers"])[b"etag"]
    unchanged = await _recorded(app, [(b"if-none-match", etag)])

    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        # The load asks for the one with one header more: looking at their number costs next to nothing.
        for message in unchanged if len(scope["headers"]) > 1 else full:
            await send(message)

    return bare


async def _recorded(app: ASGIApp, headers: list[tuple[bytes, bytes]]) -> list[Any]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": PATH,
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
    }
    await app(scope, receive, send)
    return sent


def _request(etag: bytes = b"", *, path: str = PATH) -> bytes:
    condition = b"If-None-Match: " + etag + b"\r\n" if etag else b""
    return b"GET " + path.encode() + b" HTTP/1.1\r\nHost: bench\r\n" + condition + b"\r\n"


def _etag(answer: bytes) -> bytes:
    return answer.partition(b"\r\netag: ")[2].partition(b"\r\n")[0]


def _undated(answer: bytes) -> bytes:
    """Return an answer without the moment that uvicorn puts on it."""
    return re.sub(rb"\r\ndate: [^\r]*", b"", answer)


async def _ask(port: int, request: bytes) -> bytes:
    """Return one whole answer, as it comes over the wire."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    body = await reader.readexactly(int(length[1])) if length else b""
    writer.close()
    await writer.wait_closed()
    return head + body


@dataclass
class _Count:
    answers: int = 0


class _Client(asyncio.BufferedProtocol):
    """
    Asks again as soon as it has been answered. All answers to one request are equally long: it counts bytes.
    """

    def __init__(self, request: bytes, length: int, count: _Count) -> None:
        self._request, self._length, self._count = request, length, count
        self._missing = length
        self._buffer = bytearray(1 << 18)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are transports without the class.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def get_buffer(self, sizehint: int) -> bytearray:
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._missing -= nbytes
        if self._missing < 0:
            raise RuntimeError("an answer was longer than the others")
        if self._missing == 0 and self._transport:
            self._missing = self._length
            self._count.answers += 1
            self._transport.write(self._request)


async def _load(port: int, request: bytes, seconds: float) -> float:
    """Return how many answers a second come over all connections."""
    length = len(await _ask(port, request))
    loop = asyncio.get_running_loop()
    count = _Count()
    opened = [
        await loop.create_connection(lambda: _Client(request, length, count), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    warm, started = count.answers, time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (count.answers - warm) / (time.perf_counter() - started)
    for transport, _ in opened:
        transport.close()
    return rate


if __name__ == "__main__":
    main()
