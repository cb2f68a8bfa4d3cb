"""
The leases of this process. It runs the parts whose leases it holds, a fair share of all.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace

import structlog

from service.app.census_log import CensusLog
from service.app.supervisor import Runnable, Supervisor
from service.core.errors import LeaseLost, StoreUnavailable
from service.core.lease import Fence, Lease, LeaseTerms, Tenure, under
from service.core.replicas import (
    HOUSEKEEPING,
    Census,
    LeaseStore,
    Replica,
    digest_names,
    divide,
    may_render,
)

log = structlog.get_logger()

_AGAIN_SECONDS = 1.0
"""When the database is asked again after it failed; a third of the terms where that is less."""


@dataclass(frozen=True, slots=True, eq=False)
class LeasedPart:
    """
    A part that runs as long as its lease is held.
    """

    part: Runnable
    fence: Fence

    async def run(self) -> None:
        """Run the part until it is cancelled or its lease is lost."""
        # The code that notices the lost lease stops the part, so nothing is left to do here.
        with under(self.fence), suppress(LeaseLost):
            await self.part.run()


class LeaseHolder:
    """
    Takes, renews and releases leases, and has the supervisor run exactly the parts that are held.

    The renewal never waits for a part that ends slowly: two tasks share the work.
    """

    def __init__(
        self, leases: LeaseStore, replica: Replica, terms: LeaseTerms, *, clock: Callable[[], float]
    ) -> None:
        self.replica = replica
        self._leases, self._terms, self._clock = leases, terms, clock
        self._wanted: Mapping[str, Runnable] = {}
        self._held: dict[str, Fence] = {}
        self._leased: dict[str, LeasedPart] = {}
        self._census = Census()
        self._supervisor: Supervisor | None = None
        self._listeners: list[Callable[[], None]] = []
        self._renew, self._settle, self._started = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._settling = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._failing = False
        self._log = CensusLog()

    @property
    def census(self) -> Census:
        """The replicas alive and the leases held at the last renewal."""
        return self._census

    def listen(self, listener: Callable[[], None]) -> None:
        """Register `listener`. It is called whenever this process holds other leases than before."""
        self._listeners.append(listener)

    def holds(self, name: str) -> bool:
        """Return whether this process runs a part."""
        return name in self._held and not self._held[name].is_lost

    def find_versions(self) -> dict[str, str]:
        """Return the version of the program that each live replica runs, as of the last renewal."""
        return {each.holder: each.version for each in self._census.replicas}

    def wake(self) -> None:
        """Take over soon what other replicas left."""
        self._renew.set()

    async def join(self) -> None:
        """
        Make this replica known before it runs anything, and take the housekeeping where nobody has it.

        Raises StoreUnavailable.
        """
        await self._renew_once()
        if HOUSEKEEPING not in self._census.leases:
            await self._take((HOUSEKEEPING,))

    def announce(self, rendering: str) -> None:
        """Publish the digest of the settings by which this replica renders from now on."""
        self.replica = replace(self.replica, rendering=rendering)
        self.wake()

    async def keep(self, parts: Mapping[str, Runnable]) -> None:
        """Run this replica's share of exactly these parts. All other parts have ended when this returns."""
        self._wanted = parts
        self.replica = replace(self.replica, wants=digest_names(parts))
        await self._run_held()
        self._started.set()
        self.wake()

    async def run(self, supervisor: Supervisor) -> None:
        """
        Hold leases and run their parts until cancelled.

        Before the first `keep`, leases are renewed and none is taken or released: loading may take long.
        """
        self._supervisor = supervisor
        self._settle.set()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_renewing())
                tasks.create_task(self._keep_settling())
        finally:
            if self._timer:
                self._timer.cancel()

    async def leave(self) -> None:
        """Release everything, once all parts have ended. Raises StoreUnavailable."""
        self._held.clear()
        await self._leases.leave(self.replica.holder)

    @contextmanager
    def try_rendering(self) -> Iterator[bool]:
        """
        Yield whether stored VEVENTs may be rendered again now.

        The block runs under the lease of the housekeeper.

        One replica renders, and only while no replica lives that would render otherwise.
        """
        fence = self._held.get(HOUSEKEEPING)
        if fence is None or fence.is_lost or not may_render(self.replica, self._census):
            yield False
            return
        with under(fence):
            yield True

    async def _keep_renewing(self) -> None:
        while True:
            self._renew.clear()
            seconds = self._terms.renew_seconds
            try:
                await self._renew_once()
            except StoreUnavailable as error:
                if not self._failing:
                    log.warning("app.leases_not_renewed", error=str(error))
                self._failing = True
                seconds = min(_AGAIN_SECONDS, seconds)
            else:
                if self._failing:
                    log.info("app.leases_renewed")
                self._failing = False
                self._settle.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._renew.wait()

    async def _renew_once(self) -> None:
        known, asked_at = dict(self._held), self._clock()
        async with self._in_time():
            self._census = await self._leases.renew(self.replica, lasts=self._terms.lasts)
        self._log.log(self.replica, self._census)
        for name, fence in known.items():
            if self._census.leases.get(name) == fence.tenure.lease and not fence.is_lost:
                fence.tenure = fence.tenure.renew(self._terms, asked_at=asked_at)
            elif self._held.get(name) is fence:
                fence.lose()
        self._watch()

    async def _keep_settling(self) -> None:
        await self._started.wait()
        while True:
            await self._settle.wait()
            self._settle.clear()
            try:
                await self._settle_once()
            except StoreUnavailable:
                # The next renewal logs the trouble, or that it is over.
                continue

    async def _settle_once(self) -> None:
        census = self._census
        lost = {name for name, fence in self._held.items() if fence.is_lost}
        shares = divide(self._wanted, self._held.keys() - lost, self.replica, census)
        # The database may still list a lease that was lost, or one whose grant never reached this process.
        own = census.find_leases(self.replica.holder)
        forgotten = [lease for lease in own if not self._knows(lease)]
        await self._drop({*lost, *shares.release})
        await self._release(forgotten)
        await self._take(shares.take)
        await self._run_held()

    def _knows(self, lease: Lease) -> bool:
        fence = self._held.get(lease.name)
        return fence is not None and not fence.is_lost and fence.tenure.lease.epoch >= lease.epoch

    async def _drop(self, names: set[str]) -> None:
        """Have parts ended, and only then let others take their leases."""
        dropped = [self._held.pop(name) for name in names if name in self._held]
        if not dropped:
            return
        await self._run_held()
        released = [fence.tenure.lease for fence in dropped if not fence.is_lost]
        if released:
            log.info("app.leases_released", released=sorted(lease.name for lease in released))
        await self._release(released)

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """Raise StoreUnavailable where what is inside takes longer than a renewal is trusted."""
        try:
            async with asyncio.timeout(self._terms.trusted_seconds):
                yield
        except TimeoutError as error:
            raise StoreUnavailable("the database does not answer") from error

    async def _release(self, leases: Sequence[Lease]) -> None:
        if leases:
            async with self._in_time():
                await self._leases.release(leases)

    async def _take(self, names: tuple[str, ...]) -> None:
        if not names:
            return
        asked_at = self._clock()
        async with self._in_time():
            taken = await self._leases.take(names, self.replica.holder, lasts=self._terms.lasts)
        for lease in taken:
            fence = Fence(Tenure.begin(lease, self._terms, asked_at=asked_at), clock=self._clock)
            fence.on_lost = self._stop_of(lease.name)
            self._held[lease.name] = fence
        self._log.note_missed(set(names) - {lease.name for lease in taken})
        if taken:
            log.info("app.leases_taken", taken=sorted(lease.name for lease in taken))
        self._watch()

    def _stop_of(self, name: str) -> Callable[[], None]:
        def stop() -> None:
            log.warning("app.lease_lost", lease=name)
            if self._supervisor:
                self._supervisor.stop(name)
            self._settle.set()

        return stop

    async def _run_held(self) -> None:
        """Have the supervisor run what is held, and nothing else."""
        if self._supervisor is None:
            return
        async with self._settling:
            running = {}
            for name, fence in self._held.items():
                part = self._wanted.get(name)
                if part is None or fence.is_lost:
                    continue
                before = self._leased.get(name)
                same = before is not None and before.part is part and before.fence is fence
                running[name] = before if before and same else LeasedPart(part, fence)
            changed = running.keys() != self._leased.keys()
            self._leased = running
            await self._supervisor.keep(running)
        if changed:
            for listener in self._listeners:
                listener()

    def _watch(self) -> None:
        """Notice a lost lease at the moment it expires, even while the database does not answer."""
        if self._timer:
            self._timer.cancel()
        if self._held:
            seconds = min(fence.seconds_left for fence in self._held.values())
            self._timer = asyncio.get_running_loop().call_later(seconds, self._stop_what_is_over)

    def _stop_what_is_over(self) -> None:
        over = [fence for fence in self._held.values() if fence.is_lost]
        for fence in over:
            fence.lose()
        left = [fence.seconds_left for fence in self._held.values() if not fence.is_lost]
        if left:
            self._timer = asyncio.get_running_loop().call_later(min(left) + 0.01, self._stop_what_is_over)
