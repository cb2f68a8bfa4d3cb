"""
The subscription page: how much CPU one of fifty conferences takes, in each view.

    python -m bench.pages

Measured at the application, in the thread that renders. The exit code is 1 where a ceiling is missed.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from statistics import median

import click
import httpx

from bench._long_lists import SERVER
from bench._servers import ZONE
from bench.conversion import conferences
from service.app.synchronizer import Synchronizer
from service.calendars.feeds import FeedRules, Feeds
from service.core.conference import Account, Listing, Snapshot
from service.core.revision import Policy
from service.core.vevent import Rendering
from service.core.weekly import WeeklyRules
from service.telemetry import configure_logging
from service.web.renderer import Pages
from service.web.server import make_web
from tests.store.memory import MemoryStore
from tests.web.catalogues import catalogues

MOST_MS = 15.0
CONFERENCES = 50
ROUNDS = 60
VIEWS = ("day", "week", "month", "agenda")
NOW = datetime(2026, 10, 5, 8, tzinfo=UTC)


@click.command()
def main() -> None:
    """Measure the subscription page."""
    configure_logging("console", "error")
    sys.exit(0 if asyncio.run(report()) else 1)


async def report() -> bool:
    """Print the table; whether every ceiling holds."""
    policy = Policy(default=Rendering(WeeklyRules(ZONE)))
    synchronizer = Synchronizer(MemoryStore(), policy)
    rules = FeedRules(b"a secret of the benchmark", "https://bench.example", "full-en")
    feeds = Feeds(MemoryStore(), rules, state=lambda: synchronizer.state, clock=lambda: NOW)
    await feeds.start()
    listed = tuple(conferences(CONFERENCES)[:CONFERENCES])
    await synchronizer.accept(Snapshot(Account("bench", SERVER), "bench", NOW, Listing(listed)))
    pages = Pages(catalogues(), language="en", timezone=ZONE, public_url="https://bench.example")
    web = make_web(feeds, policy, pages, clock=lambda: NOW + timedelta(minutes=1), metrics=lambda: b"")
    address = f"/calendars/{feeds.addresses.tokens['all']}"
    click.echo(f"{'view':<10}{'CPU':>10}{'bytes':>10}")
    transport = httpx.ASGITransport(web)
    async with httpx.AsyncClient(transport=transport, base_url="https://bench.example") as client:
        return all([await _measure(client, f"{address}?view={view}", view) for view in VIEWS])


async def _measure(client: httpx.AsyncClient, url: str, view: str) -> bool:
    answer = await client.get(url)
    taken = []
    for _ in range(ROUNDS):
        started = time.process_time()
        answer = await client.get(url)
        taken.append((time.process_time() - started) * 1e3)
    held = median(taken) < MOST_MS
    verdict = f"{'ok' if held else 'MISSED'} (less than {MOST_MS:.0f} ms)"
    click.echo(f"{view:<10}{median(taken):>7.1f} ms{len(answer.content):>10,}  {verdict}")
    return held


if __name__ == "__main__":
    main()
