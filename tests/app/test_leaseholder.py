"""
Which parts a replica runs, and when it stops.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from typing_extensions import override

from service.app.leaseholder import LeaseHolder
from service.app.supervisor import Supervisor
from service.core.errors import StoreUnavailable
from service.core.lease import FOR_GOOD, Lease, LeaseTerms, current_fence, require_lease
from service.core.replicas import HOUSEKEEPING, Census, LeaseStore, Replica
from service.store.leases import OwnLeases
from tests.reaching import reach
from tests.store.memory_leases import MemoryLeases

TERMS = LeaseTerms(timedelta(seconds=0.6))


@dataclass
class Part:
    """A part that tells when it runs, and may be made to find its lease lost."""

    name: str
    running: set[str]
    failing: asyncio.Event = field(default_factory=asyncio.Event)
    epochs: list[int] = field(default_factory=list)

    async def run(self) -> None:
        fence = current_fence()
        assert fence
        assert self.name not in self.running, "two run it"
        self.running.add(self.name)
        self.epochs.append(fence.tenure.lease.epoch)
        try:
            await self.failing.wait()
            self.failing.clear()
            fence.lose()
            require_lease()
        finally:
            self.running.discard(self.name)


class Cut(LeaseStore):
    """The leases, behind a line that may be cut."""

    def __init__(self, leases: LeaseStore) -> None:
        self.leases, self.cut, self.hangs = leases, False, False
        self.renewals = 0

    async def _pass(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.cut:
            raise StoreUnavailable("cut")

    @override
    async def renew(self, replica: Replica, *, lasts: timedelta) -> Census:
        await self._pass()
        self.renewals += 1
        return await self.leases.renew(replica, lasts=lasts)

    @override
    async def take(self, names: Sequence[str], holder: str, *, lasts: timedelta) -> list[Lease]:
        await self._pass()
        return await self.leases.take(names, holder, lasts=lasts)

    @override
    async def release(self, leases: Sequence[Lease]) -> None:
        await self._pass()
        await self.leases.release(leases)

    @override
    async def leave(self, holder: str) -> None:
        await self._pass()
        await self.leases.leave(holder)

    @override
    async def census(self) -> Census:
        await self._pass()
        return await self.leases.census()


@asynccontextmanager
async def replica(
    leases: LeaseStore, name: str, parts: dict[str, Part], rendering: str = "r"
) -> AsyncIterator[LeaseHolder]:
    """A replica that runs its share of these parts, and leaves in order."""
    loop = asyncio.get_running_loop()
    holder = LeaseHolder(leases, Replica(name, "1", rendering), TERMS, clock=loop.time)
    parts = {HOUSEKEEPING: Part(HOUSEKEEPING, set()), **parts}
    await holder.join()
    async with asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks)
        await holder.keep(parts)
        running = tasks.create_task(holder.run(supervisor))
        try:
            yield holder
        finally:
            running.cancel()
            supervisor.cancel()
    await holder.leave()


def parts_of(running: set[str], many: int = 4) -> dict[str, Part]:
    return {name: Part(name, running) for name in (f"source/{number}" for number in range(many))}


async def test_a_replica_on_its_own_runs_everything() -> None:
    running: set[str] = set()
    async with replica(MemoryLeases(), "one", parts_of(running)):
        await reach(lambda: len(running) == 4)

    assert not running


async def test_a_second_replica_gets_its_share_and_nothing_runs_twice() -> None:
    leases, first, second = MemoryLeases(), set[str](), set[str]()
    async with replica(leases, "one", parts_of(first)):
        await reach(lambda: len(first) == 4)
        async with replica(leases, "two", parts_of(second)) as joined:
            await reach(lambda: len(second) == 2 and len(first) == 2)
            assert not first & second
            assert all(joined.holds(name) for name in second)
        await reach(lambda: len(first) == 4)


async def test_a_replica_that_cannot_renew_stops_before_its_leases_can_be_taken() -> None:
    leases, first, second = MemoryLeases(), set[str](), set[str]()
    line = Cut(leases)
    async with replica(line, "one", parts_of(first)) as cut_off:
        await reach(lambda: len(first) == 4)
        line.cut = True
        async with replica(leases, "two", parts_of(second)):
            await reach(lambda: not first)
            assert not second, "the other waits until the leases have expired"
            assert not cut_off.holds("source/0")
            await reach(lambda: len(second) == 4)
            line.cut = False
            await reach(lambda: len(first) == len(second) == 2)


async def test_a_database_that_does_not_answer_is_one_that_cannot_renew() -> None:
    line, running = Cut(MemoryLeases()), set[str]()
    async with replica(line, "one", parts_of(running)):
        await reach(lambda: len(running) == 4)
        line.hangs = True
        await reach(lambda: not running)
        line.hangs = False
        await reach(lambda: len(running) == 4)


async def test_a_part_that_finds_its_lease_lost_ends_and_is_taken_anew() -> None:
    running: set[str] = set()
    parts = parts_of(running, 1)
    async with replica(MemoryLeases(), "one", parts):
        await reach(lambda: len(running) == 1)
        parts["source/0"].failing.set()
        await reach(lambda: len(parts["source/0"].epochs) == 2)
        assert parts["source/0"].epochs == [1, 2]
        assert running == {"source/0"}


async def test_a_part_that_the_settings_drop_ends_and_its_lease_is_free() -> None:
    leases, running = MemoryLeases(), set[str]()
    async with replica(leases, "one", parts_of(running)) as holder:
        await reach(lambda: len(running) == 4)
        await holder.keep(parts_of(running, 1) | {HOUSEKEEPING: Part(HOUSEKEEPING, set())})
        await reach(lambda: running == {"source/0"})
        await reach(lambda: len(holder.census.leases) == 2)


async def test_only_the_housekeeper_renders_and_only_among_its_like() -> None:
    leases = MemoryLeases()
    async with replica(leases, "one", {}) as one, replica(leases, "two", {}, rendering="other") as two:
        await reach(lambda: len(one.census.replicas) == 2)
        assert one.holds(HOUSEKEEPING)
        with one.try_rendering() as allowed:
            assert not allowed
        two.announce("r")
        await reach(lambda: all(each.rendering == "r" for each in one.census.replicas))
        with one.try_rendering() as allowed:
            assert allowed
            assert current_fence() is not None
        with two.try_rendering() as allowed:
            assert not allowed


async def test_a_replica_that_loads_longer_than_its_lease_lasts_keeps_the_housekeeping() -> None:
    line, loop = Cut(MemoryLeases()), asyncio.get_running_loop()
    holder = LeaseHolder(line, Replica("one", "1"), TERMS, clock=loop.time)
    await holder.join()
    async with asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks)
        running = tasks.create_task(holder.run(supervisor))

        await reach(lambda: line.renewals > 2 * TERMS.lasts / timedelta(seconds=TERMS.renew_seconds))

        assert holder.holds(HOUSEKEEPING)
        assert holder.census.leases[HOUSEKEEPING].epoch == 1
        await holder.keep({HOUSEKEEPING: Part(HOUSEKEEPING, set())})
        running.cancel()
        supervisor.cancel()


async def test_what_nobody_else_can_hold_is_kept_however_long_the_machine_stands_still() -> None:
    now = 0.0
    holder = LeaseHolder(OwnLeases(), Replica("one", "1"), FOR_GOOD, clock=lambda: now)
    await holder.join()

    now = timedelta(days=1).total_seconds()

    assert holder.holds(HOUSEKEEPING)
    await holder.leave()
