"""
The leases, on every implementation.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core.changes import Arrival
from service.core.errors import LeaseLost, StoreUnavailable
from service.core.lease import Fence, Lease, LeaseTerms, Tenure, under
from service.core.ports import Hint
from service.core.replicas import LeaseStore, Replica
from service.publishing.model import Publication, Standing
from service.publishing.ports import Database
from service.store.engine import begin_write, create_engine
from service.store.leases import SqlLeases
from service.store.sql import open_store
from tests.contracts.databases import NewDatabase
from tests.contracts.given import BROWN, ELSEWHERE, IVANOV, arrival, changes, conference, record
from tests.store.memory_leases import MemoryLeases

LONG = timedelta(minutes=5)
ENDED = timedelta(0)
ONE, TWO = Replica("one", "1.0", "r", "w"), Replica("two", "1.1", "r", "w")


@pytest.fixture(params=["memory", "postgresql", "pgbouncer"])
async def leases(request: pytest.FixtureRequest) -> AsyncIterator[LeaseStore]:
    if request.param == "memory":
        yield MemoryLeases()
        return
    new: NewDatabase = request.getfixturevalue(request.param)
    store = await open_store(new(migrated=True), migrate=False)
    yield store.leases
    await store.close()


@pytest.fixture
async def opened(postgresql: NewDatabase) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes' views of one PostgreSQL."""
    url = postgresql(migrated=True)
    async with AsyncExitStack() as stack:
        first, second = await open_store(url, migrate=False), await open_store(url, migrate=False)
        stack.push_async_callback(first.close)
        stack.push_async_callback(second.close)
        yield first, second


async def test_only_one_replica_holds_a_lease(leases: LeaseStore) -> None:
    assert await leases.take(["source/a"], "one", lasts=LONG) == [Lease("source/a", "one", 1)]
    assert await leases.take(["source/a", "source/b"], "two", lasts=LONG) == [Lease("source/b", "two", 1)]

    held = (await leases.census()).leases
    assert {name: lease.holder for name, lease in held.items()} == {"source/a": "one", "source/b": "two"}


async def test_a_renewal_reads_all_leases_only_where_one_has_another_holder(postgresql: NewDatabase) -> None:
    url, asked = postgresql(migrated=True), Counter[str]()
    engine, others = create_engine(url), create_engine(url)
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *given: asked.update([given[2]]))
    one, two = SqlLeases(engine), SqlLeases(others)

    async def count_statements() -> int:
        asked.clear()
        found = await one.renew(ONE, lasts=LONG)
        assert found.leases == (await SqlLeases(others).census()).leases
        return asked.total()

    quiet = await count_statements()
    for change in (
        two.take(["source/a", "source/b"], "two", lasts=LONG),
        two.release([Lease("source/a", "two", 1)]),
        one.take(["source/a"], "one", lasts=LONG),
        by_hand(others, "UPDATE leases SET holder = 'three' WHERE name = 'source/b'"),
        by_hand(others, "UPDATE leases SET expires_at = 0 WHERE name = 'source/b'"),
        by_hand(others, "DELETE FROM leases"),
    ):
        await change
        assert await count_statements() == quiet + 1
        assert await count_statements() == quiet
    await engine.dispose()
    await others.dispose()


async def by_hand(engine: AsyncEngine, statement: str) -> None:
    async with begin_write(engine) as db:
        await db.execute(text(statement))


async def test_an_expired_lease_is_taken_in_a_new_epoch(leases: LeaseStore) -> None:
    await leases.take(["source/a"], "one", lasts=ENDED)

    assert (await leases.census()).leases == {}
    assert await leases.take(["source/a"], "two", lasts=LONG) == [Lease("source/a", "two", 2)]


async def test_an_expired_lease_is_not_prolonged_though_nobody_took_it(leases: LeaseStore) -> None:
    await leases.take(["source/a"], "one", lasts=ENDED)

    assert (await leases.renew(ONE, lasts=LONG)).leases == {}


