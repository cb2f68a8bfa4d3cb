"""
The composition root: it builds the parts from the settings. `daemon` runs them.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from service.app.arrivals import ArrivalHooks, Arrivals, expect_lists
from service.app.calendar_collections import Calendars
from service.app.clock import ClockWatch, utc_now
from service.app.elsewhere import Elsewhere
from service.app.feeds import feeds_of
from service.app.fetching import http_fetch
from service.app.joining import join_replicas
from service.app.journal_writer import JournalWriter
from service.app.leaseholder import LeaseHolder
from service.app.metrics import Metrics
from service.app.notifiers import Notifiers
from service.app.oddities import Oddities
from service.app.opening import open_settings_store
from service.app.policy import keep_rules_of, policy_of, rendering_digest
from service.app.recalling import SourceRecall
from service.app.reports import StatusReporter
from service.app.requests import Requests
from service.app.self_report import DaemonReporter
from service.app.sources import Sources
from service.app.start_journal import open_journal
from service.app.synchronizer import Synchronizer
from service.app.targets import Targets
from service.app.timetable import Timetable
from service.calendars.feeds import Feeds
from service.core.errors import LeaseLost
from service.core.memory import pause_garbage_collection
from service.core.ports import Hint
from service.language import catalogues
from service.publishing.ports import Database
from service.settings.accounts import accounts_of, find_pinned_accounts
from service.settings.listening import listen
from service.settings.model import Settings
from service.settings.paths import exposure, make_installation, public_url, secret_of
from service.sources.posted import PostedEvents
from service.sources.recorder import Recorder
from service.sources.rejections import Rejections
from service.store.engine import repeat_when_ended
from service.trueconf.discovery import Fetch
from service.version import read_build
from service.web.administration import Administration
from service.web.live import Live
from service.web.renderer import Pages
from service.web.server import Visitors, make_web
from service.web.starting import StartingWeb

_TOGETHER_SECONDS = 0.1
"""How long a list that changes nothing waits for others: at a start hundreds come in a second."""


class CurrentWeb:
    """
    The web application of the settings in force. A request ends in the application that it began in.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self.app(scope, receive, send)


@dataclass(slots=True)
class Parts:
    """
    What the daemon consists of. `service.app.reload` exchanges what other settings change.
    """

    settings: Settings
    store: Database
    synchronizer: Synchronizer
    feeds: Feeds
    calendars: Calendars
    rejections: Rejections
    journal: JournalWriter
    metrics: Metrics
    sources: Sources
    timetable: Timetable
    targets: Targets
    leases: LeaseHolder
    requests: Requests
    notifiers: Notifiers
    posted_events: PostedEvents
    reporter: StatusReporter
    live: Live
    visitors: Visitors
    web: CurrentWeb
    listening: tuple[socket.socket, ...]
    url: str
    """The address at which people reach the feeds."""

    loaded: asyncio.Event
    """Set once everything that is known is in memory; until then only stored feeds are served."""

    async def load(self) -> None:
        """Load what is known, rendered as the settings say, and serve all of it. Raises StoreUnavailable."""
        policy, now = policy_of(self.settings), utc_now()
        digest = rendering_digest(policy, now)
        start = partial(self.synchronizer.start, rendering=digest, now=now)
        with pause_garbage_collection(for_good=True):
            try:
                with self.leases.try_rendering() as allowed:
                    await repeat_when_ended(partial(start, may_render=allowed))
            except LeaseLost:
                # The start took longer than a lease lasts. Whoever keeps house now renders what is stored.
                await start(may_render=False)
        self.feeds.mark_changed()
        self.targets.mark_changed()
        self.loaded.set()
        self.web.app = web_of(self)

    def wake(self, hint: Hint) -> None:
        """Make the daemon read soon what other replicas wrote, and take over parts that they left."""
        self.timetable.refresh.set()
        self.requests.wake.set()
        if hint is not Hint.STATE:
            self.leases.wake()

    def follow_leases(self) -> None:
        """Show in the metrics exactly the sources that this replica runs."""
        held = {name for name in self.sources.all if self.leases.holds(f"source/{name}")}
        for name in self.sources.all.keys() - held:
            self.metrics.sources.forget(name)
            self.journal.forget(name)
        expect_lists(self.metrics.sources, self.synchronizer, held)

    def mark_feeds_changed(self) -> None:
        """Mark the feeds that are served at that moment as stale."""
        self.feeds.mark_changed()


