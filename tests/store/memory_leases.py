"""
The leases without a database, by a clock that a test moves.
"""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from typing_extensions import override

from service.core.lease import Lease
from service.core.replicas import Census, LeaseStore, Replica


class MemoryLeases(LeaseStore):
    """
    Implements `service.core.replicas.LeaseStore`; `clock` is what the database's clock is elsewhere.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._replicas: dict[str, tuple[Replica, float]] = {}
        self._leases: dict[str, tuple[Lease, float]] = {}

    @override
    async def renew(self, replica: Replica, *, lasts: timedelta) -> Census:
        now = self._clock()
        self._replicas[replica.holder] = replica, now + lasts.total_seconds()
        for name, (lease, until) in self._leases.items():
            if lease.holder == replica.holder and until > now:
                self._leases[name] = lease, now + lasts.total_seconds()
        return await self.census()

    @override
    async def take(self, names: Sequence[str], holder: str, *, lasts: timedelta) -> list[Lease]:
        now, taken = self._clock(), []
        for name in names:
            before, until = self._leases.get(name, (Lease(name, "", 0), now))
            if until <= now:
                lease = Lease(name, holder, before.epoch + 1)
                self._leases[name] = lease, now + lasts.total_seconds()
                taken.append(lease)
        return taken

    @override
    async def release(self, leases: Sequence[Lease]) -> None:
        for lease in leases:
            if self._leases.get(lease.name, (None, 0))[0] == lease:
                self._leases[lease.name] = Lease(lease.name, "", lease.epoch), self._clock()

    @override
    async def leave(self, holder: str) -> None:
        self._replicas.pop(holder, None)
        await self.release([lease for lease, _ in self._leases.values() if lease.holder == holder])

    @override
    async def census(self) -> Census:
        now = self._clock()
        replicas = (replica for replica, until in self._replicas.values() if until > now)
        leases = {name: lease for name, (lease, until) in self._leases.items() if until > now}
        return Census(tuple(sorted(replicas, key=lambda each: each.holder)), leases)

    def holds(self, lease: Lease) -> bool:
        """Return whether a lease is recorded now: what a transaction checks before it commits."""
        found, until = self._leases.get(lease.name, (None, 0.0))
        return found == lease and until > self._clock()
