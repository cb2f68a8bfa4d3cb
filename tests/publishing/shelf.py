"""
A server in memory that keeps one collection, without a protocol, and does what a test wants of it.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import timedelta

from typing_extensions import override

from service.core.errors import Conflict, PlanRefused, PublishError, StoreUnavailable
from service.publishing.dispatch import Dispatcher, Timing
from service.publishing.equivalence import content_hash
from service.publishing.model import (
    Create,
    Delete,
    Operation,
    Publication,
    RemoteRules,
    Resource,
    Standing,
    SyncReport,
)
from service.publishing.ports import (
    CollectionListing,
    DiscoveredCollection,
    Publisher,
    Server,
    TargetCollection,
)
from service.publishing.reconciler import Reconciler
from service.publishing.sync_run import SyncRun
from service.publishing.target_status import TargetStatus
from tests.publishing.clock import Clock
from tests.publishing.collections import GivenCollection, GivenTarget
from tests.store.memory_ledger import MemoryLedger

URL = "https://dav.example.com/team/"
HOUR = timedelta(hours=1)


def resources(numbers: Iterable[int], topic: str = "Planning") -> dict[str, Resource]:
    """Return a resource for each number, by UID."""
    made = (Resource.of(f"u{number}", body_of(f"u{number}", topic)) for number in numbers)
    return {each.uid: each for each in made}


def body_of(uid: str, topic: str) -> bytes:
    lines = (
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"SUMMARY:{topic}",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
    return "\r\n".join(lines).encode()


@dataclass
class Shelf(Server, Publisher):
    """
    Implements `Server` and `Publisher` of `service.publishing.ports`.
    """

    held: dict[str, bytes] = field(default_factory=dict)
    """Bodies by href; their ETags follow from them."""

    asked: Counter[str] = field(default_factory=Counter)
    """How often it was asked what, like `find` and `Create`."""

    down: PublishError | StoreUnavailable | None = None
    """What every question is answered with, where there is one."""

    refusing: dict[str, PublishError] = field(default_factory=dict)
    """What a write of a UID is answered with; the empty UID stands for all."""

    created: bool = False
    tells_etags: bool = True
    stores: Callable[[str], bool] = lambda _uid: True
    """Whether it keeps what it says it stored."""

    loses_answers: bool = False
    """Whether it carries writes out, and fails before it says so."""

    on_write: Callable[[], None] = lambda: None

    async def find(self) -> DiscoveredCollection:
        self._answer("find")
        return DiscoveredCollection(URL, "shelf", self.created)

    @override
    def publisher(self, url: str, server: str) -> "Shelf":
        return self

    @override
    def writers(self, server: str) -> int:
        return 2

    @override
    def keeps_silent(self, server: str) -> bool:
        return True

    def href_of(self, uid: str) -> str:
        return f"/team/{uid}.ics"

    async def apply(self, operation: Operation) -> Publication | None:
        self._answer(type(operation).__name__)
        self.on_write()
        error = self.refusing.get(operation.uid) or self.refusing.get("")
        if error and not self.loses_answers:
            raise error
        if isinstance(operation, Delete):
            self.held.pop(operation.publication.href, None)
            return None
        if isinstance(operation, Create):
            href = self.href_of(operation.uid)
        else:
            href = operation.publication.href
            if self._etag(href) != operation.publication.etag and operation.publication.etag:
                return replace(operation.publication, standing=Standing.THEIRS, etag=self._etag(href))
        if self.stores(operation.uid):
            self.held[href] = operation.resource.body
        if error:
            raise error
        etag = self._etag(href) if self.tells_etags else ""
        return _published(operation.resource, href, etag or '"lost"' if self.tells_etags else etag)

    async def listing(self, token: str) -> CollectionListing:
        self._answer("listing")
        return CollectionListing({href: self._etag(href) for href in self.held}, token=f"{token}+")

    async def read(self, publications: Iterable[Publication]) -> list[Publication]:
        rows = list(publications)
        if rows:
            self._answer("seen")
        return [self._looked_at(row) for row in rows]

    def _looked_at(self, row: Publication) -> Publication:
        if row.href not in self.held:
            return replace(row, standing=Standing.GONE, etag="")
        ours = content_hash(self.held[row.href]) in row.content_hashes
        return replace(
            row,
            standing=Standing.PUBLISHED if ours else Standing.THEIRS,
            etag=self._etag(row.href),
            pending_hashes="",
        )

    def _answer(self, question: str) -> None:
        self.asked[question] += 1
        if self.down:
            # A new one each time: the same one again would be an old trouble.
            raise copy(self.down)

    def _etag(self, href: str) -> str:
        return f'"{Resource.of("", self.held[href]).digest[:8]}"' if href in self.held else ""

    @property
    def writes(self) -> int:
        return sum(self.asked[kind] for kind in ("Create", "Update", "Delete"))


def _published(resource: Resource, href: str, etag: str) -> Publication:
    meaning = content_hash(resource.body)
    return Publication(resource.uid, href, etag, resource.digest, meaning, standing=Standing.PUBLISHED)


@dataclass
class Team:
    """
    A target on a shelf.
    """

    cache: Shelf = field(default_factory=Shelf)
    clock: Clock = field(default_factory=Clock)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    rules: RemoteRules = field(default_factory=RemoteRules)
    desired: Mapping[str, Resource] = field(default_factory=dict)
    keys: tuple[str, ...] = ("team",)
    refusal: PlanRefused | None = None
    named: Callable[[str], bool] = lambda _key: True
    identity: str = "identity"
    sleep: Callable[[float], Awaitable[None]] | None = None
    """How to wait, where the clock is not to move by itself."""

    def __post_init__(self) -> None:
        timing = Timing(self.sleep or self.clock.sleep, lambda: 0.5)
        self.dispatcher = Dispatcher(2, timing)
        self.reconciler = Reconciler(
            TargetStatus("team", "all"),
            GivenTarget(self._targets),
            self.ledger,
            concurrency=2,
            audit_every=HOUR,
            timing=timing,
            clock=self.clock,
        )

    async def publish(self, desired: Mapping[str, Resource], *, probing: bool = False) -> SyncReport:
        """Make one pass."""
        self.desired = desired
        target = self._target(self.keys[0])
        one = SyncRun(target, self.ledger, self.dispatcher, clock=self.clock)
        return await one.run(probing=probing)

    async def audit(self, desired: Mapping[str, Resource]) -> SyncReport:
        """Make one pass that looks at the whole collection."""
        self.clock.now += HOUR
        return await self.publish(desired)

    async def later(self, **units: float) -> float:
        """Keep the target once more after a while; after how many seconds the next pass is due."""
        self.clock.now += timedelta(**units)
        return await self.reconciler.once()

    async def rows(self) -> dict[str, Publication]:
        return await self.ledger.publications(self.keys[0])

    @property
    def state(self) -> str:
        """The word that people see."""
        return self.reconciler.status.state.value

    def holds(self, desired: Mapping[str, Resource]) -> bool:
        """Whether the collection holds exactly these."""
        return sorted(self.cache.held.values()) == sorted(each.body for each in desired.values())

    def _targets(self) -> list[TargetCollection]:
        if self.refusal:
            raise self.refusal
        return [self._target(key) for key in self.keys]

    def _target(self, key: str) -> TargetCollection:
        return GivenCollection(key, self.identity, self.cache, self.rules, HOUR, self.desired, self.named)


def too_large() -> Conflict:
    return Conflict("413: too large")
