import asyncio
from collections.abc import Sequence

import pytest

from service.app.arrival_writer import ArrivalWriter
from service.core.changes import Arrival, Changes, Refusal
from service.core.conference import Account
from service.core.errors import LeaseLost, StaleState, StoreUnavailable
from service.core.lease import Fence, Lease, LeaseTerms, Tenure, under
from tests.core.given import NOW, SERVER
from tests.store.memory import MemoryStore


class SlowStore(MemoryStore):
    """Counts what is recorded together, and records it when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.together: list[int] = []
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()
        self.error: Exception | None = None

    async def record_arrivals(self, arrivals: Sequence[Arrival]) -> Sequence[Refusal | None]:
        self.together.append(len(arrivals))
        self.asked.set()
        await self.go_on.wait()
        if self.error:
            raise self.error
        return await super().record_arrivals(arrivals)


def arrival(number: int) -> Changes:
    return Changes(Account(f"user{number}", SERVER), f"room{number}", NOW, 0)


def fence_of(number: int) -> Fence:
    tenure = Tenure.begin(Lease(f"source/room{number}", "one", 1), LeaseTerms(), asked_at=0)
    return Fence(tenure, clock=lambda: 0.0)


async def test_lists_of_one_moment_are_recorded_together_and_later_ones_after_them() -> None:
    store = SlowStore()
    writer = ArrivalWriter(store)

    async with asyncio.TaskGroup() as tasks:
        for number in range(5):
            tasks.create_task(writer.record(arrival(number), version=0))
        await store.asked.wait()
        late = tasks.create_task(writer.record(arrival(5), version=0))
        await asyncio.sleep(0)
        assert not late.done()
        store.go_on.set()

    assert store.together == [5, 1]
    assert len((await store.load()).accounts) == 6


async def test_a_part_that_lost_its_lease_keeps_back_no_other() -> None:
    store, lost, good = SlowStore(), fence_of(0), fence_of(1)
    writer = ArrivalWriter(store)

    async def record(number: int, fence: Fence) -> None:
        with under(fence):
            await writer.record(arrival(number), version=0)

    recording = [asyncio.create_task(record(0, lost)), asyncio.create_task(record(1, good))]
    await store.asked.wait()
    lost.lose()
    store.go_on.set()
    found = await asyncio.gather(*recording, return_exceptions=True)

    assert [type(each) for each in found] == [LeaseLost, type(None)]
    assert [account.peer for account in (await store.load()).accounts] == ["user1"]


async def test_an_outdated_arrival_is_refused_alone() -> None:
    store = SlowStore()
    store.go_on.set()
    writer = ArrivalWriter(store)

    found = await asyncio.gather(
        writer.record(arrival(0), version=7), writer.record(arrival(1), version=0), return_exceptions=True
    )

    assert [type(each) for each in found] == [StaleState, type(None)]


async def test_where_the_store_fails_each_hears_of_it_and_the_next_list_is_recorded() -> None:
    store = SlowStore()
    store.error = StoreUnavailable("the disk is full")
    store.go_on.set()
    writer = ArrivalWriter(store)

    found = await asyncio.gather(
        *(writer.record(arrival(number), version=0) for number in range(2)), return_exceptions=True
    )
    assert [str(each) for each in found] == ["the disk is full"] * 2

    store.error = None
    await writer.record(arrival(0), version=0)
    assert len((await store.load()).accounts) == 1


async def test_one_that_is_cancelled_keeps_back_no_other() -> None:
    store = SlowStore()
    writer = ArrivalWriter(store)
    cancelled = asyncio.create_task(writer.record(arrival(0), version=0))
    other = asyncio.create_task(writer.record(arrival(1), version=0))
    await store.asked.wait()

    cancelled.cancel()
    store.go_on.set()
    await other
    assert "user1" in {account.peer for account in (await store.load()).accounts}

    with pytest.raises(asyncio.CancelledError):
        await cancelled
