"""
A web server with its administration, put together as the daemon does, on a store in memory.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from starlette.types import ASGIApp

from service.app.arrivals import Arrivals
from service.app.clock import ClockWatch, lease_clock
from service.app.elsewhere import Elsewhere
from service.app.leaseholder import LeaseHolder
from service.app.oddities import Oddities
from service.app.policy import calendars_with_rules, keep_rules_of, policy_of
from service.app.reports import StatusReporter
from service.app.source_metrics import SourceMetrics
from service.app.synchronizer import Synchronizer
from service.calendars.feeds import FeedRules, Feeds
from service.core.changes import Changes, RenderedVEvent
from service.core.conference import Key, Snapshot
from service.core.errors import StoreUnavailable
from service.core.exposure import Exposure
from service.core.journal import JournalEntry
from service.core.lease import LeaseTerms
from service.core.ports import FeedRecord
from service.core.rejected import MAX_RAW, RejectedInput
from service.core.replicas import Replica
from service.core.state import State
from service.publishing.ports import Database
from service.settings.accounts import accounts_of
from service.settings.load import load_settings
from service.sources.hooks import NoHooks
from service.sources.posted import PostedEvents
from service.sources.rejections import Rejections
from service.web.administration import Administration
from service.web.live import Live
from service.web.schemas import TargetView
from service.web.server import make_web
from tests.store.memory import MemoryStore
from tests.store.memory_journal import MemoryJournal
from tests.web.catalogues import pages_of
from tests.web.given import BASE, SECRET, Clock

TOKEN = "the administrator's token"
HALL_TOKEN = "the token of the hall"
SETTINGS = {
    "CONFCAL_SOURCES__HALL__INGEST_TOKEN": HALL_TOKEN,
    "CONFCAL_SOURCES__HALL__SERVER": "video.example.com",
    "CONFCAL_ADMIN_TOKEN": TOKEN,
    "CONFCAL_REMOVAL__MISSING_LISTS": "1",
    "CONFCAL_REMOVAL__MISSING_FOR": "0",
}


class FailingJournal(MemoryJournal):
    """A memory journal that cannot say who was heard while its store fails."""

    def __init__(self, store: "FailingStore") -> None:
        super().__init__()
        self._store = store

    async def read_heard(self) -> Mapping[str, frozenset[int]]:
        self._store.require()
        return await super().read_heard()


class FailingStore(MemoryStore):
    """A memory store that cannot be used while `failing`, and counts what it reads of chosen conferences."""

    failing = False
    failure: type[StoreUnavailable] = StoreUnavailable

    def __init__(self) -> None:
        super().__init__()
        self.read: list[int] = []
        self._journal = FailingJournal(self)

    async def vevents_of(self, variant: str, keys: Sequence[Key]) -> list[RenderedVEvent]:
        self.read.append(len(keys))
        return await super().vevents_of(variant, keys)

    async def load_rejected(
        self, *, most_raw: int = MAX_RAW, number: int | None = None
    ) -> list[RejectedInput]:
        self.require()
        return await super().load_rejected(most_raw=most_raw, number=number)

    async def record_feed(
        self, calendar: str, record: FeedRecord, *, journal: Sequence[JournalEntry] = ()
    ) -> FeedRecord:
        self.require()
        return await super().record_feed(calendar, record, journal=journal)

    async def load_changes(self, state: State) -> State:
        self.require()
        return await super().load_changes(state)

    async def version(self) -> int:
        self.require()
        return await super().version()

    async def record(self, changes: Changes, *, version: int, journal: Sequence[JournalEntry] = ()) -> int:
        self.require()
        return await super().record(changes, version=version, journal=journal)

    def require(self) -> None:
        if self.failing:
            raise self.failure("the disk is gone")


class Pauses:
    """How long answers would have been held back."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def note(self, seconds: float) -> None:
        self.seconds.append(seconds)


class FakeTargets:
    """Targets that are doing as a test says, or cannot tell."""

    def __init__(self) -> None:
        self.shown: Sequence[TargetView] = ()
        self.fault: Exception | None = None

    def views(self) -> Sequence[TargetView]:
        """Return how they are doing."""
        if self.fault:
            raise self.fault
        return self.shown


class FakePolls:
    """Polls each source at a moment that a test names."""

    def __init__(self) -> None:
        self.next: datetime | None = None

    def next_poll(self, _source: str) -> datetime | None:
        """Return that moment."""
        return self.next


