"""
The processes that share one database: which of them are alive, and what each of them runs.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from service.core.lease import Lease

HOUSEKEEPING = "housekeeping"


@dataclass(frozen=True, slots=True)
class Replica:
    """
    One running process.
    """

    holder: str
    """A new one after every start."""

    version: str
    """The version of the program."""

    rendering: str = ""
    """Digest of what replicas must have alike: the version, the secret, most settings, the rules of zones."""

    wants: str = ""
    """Digest of the names of all parts that its settings have."""

    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Census:
    """
    The living replicas and the leases at one moment of the database.
    """

    replicas: tuple[Replica, ...] = ()
    leases: Mapping[str, Lease] = field(default_factory=dict)
    """By name; only those that have not expired."""

    now: datetime | None = None
    """The database's clock; None where the database has none of its own."""

    @property
    def alone(self) -> bool:
        """Whether no second replica lives."""
        return len(self.replicas) <= 1

    def find_leases(self, holder: str) -> list[Lease]:
        """Return the leases of a replica."""
        return [lease for lease in self.leases.values() if lease.holder == holder]


class LeaseStore(Protocol):
    """
    The leases and the replicas. Every method raises StoreUnavailable.
    """

    async def renew(self, replica: Replica, *, lasts: timedelta) -> Census:
        """
        Record that a replica is alive, prolong the leases that it holds, and return the new census.

        A lease that expired is not prolonged, even if nobody else took it.
        """
        ...

    async def take(self, names: Sequence[str], holder: str, *, lasts: timedelta) -> list[Lease]:
        """Take those of these leases that nobody holds, each in a new epoch, and return them."""
        ...

    async def release(self, leases: Sequence[Lease]) -> None:
        """Let others take these leases at once; one that another replica holds now stays."""
        ...

    async def leave(self, holder: str) -> None:
        """Forget a replica that ends, and release what it holds."""
        ...

    async def census(self) -> Census:
        """Return the census without writing anything."""
        ...


def digest_names(names: Iterable[str]) -> str:
    """Return a digest of the names of parts, the same in whatever order."""
    return sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Shares:
    """
    What a replica should do about its leases.
    """

    take: tuple[str, ...] = ()
    release: tuple[str, ...] = ()


def divide(wanted: Collection[str], own: Collection[str], replica: Replica, census: Census) -> Shares:
    """
    Return what a replica that has `own` should take and release, so that all have equal shares of each kind.

    Only replicas with the same parts in their settings share: while settings are replaced on one after
    the other, no replica releases what none would take.
    """
    alike = sorted(each.holder for each in census.replicas if each.wants == replica.wants)
    take, release = [], sorted(set(own) - set(wanted))
    for kind in sorted({_kind_of(name) for name in wanted}):
        names = sorted(name for name in wanted if _kind_of(name) == kind)
        share = -(-len(names) // max(1, len(alike)))
        held = [name for name in names if name in own]
        free = [name for name in names if name not in census.leases and name not in own]
        take += sorted(free, key=lambda name: _order(name, replica.holder))[: max(0, share - len(held))]
        release += sorted(held, key=lambda name: _order(name, replica.holder))[share:]
    return Shares(tuple(take), tuple(release))


def _kind_of(name: str) -> str:
    return name.partition("/")[0]


def _order(name: str, holder: str) -> bytes:
    """Return a key by which two replicas that look for free leases begin with different ones."""
    return sha256(f"{holder}\n{name}".encode()).digest()


def may_render(replica: Replica, census: Census) -> bool:
    """Return whether all live replicas render alike, so that none undoes the rendering of another."""
    others = (each for each in census.replicas if each.holder != replica.holder)
    return all(each.rendering == replica.rendering for each in others)


def find_strangers(replica: Replica, census: Census) -> tuple[str, ...]:
    """Return the live replicas of the same version that have another secret, settings or rules of zones."""
    others = (each for each in census.replicas if each.version == replica.version)
    return tuple(each.holder for each in others if each.rendering != replica.rendering)