async def test_a_process_that_was_stopped_before_it_executed_a_statement_keeps_no_row_locked(
    postgresql: NewDatabase,
) -> None:
    url = postgresql(migrated=True)
    engine, others = create_engine(url), create_engine(url)
    stopped, taker = SqlLeases(engine), SqlLeases(others, stopped_after=ENDED)
    await stopped.take(["source/a"], "one", lasts=ENDED)

    with suppress(StoreUnavailable):
        async with begin_write(engine) as db:
            await db.execute(text("SELECT FROM leases WHERE name = 'source/a' FOR SHARE"))
            connection: Any = (await db.get_raw_connection()).driver_connection
            # The server waits for what follows, and counts the session as one that works.
            await connection.prepare("SELECT 1")
            await taker.renew(TWO, lasts=LONG)
            taken = await taker.take(["source/a"], "two", lasts=LONG)
            assert not taken, "no replica is silent yet"

            await stopped.renew(ONE, lasts=ENDED)
            await taker.renew(TWO, lasts=LONG)
            # The server ends the session a moment later.
            async with asyncio.timeout(10):
                while not taken:
                    taken = await taker.take(["source/a"], "two", lasts=LONG)
    assert taken == [Lease("source/a", "two", 2)]
    await engine.dispose()
    await others.dispose()


async def test_a_renewal_tells_who_lives_and_who_holds_what(leases: LeaseStore) -> None:
    await leases.take(["source/a"], "one", lasts=LONG)
    await leases.renew(TWO, lasts=LONG)

    found = await leases.renew(ONE, lasts=LONG)

    assert found.replicas == (ONE, TWO)
    assert found.find_leases("one") == [Lease("source/a", "one", 1)]
    assert await leases.census() == found


async def test_a_replica_that_is_silent_does_not_count(leases: LeaseStore) -> None:
    await leases.renew(TWO, lasts=ENDED)

    assert (await leases.renew(ONE, lasts=LONG)).replicas == (ONE,)


async def test_when_the_clock_of_the_database_is_set_back_the_leases_of_the_dead_still_end(
    postgresql: NewDatabase,
) -> None:
    url = postgresql()
    await (await open_store(url, migrate=True)).close()
    engine = create_engine(url)
    leases = SqlLeases(engine)
    await leases.renew(TWO, lasts=LONG)
    await leases.take(["source/a"], "two", lasts=LONG)

    async def set_the_clock_back() -> None:
        await by_hand(engine, "UPDATE leases SET expires_at = expires_at + 3600000")
        await by_hand(engine, "UPDATE replicas SET expires_at = expires_at + 3600000")

    await set_the_clock_back()
    held = (await leases.renew(ONE, lasts=LONG)).leases
    assert held == {"source/a": Lease("source/a", "two", 1)}, "its holder may live"

    await set_the_clock_back()
    found = await leases.renew(ONE, lasts=ENDED)
    assert (found.replicas, found.leases) == ((), {})
    assert await leases.take(["source/a"], "one", lasts=LONG) == [Lease("source/a", "one", 2)]
    await engine.dispose()


async def test_a_released_lease_is_free_at_once_and_its_epoch_goes_on(leases: LeaseStore) -> None:
    await leases.release(await leases.take(["source/a"], "one", lasts=LONG))

    assert await leases.take(["source/a"], "two", lasts=LONG) == [Lease("source/a", "two", 2)]


async def test_what_somebody_else_holds_by_now_is_not_released(leases: LeaseStore) -> None:
    old = await leases.take(["source/a"], "one", lasts=ENDED)
    new = await leases.take(["source/a"], "two", lasts=LONG)

    await leases.release(old)

    assert list((await leases.census()).leases.values()) == new


async def test_a_replica_that_ends_leaves_nothing_behind(leases: LeaseStore) -> None:
    await leases.renew(ONE, lasts=LONG)
    await leases.take(["source/a", "target/b"], "one", lasts=LONG)

    await leases.leave("one")

    found = await leases.census()
    assert (found.replicas, found.leases) == ((), {})


async def test_sqlite_has_one_daemon_and_grants_it_everything(sqlite: NewDatabase) -> None:
    store = await open_store(sqlite(migrated=True), migrate=False)

    assert await store.leases.take(["source/a"], "one", lasts=ENDED) == [Lease("source/a", "one", 1)]
    assert (await store.leases.renew(ONE, lasts=ENDED)).find_leases("one") == [Lease("source/a", "one", 1)]
    await store.leases.leave("one")
    assert (await store.leases.census()).leases == {}
    await store.close()


