"""
The composition root: settings -> parts. What runs them is `daemon`.
"""

import random
import socket
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from starlette.types import ASGIApp

from service.app.arrivals import ArrivalHooks, Arrivals
from service.app.calendar_collections import Calendars
from service.app.clock import ClockWatch, utc_now
from service.app.fetching import http_fetch
from service.app.journal_writer import JournalWriter
from service.app.metrics import Metrics
from service.app.oddities import Oddities
from service.app.policy import calendars_with_rules, keep_rules_of, policy_of, rendering_digest
from service.app.reports import HourlyLists, StatusReporter
from service.app.start_journal import tell_start
from service.app.synchronizer import Synchronizer
from service.app.targets import Reconcilers, open_reconcilers
from service.app.timetable import Timetable
from service.calendars.feeds import FeedRules, Feeds
from service.language import catalogues
from service.publishing.ports import Database
from service.settings.accounts import (
    account_of_source,
    accounts_of,
    find_pinned_account,
    find_pinned_accounts,
)
from service.settings.listening import listen
from service.settings.model import Settings, SourceSettings
from service.settings.paths import database_url, exposure, make_installation, public_url, secret_of
from service.sources.endpoint import Endpoint
from service.sources.endpoint_config import EndpointConfig, EndpointTiming
from service.sources.hooks import SnapshotSink, SourceHooks
from service.sources.posted import PostedEvents
from service.sources.recorder import Recorder
from service.sources.rejections import Rejections
from service.sources.turns import LargeFrames
from service.store.engine import file_of
from service.store.sql import open_store
from service.trueconf.discovery import Fetch
from service.web.administration import Administration
from service.web.live import Live
from service.web.renderer import Pages
from service.web.server import make_web


@dataclass(frozen=True, slots=True)
class Parts:
    """
    What the daemon consists of.
    """

    settings: Settings
    store: Database
    synchronizer: Synchronizer
    feeds: Feeds
    rejections: Rejections
    journal: JournalWriter
    metrics: Metrics
    sources: tuple[Endpoint, ...]
    timetable: Timetable
    reconcilers: Reconcilers
    sink: SnapshotSink
    reporter: StatusReporter
    live: Live
    web: ASGIApp
    listening: tuple[socket.socket, ...]
    url: str
    """The address that feeds are handed out under."""


async def open_settings_store(settings: Settings) -> Database:
    """
    Open the database for the daemon: one on SQLite is made and migrated. Raises StoreUnavailable.
    """
    make_installation(settings)
    url = database_url(settings)
    return await open_store(url, migrate=file_of(url) is not None)


async def open_existing_store(settings: Settings) -> Database:
    """Open the database as it is, for a command beside the daemon. Raises StoreUnavailable."""
    return await open_store(database_url(settings), migrate=False)


def feeds_of(settings: Settings, store: Database, synchronizer: Synchronizer, url: str) -> Feeds:
    """Return the feeds under the address `url`."""
    variant = policy_of(settings).variants[0].name
    rules = FeedRules(
        secret_of(settings),
        url,
        variant,
        settings.timezone,
        named=calendars_with_rules(settings),
        for_people=settings.calendars_for_people,
    )
    return Feeds(store, rules, state=lambda: synchronizer.state, clock=utc_now)


def pages_of(settings: Settings, url: str) -> Pages:
    """Return what renders pages under the address `url`. Raises CatalogueMissing."""
    return Pages(catalogues(), language=settings.language, timezone=settings.timezone, public_url=url)


def make_source(
    name: str, settings: SourceSettings, url: str, fetch: Fetch, hooks: SourceHooks, *, large: LargeFrames
) -> Endpoint:
    """Return the source of this name, which listens to `url`."""
    config = EndpointConfig(
        url,
        settings.pin.get_secret_value() if settings.pin else None,
        account_of_source(name, settings),
        settings.server.lower() if settings.server else None,
        find_pinned_account(settings),
    )
    timing = EndpointTiming(random.random, utc_now)
    return Endpoint(name, config, fetch=fetch, timing=timing, hooks=hooks, large=large)


@asynccontextmanager
async def open_parts(settings: Settings, *, record: Path | None = None) -> AsyncIterator[Parts]:
    """
    Build the daemon, give it, and take it down again; `record` is a folder for what arrives.

    Raises SettingsError and StoreUnavailable.
    """
    make_installation(settings)
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
            synchronizer.listen(feeds.mark_changed)
            rejections = Rejections(store, keep_rules_of(settings), clock=utc_now)
            calendars = Calendars(store, feeds.directory)
            async with http_fetch() as fetch, open_reconcilers(settings, calendars, utc_now) as reconcilers:
                synchronizer.listen(reconcilers.mark_changed)
                metrics = Metrics(lambda: synchronizer.state, reconcilers.statuses)
                for name in settings.sources:
                    heard = synchronizer.state.latest_from(name)
                    metrics.expect_list(name, (heard and heard.list_at) or utc_now())
                live, lists = Live(), HourlyLists()
                synchronizer.listen(live.notify)
                store.journal.listen(live.notify)
                writer = await _open_journal(settings, store, synchronizer)
                sink = Arrivals(
                    synchronizer,
                    rejections,
                    metrics,
                    lists,
                    ClockWatch(utc_now, time.monotonic),
                    Oddities(lambda: synchronizer.state),
                )
                hooks, large = ArrivalHooks(rejections, metrics, live, writer, recorder), LargeFrames()
                posted_events = PostedEvents(
                    accounts_of(settings), sink, hooks, clock=utc_now, pinned=find_pinned_accounts(settings)
                )
                sources = tuple(
                    make_source(name, each, each.url, fetch, hooks, large=large)
                    for name, each in settings.sources.items()
                    if each.url
                )
                timetable = Timetable(sources, settings.poll_every)
                reporter = StatusReporter(
                    settings,
                    store,
                    synchronizer,
                    posted_events,
                    lists,
                    sources,
                    timetable,
                    reconcilers,
                    exposure(settings, url),
                    utc_now,
                    utc_now(),
                )
                web = make_web(
                    feeds,
                    policy,
                    pages_of(settings, url),
                    state=lambda: synchronizer.state,
                    clock=utc_now,
                    metrics=metrics.render,
                    administration=_administration(settings, store, reporter, live),
                )
                yield Parts(
                    settings,
                    store,
                    synchronizer,
                    feeds,
                    rejections,
                    writer,
                    metrics,
                    sources,
                    timetable,
                    reconcilers,
                    sink,
                    reporter,
                    live,
                    web,
                    listening,
                    url,
                )
        finally:
            await store.close()


async def _open_journal(settings: Settings, store: Database, synchronizer: Synchronizer) -> JournalWriter:
    """Have the journal tell of this start, and return what writes into it. Raises StoreUnavailable."""
    await tell_start(store.journal, settings, secret_of(settings), version("confcal"), utc_now())
    heard = {name: synchronizer.state.latest_from(name) for name in settings.sources}
    writer = JournalWriter(store.journal, clock=utc_now)
    await writer.recall(settings.sources, {name: known.account for name, known in heard.items() if known})
    return writer


def _administration(
    settings: Settings, store: Database, reporter: StatusReporter, live: Live
) -> Administration:
    given = {name: each.ingest_token for name, each in settings.sources.items()}
    return Administration(
        reporter,
        live,
        reporter.posted_events.accept,
        {name: token.get_secret_value() for name, token in given.items() if token},
        settings.admin_token.get_secret_value() if settings.admin_token else None,
        secret_of(settings),
        store.closed_sessions,
        settings.trusted_proxies,
    )
