"""
Answers of a feed: those of `confcal run` against a bare ASGI callable that replays the bytes, in one run.

    python -m bench.feeds [--seconds 0.5]

A feed of 1,000 events (about 1 MB) that a stand-in for a Room lists, 64 connections. The rival runs on
uvicorn with uvloop and httptools. Both are processes of their own and are asked in turns, so that what else
the machine does falls on both. The latency is that of one kept connection: a delayed acknowledgement shows
there.

Besides, the answers to an address that was rotated (410) and to one that never was (404) have to take the
same time: what knows neither must not learn from a clock which it is. That is measured at the application,
for a daemon limits how often a network may be wrong. The exit code is 1 where a floor is missed.
"""

import asyncio
import re
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
import uvloop
from starlette.types import Message

from bench._clients import Asked, ask, latency, load
from bench._servers import ZONE, bare, confcal, request, serve_bare
from bench.conversion import SERVER, conferences
from service.app.synchronizer import Synchronizer
from service.calendars.feeds import FeedRules, Feeds
from service.calendars.tokens import token_of
from service.core.conference import Account, Listing, Snapshot
from service.core.revision import Policy
from service.core.vevent import Rendering
from service.core.weekly import WeeklyRules
from service.telemetry import configure_logging
from service.web.access_stats import AccessStats
from service.web.feeds.app import FeedApp
from service.web.network import Networks
from service.web.ratelimit import FailureLimit, Guard
from tests.store.memory import MemoryStore

LEAST_RATIO = 0.85
ALIKE = 0.9
EVENTS = 1000
ROUNDS = 21
SAMPLES = 200
REFUSALS, REFUSAL_ROUNDS = 100, 400
SECRET = "a secret of the benchmark"  # noqa: S105 -- nobody else's
PATH, ROTATED, UNKNOWN = (
    f"/feeds/{token_of(SECRET.encode(), 'all', generation)}/all.ics" for generation in (0, 1, 3)
)
NOW = datetime(2026, 10, 5, 8, tzinfo=UTC)


@click.command()
@click.option("--seconds", default=0.5, show_default=True, help="How long each round lasts.")
@click.option("--serve", type=click.Path(path_type=Path), hidden=True)
def main(*, seconds: float, serve: Path | None) -> None:
    """Measure the answers of a feed."""
    if serve:
        serve_bare(serve)
        return
    sys.exit(0 if report(seconds) else 1)


def report(seconds: float) -> bool:
    """Print the table; whether every floor holds."""
    configure_logging("console", "error")
    with TemporaryDirectory() as name:
        folder = Path(name)
        with confcal(folder, secret=SECRET, events=EVENTS, path=PATH) as ours:
            good = _compare(folder, ours, PATH, "", seconds)
            good &= _compare(folder, ours, f"{PATH}?reminder=15&free=1", ", chosen", seconds)
    return asyncio.run(_refusals()) and good


def _compare(folder: Path, ours: int, path: str, kind: str, seconds: float) -> bool:
    full = request(path)
    answer = ask(Asked(ours, full))
    unchanged = request(path, etag=_etag(answer))
    short = ask(Asked(ours, unchanged))
    with bare(folder, full=answer, unchanged=short) as rival:
        good = _told(answer, short, [ask(Asked(rival, each)) for each in (full, unchanged)])
        for row, asked in (("304", unchanged), ("200", full)):
            good &= _rates(row + kind, Asked(ours, asked), Asked(rival, asked), seconds)
        return _latencies("304, one kept", Asked(ours, unchanged), Asked(rival, unchanged)) and good


def _told(full: bytes, unchanged: bytes, rivals: list[bytes]) -> bool:
    same = [_undated(full), _undated(unchanged)] == [_undated(each) for each in rivals]
    events = full.count(b"BEGIN:VEVENT")
    click.echo(f"{events:,} events, {len(full) / 1e6:.2f} MB; same bytes: {'yes' if same else 'NO'}")
    click.echo(f"{'answer':<16}{'confcal':>14}{'bare ASGI':>16}{'ratio':>8}")
    return same and events == EVENTS


