"""
The web server as it is deployed, on a real socket, with a calendar that has something of everything.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from starlette.types import ASGIApp

from service.app.synchronizer import Synchronizer
from service.calendars.feeds import FeedRules, Feeds
from service.core.conference import Conference
from service.core.revision import Policy
from service.core.vevent import Rendering
from service.core.weekly import WeeklyRules
from service.web.limits import Limits
from service.web.live import Live
from service.web.server import Visitors, make_web
from service.web.serving import WebServer
from tests.browser.conferences import NOW, RICH
from tests.core.given import listed
from tests.store.memory import MemoryStore
from tests.web.catalogues import pages_of

SECRET = b"a secret of the browser tests"
ZONE = "Europe/Moscow"


@dataclass
class Site:
    """
    A running server with what a test asks of it.
    """

    url: str
    feeds: Feeds
    synchronizer: Synchronizer
    live: Live

    def page(self, query: str = "", *, calendar: str = "all") -> str:
        """Return where the subscription page of a calendar is to be had, whatever address it tells people."""
        return f"{self.url}/calendars/{self.feeds.addresses.tokens[calendar]}{query}"

    def feed_url(self, calendar: str = "all") -> str:
        """Return the address of the feed as the page tells it."""
        return self.feeds.addresses.feed_url(calendar)


@asynccontextmanager
async def running_site(
    *,
    conferences: Sequence[Conference] | None = RICH,
    public_url: str = "https://calendars.example.com",
    clock: Callable[[], datetime] = lambda: NOW,
    most_open_pages: int = 256,
) -> AsyncIterator[Site]:
    """
    Give a server; without `conferences` it has never heard of a list.
    """
    policy = Policy(default=Rendering(WeeklyRules(ZONE)))
    store = MemoryStore()
    synchronizer = Synchronizer(store, policy)
    feeds = Feeds(
        store, FeedRules(SECRET, public_url, "full-en"), state=lambda: synchronizer.state, clock=clock
    )
    await feeds.start()
    synchronizer.listen(feeds.mark_changed)
    if conferences is not None:
        await synchronizer.accept(listed(*conferences, at=NOW))
    pages = pages_of(ZONE, public_url)
    visitors = Visitors()
    visitors.live = Live(most_streams=most_open_pages)
    synchronizer.listen(visitors.live.notify)
    web = make_web(feeds, policy, pages, clock=clock, metrics=lambda: b"", visitors=visitors)
    async with serving(web) as url:
        try:
            yield Site(url, feeds, synchronizer, visitors.live)
        finally:
            visitors.live.close()


@asynccontextmanager
async def serving(web: ASGIApp) -> AsyncIterator[str]:
    """Serve an application at the address given."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # A browser connects ahead of its requests, and on a slow machine long ahead of them.
        server = WebServer(web, [listening], limits=Limits(head_seconds=120), grace_seconds=3)
        task = asyncio.create_task(server.run())
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.stop()
            async with asyncio.timeout(60):
                await task
