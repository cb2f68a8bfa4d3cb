"""
Answers of a feed: those of `confcal run` against a bare ASGI callable that replays the bytes, in one run.

    python -m bench.feeds [--seconds 0.5]

A feed of 1,000 events (about 1 MB) that a stand-in for a Room lists, 64 connections. The rival runs on
uvicorn with uvloop and httptools. Both are processes of their own and are asked in turns, so that what else
the machine does falls on both. The latency is that of one kept connection: a delayed acknowledgement shows
there. The exit code is 1 where a floor is missed.
"""

import re
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
import uvloop

from bench._clients import Asked, ask, latency, load
from bench._servers import bare, confcal, request, serve_bare
from service.calendars.tokens import token_of
from service.telemetry import configure_logging

LEAST_RATIO = 0.85
EVENTS = 1000
ROUNDS = 21
SAMPLES = 200
SECRET = "a secret of the benchmark"  # noqa: S105 -- nobody else's
PATH = f"/feeds/{token_of(SECRET.encode(), 'all', 0)}/all.ics"


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
    return good


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


def _etag(answer: bytes) -> bytes:
    return answer.partition(b"\r\netag: ")[2].partition(b"\r\n")[0]


def _undated(answer: bytes) -> bytes:
    """Return an answer without the moment that it was sent at."""
    return re.sub(rb"\r\ndate: [^\r]*", b"", answer)


if __name__ == "__main__":
    main()
