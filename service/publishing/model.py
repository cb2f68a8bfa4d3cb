"""
What a collection should hold, what the ledger knows of it, and the operations between the two.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Literal

from service.publishing.equivalence import content_hash

Remote = Literal["restore", "keep"]
"""What happens to a change that a person made in the collection: it is undone, or it stays."""

_WRITES_AN_HOUR = 6
_WRITES_IN_A_ROW = 12
_HOUR = timedelta(hours=1)
_QUIET = timedelta(days=2)
"""After so long without a write, earlier writes do not count any more."""


@dataclass(frozen=True)
class Resource:
    """
    A calendar object resource (RFC 4791, 4.1) as it should be in the collection.
    """

    uid: str
    body: bytes
    digest: str
    """
    SHA-256, hexadecimal, of the body until the event ends; another digest means that it must be written.
    """

    before_end: bytes = b""
    """The body until the event ended, where it differs. The end of an event does not count as a change: what
    was written before stays as it is."""

    @cached_property
    def content_hash(self) -> str:
        """The content hash of the body."""
        return content_hash(self.body)

    @classmethod
    def of(cls, uid: str, body: bytes, *, before_end: bytes = b"") -> "Resource":
        """Return the resource with this body."""
        return cls(uid, body, sha256(before_end or body).hexdigest(), before_end)


class Standing(StrEnum):
    """
    The state of our resource in the collection.
    """

    WAITING = "waiting"
    """To be written, for the first time or again."""

    PUBLISHED = "published"
    PARKED = "parked"
    """Refused again and again, see `reason`; tried again once it changes here, or `retry_at` has come."""

    THEIRS = "theirs"
    """A person changed it. It is never deleted, and overwritten only with `restore`."""

    GONE = "gone"
    """A person deleted it."""


@dataclass(frozen=True, slots=True)
class Publication:
    """
    Our row about one resource.
    """

    uid: str
    href: str = ""
    """Its path as the server gives it; empty before it was ever written."""

    etag: str = ""
    """As the server gives it, with quotes; empty where it is not known."""

    digest: str = ""
    """The digest of the resource last sent or refused; empty where the refused operation was a Delete."""

    content_hash: str = ""
    """The content hash of the last write, see `service.publishing.equivalence`."""

    pending_hashes: str = ""
    """The content hashes of writes whose answers never came, separated by spaces."""

    standing: Standing = Standing.WAITING
    reason: str = ""
    refusals: int = 0
    writes: tuple[int, ...] = ()
    """UNIX seconds of the last writes of this digest, none of them long after the one before."""

    retry_at: datetime | None = None
    """When a parked resource is tried again although nothing changed here; None means at once."""

    @property
    def content_hashes(self) -> frozenset[str]:
        """All content hashes that the resource may have if no person changed it."""
        return frozenset({self.content_hash, *self.pending_hashes.split()} - {""})

    def announce_write(self, content_hash: str) -> "Publication":
        """Return the row of a resource just before a write."""
        # An earlier write without an answer may have taken effect too, or may still be on its way.
        pending = dict.fromkeys([*self.pending_hashes.split(), content_hash])
        return replace(self, pending_hashes=" ".join(pending))

    def find_loop(self, digest: str, now: datetime) -> str:
        """
        Return why the resource counts as written too often without a change of ours; empty if it does not.
        """
        if self.digest != digest:
            return ""
        writes = self.recent_writes(now)
        since = (now - _HOUR).timestamp()
        if sum(moment > since for moment in writes) >= _WRITES_AN_HOUR:
            return f"somebody undoes our writes: written {_WRITES_AN_HOUR} times within an hour"
        if len(writes) >= _WRITES_IN_A_ROW:
            return f"somebody undoes our writes: written {_WRITES_IN_A_ROW} times in a row"
        return ""

    def rests(self, now: datetime) -> bool:
        """Return whether it is parked, and waits until it is due or changes here."""
        return self.standing is Standing.PARKED and self.retry_at is not None and now < self.retry_at

    def count_write(self, before: "Publication | None", now: datetime) -> "Publication":
        """Return the row with this write counted."""
        earlier = before.recent_writes(now) if before and before.digest == self.digest else ()
        return replace(self, writes=(*earlier, int(now.timestamp()))[-_WRITES_IN_A_ROW:])

    def refuse(self, reason: str, *, digest: str, most: int, retry_at: datetime) -> "Publication":
        """Return the row after a refused operation: waiting, or parked after `most` refusals."""
        refusals = self.refusals + 1 if self.digest == digest else 1
        row = replace(self, digest=digest, standing=Standing.WAITING, reason=reason, refusals=refusals)
        return row.park(reason, retry_at=retry_at) if refusals >= most else row

    def park(self, reason: str, *, retry_at: datetime) -> "Publication":
        """Return the row of a resource that is left alone until a moment, or until it changes here."""
        return replace(self, standing=Standing.PARKED, reason=reason, retry_at=retry_at)

    def recent_writes(self, now: datetime) -> tuple[int, ...]:
        """Return the moments of the latest series of writes without a quiet period between them."""
        recent: list[int] = []
        later = now.timestamp()
        for moment in reversed(self.writes):
            if later - moment >= _QUIET.total_seconds():
                break
            recent.append(moment)
            later = moment
        return tuple(reversed(recent))


@dataclass(frozen=True, slots=True)
class Create:
    """
    Write a resource that is not in the collection.
    """

    resource: Resource
    before: Publication | None = None

    @property
    def uid(self) -> str:
        """The UID of its resource."""
        return self.resource.uid


@dataclass(frozen=True, slots=True)
class Update:
    """
    Write a resource over our earlier one.
    """

    resource: Resource
    publication: Publication

    @property
    def uid(self) -> str:
        """The UID of its resource."""
        return self.resource.uid


@dataclass(frozen=True, slots=True)
class Delete:
    """
    Remove our resource.
    """

    publication: Publication

    @property
    def uid(self) -> str:
        """The UID of its resource."""
        return self.publication.uid


Operation = Create | Update | Delete


@dataclass(frozen=True, slots=True)
class RemoteRules:
    """
    How confcal reacts when people change or delete our resources.
    """

    on_change: Remote = "restore"
    on_delete: Remote = "restore"


@dataclass(slots=True)
class SyncReport:
    """
    What a run did.
    """

    created: int = 0
    updated: int = 0
    deleted: int = 0
    adopted: int = 0
    """Resources of ours that existed already and whose rows were lost."""

    left: int = 0
    """Resources that a person changed or deleted, and that we leave so."""

    refused: int = 0
    waiting: int = 0
    """Resources that are to be tried again."""

    reached: bool = False
    """Whether the server was asked anything, and answered."""

    def add(self, other: "SyncReport") -> None:
        """Add another run's counts. Waiting operations count only in their own run."""
        for name in ("created", "updated", "deleted", "adopted", "left", "refused"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def writes(self) -> int:
        """The number of executed operations."""
        return self.created + self.updated + self.deleted
