"""
A web server in memory: a store that can fail, a clock that is set, a client that asks it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx
from starlette.types import ASGIApp

from service.app.synchronizer import Synchronizer
from service.calendars.feeds import FeedRules, Feeds
from service.calendars.tokens import token_of
from service.core.changes import RenderedVEvent
from service.core.conference import Account, Snapshot
from service.core.errors import StoreUnavailable
from service.core.ports import FeedRecord
from service.core.removal import RemovalRules
from service.core.revision import Policy
from service.core.vevent import Rendering
from service.core.weekly import WeeklyRules
from service.web.server import Visitors, make_web
from tests.core.given import NOW
from tests.store.memory import MemoryStore
from tests.web.catalogues import pages_of

SECRET = b"a secret of the tests"
BASE = "https://calendars.example.com"


class FailingStore(MemoryStore):
    """A memory store that cannot be read while `failing`, and that does something `meanwhile`."""

    failing = False
    meanwhile: Callable[[], Awaitable[None]] | None = None
    reads = 0

    async def vevents(self, variant: str, account: Account | None = None) -> list[RenderedVEvent]:
        self.reads += 1
        if self.failing:
            raise StoreUnavailable("the disk is gone")
        vevents = await super().vevents(variant, account)
        if self.meanwhile:
            await self.meanwhile()
        return vevents


@dataclass
class Web:
    """
    The server with all that a test moves.
    """

    app: ASGIApp
    client: httpx.AsyncClient
    visitors: Visitors
    feeds: Feeds
    store: FailingStore
    synchronizer: Synchronizer
    clock: "Clock"

    async def accept(self, snapshot: Snapshot) -> None:
        """Have a list recorded, as the daemon does."""
        await self.synchronizer.accept(snapshot)

    def path(self, calendar: str = "all", generation: int = 0) -> str:
        return f"/feeds/{token_of(SECRET, calendar, generation)}/trueconf.ics"

    async def get(self, calendar: str = "all", **headers: str) -> httpx.Response:
        """Get a feed; `if_none_match="..."` becomes the header of that name."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(self.path(calendar), headers=named)

    async def page(self, calendar: str = "all", *, query: str = "", **headers: str) -> httpx.Response:
        """Get the subscription page; headers as in `get`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(f"{self.page_path(calendar)}{query}", headers=named)

    def page_path(self, calendar: str = "all") -> str:
        return f"/calendars/{token_of(SECRET, calendar, 0)}"


@dataclass
class Clock:
    now: datetime = field(default=NOW)

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def served(
    *,
    timezone: str = "UTC",
    records: dict[str, FeedRecord] | None = None,
    public_url: str = BASE,
    store: FailingStore | None = None,
) -> AsyncIterator[Web]:
    """Give a server whose removals take effect with the first list."""
    policy = Policy(
        default=Rendering(WeeklyRules(timezone)), removal=RemovalRules(missing_lists=1, missing_for=NOW - NOW)
    )
    store, clock = store or FailingStore(), Clock()
    for name, record in (records or {}).items():
        await store.record_feed(name, record)
    synchronizer = Synchronizer(store, policy)
    rules = FeedRules(SECRET, public_url, "full-en")
    feeds = Feeds(store, rules, state=lambda: synchronizer.state, clock=clock)
    await feeds.start()
    synchronizer.listen(feeds.mark_changed)
    pages = pages_of(timezone, public_url)
    visitors = Visitors()
    app = make_web(feeds, policy, pages, clock=clock, metrics=lambda: b"", visitors=visitors)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        # Exactly the headers that a test names.
        client.headers = httpx.Headers()
        yield Web(app, client, visitors, feeds, store, synchronizer, clock)
