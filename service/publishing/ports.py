"""
The ports of publishing: a server, its collection, and the durable rows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from service.core.journal import JournalEntry
from service.core.ports import Store
from service.publishing.model import Operation, Publication, RemoteRules, Resource


@dataclass(frozen=True, slots=True)
class CollectionListing:
    """
    What the server lists in the collection, or as changed since `token`.
    """

    etags: Mapping[str, str] = field(default_factory=dict)
    """By href, decoded; without the collection itself."""

    removed: frozenset[str] = frozenset()
    """Hrefs that a partial listing reports as deleted."""

    complete: bool = True
    """Whether a resource that is not listed does not exist."""

    token: str = ""
    """The sync-token (RFC 6578) that the next listing can start from; empty where there is none."""


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """
    The ledger's record of a target.
    """

    identity: str
    """Digest of the settings that chose the collection; another one, or none, voids the address."""

    url: str
    """The address of the collection."""

    server: str = ""
    """The product, where it was recognized."""

    token: str = ""
    """The sync-token of the last listing."""

    audited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """
    What happened to the rows when a target took a collection, see `service.publishing.ownership`.
    """

    held_by: str = ""
    """The target that has it; where there is one, nothing was changed."""

    former_key: str = ""
    """The key under which the rows of the collection that the target had before are kept."""

    adopted_keys: tuple[str, ...] = ()
    """Keys, no longer in the settings, whose rows became this target's."""


class Publisher(Protocol):
    """
    One collection on a server.
    """

    async def apply(self, operation: Operation) -> Publication | None:
        """
        Execute `operation` and return the new publication, or None if nothing of ours is left.

        The operation is idempotent. Raises Retryable, Conflict, Fatal.
        """
        ...

    def href_of(self, uid: str) -> str:
        """Return the path for a new resource with this UID."""
        ...

    async def listing(self, token: str) -> CollectionListing:
        """List the collection, or its changes since `token`. Raises Retryable, Fatal."""
        ...

    async def read(self, publications: Iterable[Publication]) -> list[Publication]:
        """
        Read resources again and return their rows: PUBLISHED, THEIRS or GONE.

        Raises Retryable, Fatal. Rows of resources that cannot be read now are left out.
        """
        ...


@dataclass(frozen=True, slots=True)
class DiscoveredCollection:
    """
    The collection that the settings lead to.
    """

    url: str
    server: str
    """The product, where it was recognized."""

    created: bool = False
    """Whether it was created just now, and so is empty."""


class Server(Protocol):
    """
    Where a target's collection is.
    """

    async def find(self) -> DiscoveredCollection:
        """Find the collection, or create it. Raises Retryable, Fatal."""
        ...

    def publisher(self, url: str, server: str) -> Publisher:
        """Return the publisher for a collection that was found."""
        ...

    def writers(self, server: str) -> int:
        """Return how many parallel requests are useful."""
        ...

    def keeps_silent(self, server: str) -> bool:
        """Return whether the server sends no mail to people in a resource with SCHEDULE-AGENT=CLIENT."""
        ...


class TargetCollection(Protocol):
    """
    One collection to keep. The daemon's is `CalendarCollection` of service/app/calendar_collections.py.
    """

    key: str
    """The name of the target in the settings, and of the calendar where the target has several."""

    identity: str
    """Digest of the settings that choose the collection."""

    server: Server
    rules: RemoteRules
    audit_every: timedelta

    async def render(self, *, people: bool) -> Mapping[str, Resource]:
        """
        Return what the collection should hold now, by UID. `people` says whether it may name people.

        Raises StoreUnavailable.
        """
        ...

    def content(self) -> object:
        """
        Return a value that stays equal until a change may make `render` return something else.

        It costs no query. The end of an event does not count as a change: an audit finds it.
        """
        ...

    def is_configured(self, key: str) -> bool:
        """Return whether the settings have a target of this key. Rows of other keys may pass to this one."""
        ...


class CollectionFinder(Protocol):
    """
    Knows which collections a target has. The daemon's is `Target` of service/app/targets.py.
    """

    def find_collections(self) -> Sequence[TargetCollection]:
        """Return the collections that should exist now. Raises PlanRefused if that is not known."""
        ...


class Ledger(Protocol):
    """
    The rows about targets. Every method raises StoreUnavailable.
    """

    async def targets(self) -> dict[str, TargetRecord]:
        """Return the record of each target, by its key."""
        ...

    async def record_target(self, target: str, record: TargetRecord) -> None:
        """Remember a target."""
        ...

    async def assign_collection(
        self, target: str, record: TargetRecord, *, abandoned: Collection[str] = ()
    ) -> Assignment:
        """
        Remember a target unless another one has its collection, and pass rows on as `assign` says.

        A concurrent assignment sees all of it or nothing.
        """
        ...

    async def publications(self, target: str) -> dict[str, Publication]:
        """Return the rows about a target's resources, by UID."""
        ...

    async def publications_of(self, uid: str) -> dict[str, Publication]:
        """Return the rows about one resource, by the keys of the targets."""
        ...

    async def record_publications(
        self,
        target: str,
        publications: Iterable[Publication],
        forgotten: Iterable[str] = (),
        *,
        journal: Sequence[JournalEntry] = (),
        record: TargetRecord | None = None,
    ) -> None:
        """
        Write rows, drop those of the UIDs `forgotten`, and remember the target as `record`, if it is given.

        All of it is one transaction.
        """
        ...

    async def write_journal(self, entries: Sequence[JournalEntry]) -> None:
        """Write journal entries about a target."""
        ...

    async def forget_target(self, target: str) -> None:
        """Drop a target's row and the rows of its resources."""
        ...


class Database(Store, Protocol):
    """
    The store together with the ledger in it.
    """

    @property
    def ledger(self) -> Ledger:
        """The ledger of published resources, in the same database."""
        ...