def _rates(row: str, ours: Asked, rival: Asked, seconds: float) -> bool:
    pairs = [tuple(uvloop.run(load(each, seconds)) for each in (ours, rival)) for _ in range(ROUNDS)]
    mine, floor = (f"{median(column):,.0f} /s" for column in zip(*pairs, strict=True))
    # Each ratio is of neighbors in time; the middle one is not disturbed by what comes and goes.
    return _verdict(row, mine, floor, median(one / other for one, other in pairs))


def _latencies(row: str, ours: Asked, rival: Asked) -> bool:
    pairs = [tuple(latency(each, SAMPLES) for each in (ours, rival)) for _ in range(ROUNDS)]
    mine, floor = (f"{median(column) * 1e3:.3f} ms" for column in zip(*pairs, strict=True))
    return _verdict(row, mine, floor, median(other / one for one, other in pairs))


def _verdict(row: str, mine: str, floor: str, ratio: float) -> bool:
    verdict = "ok" if ratio >= LEAST_RATIO else "MISSED"
    click.echo(f"{row:<16}{mine:>14}{floor:>16}{ratio:>8.2f}  {verdict} (at least {LEAST_RATIO})")
    return ratio >= LEAST_RATIO


async def _refusals() -> bool:
    """Compare how long the application takes to refuse two kinds of addresses."""
    app = await _app()
    gone, never = [_refused(app, path) for path in (ROTATED, UNKNOWN)]
    pairs = [(await gone(), await never()) for _ in range(REFUSAL_ROUNDS)]
    ratio = median(one / other for one, other in pairs)
    alike = ALIKE <= ratio <= 1 / ALIKE
    verdict = f"{'ok' if alike else 'MISSED'} (within {ALIKE} and {1 / ALIKE:.2f})"
    one, other = (f"{median(column) * 1e6:.1f}" for column in zip(*pairs, strict=True))
    click.echo(
        f"410 and 404 of the application, microseconds: {one} and {other}, ratio {ratio:.2f}  {verdict}"
    )
    return alike


def _refused(app: FeedApp, path: str) -> Callable[[], Awaitable[float]]:
    """Return what gives the seconds that one refusal takes."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"bench")],
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> Message:
        raise RuntimeError("a feed reads no body")

    async def send(_message: Message) -> None:
        pass

    async def measured() -> float:
        started = time.perf_counter()
        for _ in range(REFUSALS):
            await app(scope, receive, send)
        return (time.perf_counter() - started) / REFUSALS

    return measured


async def _app() -> FeedApp:
    policy = Policy(default=Rendering(WeeklyRules(ZONE)))
    store = MemoryStore()
    synchronizer = Synchronizer(store, policy)
    rules = FeedRules(SECRET.encode(), "http://127.0.0.1", "full-en", ZONE)
    feeds = Feeds(store, rules, state=lambda: synchronizer.state, clock=lambda: NOW)
    await feeds.start()
    synchronizer.listen(feeds.mark_changed)
    listed = tuple(replace(each, invitations=()) for each in conferences(1))
    await synchronizer.accept(Snapshot(Account("bench", SERVER), "bench", NOW, Listing(listed)))
    for _ in range(2):
        await feeds.directory.rotate("all", NOW)
    networks = Networks()
    # Out of reach: it is the 404 that is measured, not the 429.
    guard = Guard(networks, FailureLimit(10**9, timedelta(minutes=5)), lambda: datetime.now(UTC))
    return FeedApp(feeds, guard, AccessStats(networks), lambda: datetime.now(UTC))


def _etag(answer: bytes) -> bytes:
    return answer.partition(b"\r\netag: ")[2].partition(b"\r\n")[0]


def _undated(answer: bytes) -> bytes:
    """Return an answer without the moment that it was sent at."""
    return re.sub(rb"\r\ndate: [^\r]*", b"", answer)


if __name__ == "__main__":
    main()