@dataclass
class Administered:
    """
    The parts that a test moves.
    """

    web: ASGIApp
    client: httpx.AsyncClient
    feeds: Feeds
    store: FailingStore
    synchronizer: Synchronizer
    rejections: Rejections
    reporter: StatusReporter
    targets: "FakeTargets"
    polls: "FakePolls"
    live: Live
    clock: Clock
    arrivals: Arrivals
    pauses: "Pauses"
    leases: LeaseHolder

    async def api(
        self, method: str, path: str, *, token: str = TOKEN, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Ask the API with the admin's token."""
        given = {"Authorization": f"Bearer {token}", **(headers or {})}
        return await self.client.request(method, f"/api{path}", headers=given)

    async def accept(self, snapshot: Snapshot) -> None:
        """Take over a list."""
        await self.arrivals.accept(snapshot)

    def later(self, time: timedelta) -> None:
        """Let time pass."""
        self.clock.now += time


def watch_of(clock: Clock) -> ClockWatch:
    """Return the watch over a clock that nobody sets."""
    return ClockWatch(clock, lambda: clock().timestamp())


@asynccontextmanager
async def administered(
    *, url: str = BASE, exposure: Exposure | None = None, **more: str
) -> AsyncIterator[Administered]:
    """Give a server; `more` are settings without their prefix, an empty one is left out."""
    async with administered_on(None, more, url=url, exposure=exposure) as site:
        yield site


@asynccontextmanager
async def administered_on(
    database: Database | None,
    more: Mapping[str, str],
    *,
    url: str = BASE,
    exposure: Exposure | None = None,
) -> AsyncIterator[Administered]:
    """Give a server as `administered` does, on a database; without one on a store in memory that can fail."""
    given = {
        **SETTINGS,
        "CONFCAL_SECRET": SECRET.decode(),
        **{f"CONFCAL_{name}": value for name, value in more.items()},
    }
    settings = load_settings({name: value for name, value in given.items() if value})
    policy, failing, clock, pauses = policy_of(settings), FailingStore(), Clock(), Pauses()
    store = database or failing
    synchronizer = Synchronizer(store, policy)
    rules = FeedRules(
        SECRET,
        url,
        policy.variants[0].name,
        named=calendars_with_rules(settings),
        for_people=settings.calendars_for_people,
    )
    feeds = Feeds(store, rules, state=lambda: synchronizer.state, clock=clock)
    await feeds.start()
    synchronizer.listen(feeds.mark_changed)
    live = Live(between_seconds=0.01)
    synchronizer.listen(live.notify)
    rejections = Rejections(store, keep_rules_of(settings), clock=clock)
    arrivals = Arrivals(
        synchronizer,
        rejections,
        SourceMetrics(clock),
        watch_of(clock),
        Oddities(lambda: synchronizer.state),
    )
    posted_events = PostedEvents(accounts_of(settings), arrivals, NoHooks(), clock=clock)
    targets, polls = FakeTargets(), FakePolls()
    leases = LeaseHolder(store.leases, Replica("web-1", "1"), LeaseTerms(settings.lease), clock=lease_clock)
    elsewhere = Elsewhere(leases, store.journal, state=lambda: synchronizer.state, started_at=clock())
    reporter = StatusReporter(
        settings,
        store,
        synchronizer,
        posted_events,
        (),
        polls,
        targets,
        elsewhere,
        exposure,
        clock,
        clock(),
    )
    tokens = {name: each.ingest_token for name, each in settings.sources.items()}
    administration = Administration(
        reporter,
        live,
        posted_events.accept,
        {name: token.get_secret_value() for name, token in tokens.items() if token},
        settings.admin_token.get_secret_value() if settings.admin_token else None,
        SECRET,
        store.closed_sessions,
        settings.trusted_proxies,
        settings.people_header,
        pause=pauses.note,
    )
    web = make_web(
        feeds,
        policy,
        pages_of(settings.timezone, url),
        clock=clock,
        metrics=lambda: b"",
        administration=administration,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url=url) as client:
        yield Administered(
            web,
            client,
            feeds,
            failing,
            synchronizer,
            rejections,
            reporter,
            targets,
            polls,
            live,
            clock,
            arrivals,
            pauses,
            leases,
        )
