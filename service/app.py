"""
The composition root: settings -> parts -> tasks -> an orderly stop.
"""

import asyncio
import random
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import structlog
import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from starlette.types import ASGIApp

from service.core.conference import Account, Snapshot
from service.core.errors import StoreUnavailable
from service.core.ports import Store
from service.places import database_url, listen, public_url, secret_of
from service.policy import policy_of, rendering_digest
from service.settings import Settings, SourceSettings
from service.store.open import open_store
from service.sync import Synchronizer
from service.trueconf.discovery import Fetch, place
from service.trueconf.driver import Deliver, Source, Taps
from service.web.feeds import FeedRules, Feeds
from service.web.server import make_web

log = structlog.get_logger()

_REFRESH_SECONDS = 5
"""How often the daemon looks whether another command wrote to its database."""

_GRACE_SECONDS = 3
"""How long answers under way may take once the daemon is told to stop."""


def utc_now() -> datetime:
    """Return the present moment; the only clock of the daemon."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """
    What the daemon consists of.
    """

    settings: Settings
    store: Store
    synchronizer: Synchronizer
    feeds: Feeds
    sources: tuple[Source, ...]
    web: ASGIApp
    listening: socket.socket
    url: str
    """The address that feeds are handed out under."""


async def open_settings_store(settings: Settings) -> Store:
    """
    Open the database, migrating the embedded one. Raises StoreUnavailable.
    """
    return await open_store(database_url(settings), migrate=settings.database_url is None)


def feeds_of(settings: Settings, store: Store, synchronizer: Synchronizer, url: str) -> Feeds:
    """Return the feeds under the address `url`."""
    variant = policy_of(settings).variants[0].name
    rules = FeedRules(secret_of(settings), url, variant, settings.timezone)
    return Feeds(store, rules, state=lambda: synchronizer.state, clock=utc_now)


@asynccontextmanager
async def http_fetch() -> AsyncIterator[Fetch]:
    """
    Give a GET of one URL that raises OSError where there is no good answer.
    """
    # Endpoints stand in the local network: no proxy from the environment is on the way to them.
    async with httpx.AsyncClient(
        verify=ssl.create_default_context(), trust_env=False, timeout=10, headers={"User-Agent": "confcal"}
    ) as http:

        async def fetch(url: str) -> bytes:
            try:
                response = await http.get(url)
                response.raise_for_status()
            except httpx.HTTPStatusError as error:
                raise ConnectionError(f"it answered with status {error.response.status_code}") from error
            except httpx.HTTPError as error:
                raise ConnectionError(str(error) or type(error).__name__) from error
            return response.content

        yield fetch


def make_source(name: str, settings: SourceSettings, fetch: Fetch, taps: Taps) -> Source:
    """Return the source of this name."""
    server = settings.server.lower() if settings.server else None
    return Source(
        name,
        url=settings.url,
        pin=settings.pin.get_secret_value() if settings.pin else None,
        fallback=Account(name, server or place(settings.url).partition(":")[0].lower()),
        server=server,
        fetch=fetch,
        random=random.random,
        now=utc_now,
        taps=taps,
    )


@asynccontextmanager
async def built(settings: Settings) -> AsyncIterator[Parts]:
    """
    Build the daemon, give it, and take it down again.

    Raises SettingsError and StoreUnavailable.
    """
    policy = policy_of(settings)
    with listen(settings) as listening:
        url = public_url(settings, listening.getsockname()[1])
        store = await open_settings_store(settings)
        try:
            synchronizer = Synchronizer(store, policy)
            feeds = feeds_of(settings, store, synchronizer, url)
            await synchronizer.start(rendering=rendering_digest(policy), now=utc_now())
            await feeds.start()
            synchronizer.listen(feeds.changed)
            web = make_web(feeds, policy, state=lambda: synchronizer.state, clock=utc_now)
            async with http_fetch() as fetch:
                sources = tuple(make_source(*item, fetch, Taps()) for item in settings.sources.items())
                yield Parts(settings, store, synchronizer, feeds, sources, web, listening, url)
        finally:
            await store.close()


async def run(settings: Settings, *, heard: Callable[[Parts], None] = lambda _parts: None) -> None:
    """
    Run the daemon until SIGTERM or SIGINT.

    `heard` is called once the first list is in the feeds.

    Raises SettingsError, StoreUnavailable, and an ExceptionGroup of whatever crashed.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with built(settings) as parts:
        await _serve(parts, stop, heard)
    log.info("app.stopped")


async def _serve(parts: Parts, stop: asyncio.Event, heard: Callable[[Parts], None]) -> None:
    server = _Server(parts.web)
    refresh = asyncio.Event()
    scheduler = _scheduler(parts, refresh)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve(sockets=[parts.listening]), name="web")
        running = [
            tasks.create_task(source.run(_accepting(parts.synchronizer)), name=f"source {source.status.name}")
            for source in parts.sources
        ]
        running.append(tasks.create_task(_refreshing(parts.synchronizer, refresh), name="refresh"))
        scheduler.start()
        log.info("app.started", url=parts.url, sources=[source.status.name for source in parts.sources])
        running.append(tasks.create_task(_tell(parts, heard), name="heard"))
        stopping = tasks.create_task(stop.wait(), name="stop")
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        scheduler.shutdown(wait=False)
        server.should_exit = True
        for task in (*running, stopping):
            task.cancel()


async def _tell(parts: Parts, heard: Callable[[Parts], None]) -> None:
    await parts.synchronizer.heard.wait()
    heard(parts)


def _accepting(synchronizer: Synchronizer) -> Deliver:
    async def accept(snapshot: Snapshot) -> None:
        await synchronizer.accept(snapshot)

    return accept


async def _refreshing(synchronizer: Synchronizer, bell: asyncio.Event) -> None:
    while True:
        await bell.wait()
        bell.clear()
        try:
            await synchronizer.refresh()
        except StoreUnavailable as error:
            log.warning("app.store_unavailable", error=str(error))


def _scheduler(parts: Parts, refresh: asyncio.Event) -> AsyncIOScheduler:
    """Return the clock that rings bells: polls of the sources, a look at the database."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    seconds = parts.settings.poll_every.total_seconds()
    for source in parts.sources:
        scheduler.add_job(source.poll_now, "interval", seconds=seconds, jitter=seconds / 10)
    scheduler.add_job(refresh.set, "interval", seconds=_REFRESH_SECONDS)
    return scheduler


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the daemon's stop is one for all parts."""

    def __init__(self, web: ASGIApp) -> None:
        config = uvicorn.Config(
            web,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