def pages_of(settings: Settings, url: str) -> Pages:
    """Return the renderer of the pages, whose addresses begin with `url`. Raises CatalogueMissing."""
    return Pages(catalogues(), language=settings.language, timezone=settings.timezone, public_url=url)


@asynccontextmanager
async def open_parts(settings: Settings, *, record: Path | None = None) -> AsyncIterator[Parts]:
    """
    Build the daemon, yield its parts, and close them at the end. What is known they load by `Parts.load`.

    Everything that arrives is recorded in the folder `record`.

    Raises SettingsError and StoreUnavailable.
    """
    make_installation(settings)
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
            async with http_fetch() as fetch:
                yield await _make_parts(settings, store, listening, url, fetch=fetch, recorder=recorder)
        finally:
            await store.close()


async def _make_parts(
    settings: Settings,
    store: Database,
    listening: tuple[socket.socket, ...],
    url: str,
    *,
    fetch: Fetch,
    recorder: Recorder | None,
) -> Parts:
    policy = policy_of(settings)
    synchronizer = Synchronizer(store, policy, together_seconds=_TOGETHER_SECONDS)
    feeds = feeds_of(settings, store, lambda: synchronizer.state, url)
    leases = await join_replicas(settings, store)
    await synchronizer.prepare()
    await feeds.start()
    rejections = Rejections(store, keep_rules_of(settings), clock=utc_now)
    calendars = Calendars(store, feeds.directory)
    targets = Targets(calendars, utc_now)
    targets.apply(settings, targets.prepare(settings))
    notifiers = Notifiers(store.journal)
    notifiers.apply(notifiers.prepare(settings, url))
    metrics = Metrics(lambda: synchronizer.state, targets.statuses, read_build(), holds=leases.holds)
    metrics.sources.quiet = policy.quiet
    live = Live()
    expect_lists(metrics.sources, synchronizer, settings.sources)
    arrivals = Arrivals(
        synchronizer,
        rejections,
        metrics.sources,
        ClockWatch(utc_now, time.monotonic),
        Oddities(lambda: synchronizer.state),
    )
    writer = await repeat_when_ended(partial(open_journal, settings, store.journal))
    writer.quiet = policy.quiet
    hooks = ArrivalHooks(rejections, metrics.sources, live, writer, recorder)
    sources, timetable = Sources(fetch, hooks, arrivals, SourceRecall(writer, synchronizer)), Timetable()
    sources.apply(settings)
    timetable.apply(sources.all, settings.poll_every)
    posted_events = PostedEvents(
        accounts_of(settings), arrivals, hooks, clock=utc_now, pinned=find_pinned_accounts(settings)
    )
    reporter = StatusReporter(
        settings,
        store,
        synchronizer,
        posted_events,
        tuple(sources.all.values()),
        timetable,
        targets,
        Elsewhere(leases, store.journal, state=lambda: synchronizer.state, started_at=utc_now()),
        exposure(settings, url),
        utc_now,
        utc_now(),
        list_versions=leases.find_versions,
    )
    requests = Requests(store.journal, lambda: sources.all, lambda: targets.all, holds=leases.holds)
    parts = Parts(
        settings,
        store,
        synchronizer,
        feeds,
        calendars,
        rejections,
        writer,
        metrics,
        sources,
        timetable,
        targets,
        leases,
        requests,
        notifiers,
        posted_events,
        reporter,
        live,
        Visitors(),
        CurrentWeb(),
        listening,
        url,
        asyncio.Event(),
    )
    parts.web.app = StartingWeb(web_of(parts), feeds, parts.loaded)
    leases.listen(parts.follow_leases)
    synchronizer.listen(parts.mark_feeds_changed)
    synchronizer.listen(targets.mark_changed)
    synchronizer.listen(live.notify)
    synchronizer.listen(parts.visitors.live.notify)
    store.journal.listen(live.notify)
    store.journal.listen(notifiers.mark_written)
    store.journal.listen(requests.wake.set)
    return parts


def web_of(parts: Parts) -> ASGIApp:
    """Return the web application of the parts as they are now. Raises CatalogueMissing."""
    return make_web(
        parts.feeds,
        policy_of(parts.settings),
        pages_of(parts.settings, parts.url),
        clock=utc_now,
        metrics=parts.metrics.render,
        administration=_administration(parts.settings, parts.store, parts.reporter, parts.live),
        visitors=parts.visitors,
    )


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
        settings.people_header,
        DaemonReporter(settings),
    )
