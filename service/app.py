"""
The composition root: settings -> parts. What runs them is `daemon`.
"""

import asyncio
import random
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from starlette.types import ASGIApp

from service.clock import ClockWatch
from service.configuration.listening import listen
from service.configuration.places import database_url, exposure, public_url, secret_of
from service.configuration.policy import keep_rules_of, named_calendars, policy_of, rendering_digest
from service.core.conference import Account, Snapshot
from service.core.ports import Store
from service.intake.posted import Intake, account_of_source, accounts_of
from service.intake.recorder import Recorder
from service.intake.rejections import Rejections
from service.language import catalogues
from service.metrics import Metrics
from service.publishing.upkeep import Upkeep
from service.settings import Settings, SourceSettings
from service.store.open import open_store
from service.sync import Synchronizer
from service.targets import Calendars, open_upkeeps, target_view
from service.trueconf.causes import reason_of
from service.trueconf.discovery import Fetch
from service.trueconf.driver import Source
from service.trueconf.events import FrameWasRejected
from service.trueconf.status import SourceStatus
from service.trueconf.taps import Deliver, Taps
from service.trueconf.turns import LargeFrames
from service.watch import HourlyLists, Watch
from service.web.administration import Administration
from service.web.feeds import FeedRules, Feeds
from service.web.live import Live
from service.web.pages import Pages
from service.web.server import make_web

_LARGEST_DOCUMENT = 1024 * 1024
_ASKING = {"User-Agent": "confcal", "Accept-Encoding": "identity"}


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
    rejections: Rejections
    metrics: Metrics
    sources: tuple[Source, ...]
    upkeeps: tuple[Upkeep, ...]
    """What keeps the CalDAV collections."""

    accept: Deliver
    """Takes over what a source heard."""

    watch: Watch
    live: Live
    web: ASGIApp
    listening: tuple[socket.socket, ...]
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
    rules = FeedRules(
        secret_of(settings),
        url,
        variant,
        settings.timezone,
        named=named_calendars(settings),
        for_people=settings.calendars_for_people,
    )
    return Feeds(store, rules, state=lambda: synchronizer.state, clock=utc_now)


def pages_of(settings: Settings, url: str) -> Pages:
    """Return what renders pages under the address `url`. Raises CatalogueMissing."""
    return Pages(catalogues(), language=settings.language, timezone=settings.timezone, public_url=url)


@asynccontextmanager
async def http_fetch(*, limit_seconds: float = 15) -> AsyncIterator[Fetch]:
    """
    Give a GET of one short document that raises OSError where there is no good answer within `limit_seconds`.
    """
    # Endpoints stand in the local network: no proxy from the environment is on the way to them.
    async with httpx.AsyncClient(
        verify=ssl.create_default_context(), trust_env=False, timeout=10, headers=_ASKING
    ) as http:

        async def fetch(url: str) -> bytes:
            try:
                # httpx counts each read by itself: whoever sends an octet now and then would never end.
                async with asyncio.timeout(limit_seconds), http.stream("GET", url) as response:
                    response.raise_for_status()
                    return await _short(response)
            except httpx.HTTPStatusError as error:
                raise ConnectionError(f"it answered with status {error.response.status_code}") from error
            except TimeoutError as error:
                raise ConnectionError("it did not answer in time") from error
            except ConnectionError:
                raise
            # InvalidURL is none of the others: some names only its parser refuses. Whatever else an answer
            # makes of the library is the trouble of one endpoint.
            except Exception as error:
                raise ConnectionError(reason_of(error)) from error

        yield fetch


async def _short(response: httpx.Response) -> bytes:
    """Return the body. Raises ConnectionError where it is packed, or longer than such a document can be."""
    # A few kilobytes that are packed may be gigabytes, so they are not unpacked to be measured.
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise ConnectionError("its answer is packed, though that was not asked for")
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > _LARGEST_DOCUMENT:
            raise ConnectionError(f"its answer is longer than {_LARGEST_DOCUMENT} octets")
    return bytes(body)


def make_source(
    name: str, settings: SourceSettings, url: str, fetch: Fetch, taps: Taps, *, large: LargeFrames
) -> Source:
    """Return the source of this name, which listens to `url`."""
    return Source(
        name,
        url=url,
        pin=settings.pin.get_secret_value() if settings.pin else None,
        fallback=account_of_source(name, settings),
        server=settings.server.lower() if settings.server else None,
        fetch=fetch,
        random=random.random,
        now=utc_now,
        taps=taps,
        large=large,
    )