async def test_of_many_that_take_at_once_each_lease_goes_to_one(opened: tuple[Database, Database]) -> None:
    names = [f"source/{number}" for number in range(200)]

    both = await asyncio.gather(
        *(
            store.leases.take(order, holder, lasts=LONG)
            for store, holder, order in zip(opened * 4, "abcdefgh", (names, names[::-1]) * 4, strict=True)
        )
    )

    taken = [lease.name for each in both for lease in each]
    assert sorted(taken) == sorted(names)


def fence_of(lease: Lease) -> Fence:
    """A fence whose holder still relies on the lease: the database alone knows better."""
    return Fence(Tenure.begin(lease, LeaseTerms(), asked_at=0), clock=lambda: 0.0)


async def test_a_list_of_an_earlier_epoch_is_not_recorded(opened: tuple[Database, Database]) -> None:
    late, successor = opened
    (old,) = await late.leases.take(["source/lobby"], "one", lasts=ENDED)
    await successor.leases.take(["source/lobby"], "two", lasts=LONG)
    fence = fence_of(old)

    with under(fence), pytest.raises(LeaseLost):
        await record(late, arrival(conference()))

    assert fence.is_lost
    assert (await successor.load()).accounts == {}
    assert await successor.version() == 0


async def test_of_several_arrivals_only_that_of_an_earlier_epoch_is_refused(
    opened: tuple[Database, Database],
) -> None:
    store, successor = opened
    (old,) = await store.leases.take(["source/lobby"], "one", lasts=ENDED)
    (own,) = await store.leases.take(["source/hall"], "one", lasts=LONG)
    await successor.leases.take(["source/lobby"], "two", lasts=LONG)
    late, good = fence_of(old), fence_of(own)

    refusals = await store.record_arrivals(
        [Arrival(changes(IVANOV), 0, late), Arrival(changes(BROWN), 0, good), Arrival(changes(ELSEWHERE), 0)]
    )

    assert [type(each) for each in refusals] == [LeaseLost, type(None), type(None)]
    assert (late.is_lost, good.is_lost) == (True, False)
    assert (await successor.load()).accounts.keys() == {BROWN, ELSEWHERE}


async def test_a_row_of_the_ledger_of_an_earlier_epoch_is_not_recorded(
    opened: tuple[Database, Database],
) -> None:
    late, successor = opened
    (old,) = await late.leases.take(["target/team"], "one", lasts=ENDED)
    await successor.leases.take(["target/team"], "two", lasts=LONG)

    with under(fence_of(old)), pytest.raises(LeaseLost):
        await late.ledger.record_publications("team", [Publication("uid", standing=Standing.PUBLISHED)])

    assert await successor.ledger.publications("team") == {}


async def test_the_holder_records(opened: tuple[Database, Database]) -> None:
    holder, other = opened
    (lease,) = await holder.leases.take(["source/lobby"], "one", lasts=LONG)

    with under(fence_of(lease)):
        await record(holder, arrival(conference()))

    assert list((await other.load()).accounts) == [IVANOV]


async def test_a_lease_is_not_given_away_between_the_check_and_the_commit_and_keeps_no_other_back(
    postgresql: NewDatabase,
) -> None:
    url = postgresql(migrated=True)
    store = await open_store(url, migrate=False)
    (lease, _) = await store.leases.take(["source/a", "source/b"], "one", lasts=ENDED)
    engine = create_engine(url)

    async with begin_write(engine) as db:
        held = await db.execute(text("SELECT epoch FROM leases WHERE name = 'source/a' FOR SHARE"))
        assert held.scalar_one() == lease.epoch
        taken = await store.leases.take(["source/a", "source/b"], "two", lasts=LONG)
        assert taken == [Lease("source/b", "two", 2)]

    assert await store.leases.take(["source/a"], "two", lasts=LONG) == [Lease("source/a", "two", 2)]
    await engine.dispose()
    await store.close()


async def test_what_one_process_writes_wakes_the_other_to_look_at_leases_only_if_one_moved(
    opened: tuple[Database, Database],
) -> None:
    writer, listener = opened
    woken: asyncio.Queue[Hint] = asyncio.Queue()
    following = asyncio.create_task(listener.follow_wakeups(woken.put_nowait))
    async with asyncio.timeout(10):
        assert await woken.get() is Hint.ANYTHING

        await record(writer, arrival(conference()))
        assert await woken.get() is Hint.STATE

        await writer.leases.release(await writer.leases.take(["source/a"], "one", lasts=LONG))
        assert await woken.get() is Hint.ANYTHING
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