@asynccontextmanager
async def built(settings: Settings, *, record: Path | None = None) -> AsyncIterator[Parts]:
    """
    Build the daemon, give it, and take it down again; `record` is a folder for what arrives.

    Raises SettingsError and StoreUnavailable.
    """
    policy = policy_of(settings)
    with ExitStack() as opened:
        listening = listen(settings)
        for each in listening:
            opened.enter_context(each)
        recorder = Recorder(record) if record else None
        if recorder:
            opened.callback(recorder.close)
        url = public_url(settings, listening[0].getsockname()[1])
        store = await open_settings_store(settings)
        try:
            synchronizer = Synchronizer(store, policy)
            feeds = feeds_of(settings, store, synchronizer, url)
            await synchronizer.start(rendering=rendering_digest(policy, utc_now()), now=utc_now())
            await feeds.start()
            synchronizer.listen(feeds.changed)
            rejections = Rejections(store, keep_rules_of(settings), clock=utc_now)
            calendars = Calendars(store, lambda: feeds.calendars, feeds.directory.entries)
            async with http_fetch() as fetch, open_upkeeps(settings, calendars, utc_now) as upkeeps:
                metrics = Metrics(lambda: synchronizer.state, lambda: (each.status for each in upkeeps))
                for name in settings.sources:
                    heard = synchronizer.state.heard(name)
                    metrics.awaiting(name, (heard and heard.list_at) or utc_now())
                live = Live()
                synchronizer.listen(live.ring)
                taps, large = _taps(rejections, metrics, live, recorder), LargeFrames()
                lists = HourlyLists()
                accept = accepting(
                    synchronizer, rejections, metrics, lists, ClockWatch(utc_now, time.monotonic)
                )
                intake = Intake(accounts_of(settings), accept, taps, clock=utc_now)
                watch = Watch(
                    settings, store, synchronizer, intake, lists, utc_now(), exposure(settings, url)
                )
                for upkeep in upkeeps:
                    synchronizer.listen(upkeep.changed)
                watch.targets = lambda: [target_view(upkeep.status) for upkeep in upkeeps]
                sources = tuple(
                    make_source(name, each, each.url, fetch, taps, large=large)
                    for name, each in settings.sources.items()
                    if each.url
                )
                watch.sources = sources
                web = make_web(
                    feeds,
                    policy,
                    pages_of(settings, url),
                    state=lambda: synchronizer.state,
                    clock=utc_now,
                    metrics=metrics.render,
                    administration=_administration(settings, store, watch, live),
                )
                yield Parts(
                    settings,
                    store,
                    synchronizer,
                    feeds,
                    rejections,
                    metrics,
                    watch.sources,
                    upkeeps,
                    accept,
                    watch,
                    live,
                    web,
                    listening,
                    url,
                )
        finally:
            await store.close()


def accepting(
    synchronizer: Synchronizer,
    rejections: Rejections,
    metrics: Metrics,
    lists: HourlyLists,
    clock: ClockWatch,
) -> Deliver:
    """Return what takes over a list, whichever way it came."""

    async def accept(snapshot: Snapshot) -> None:
        forward = clock.set_forward()
        if forward:
            await synchronizer.wait_longer(forward)
        changes = await synchronizer.accept(snapshot)
        rejections.snapshot(snapshot)
        metrics.accepted(snapshot, changes)
        lists.note(snapshot.received_at)

    return accept


def _administration(settings: Settings, store: Store, watch: Watch, live: Live) -> Administration:
    given = {name: each.ingest_token for name, each in settings.sources.items()}
    return Administration(
        watch.reports(),
        live,
        watch.intake.accept,
        {name: token.get_secret_value() for name, token in given.items() if token},
        settings.admin_token.get_secret_value() if settings.admin_token else None,
        secret_of(settings),
        store.closed_sessions,
        settings.trusted_proxies,
    )


def _taps(rejections: Rejections, metrics: Metrics, live: Live, recorder: Recorder | None) -> Taps:
    def status(told: SourceStatus) -> None:
        metrics.status(told)
        live.ring()

    def rejected(source: str, account: Account | None, event: FrameWasRejected) -> None:
        metrics.frame_rejected(source)
        rejections.frame(source, account, field=event.field, reason=event.reason, raw=event.raw)

    if recorder is None:
        return Taps(status=status, rejected=rejected)
    return Taps(status=status, rejected=rejected, frame=recorder.frame)
