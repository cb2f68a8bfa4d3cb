"""
Two processes that record at once, and what each reads of the other.
"""

from datetime import timedelta

import pytest

from service.core.changes import Arrival
from service.core.errors import LeaseLost, StaleState
from service.core.lease import Fence, Lease, LeaseTerms, Tenure
from service.core.ports import FeedRecord
from service.core.state import State
from service.core.strip import slot_of
from service.publishing.ports import Database
from tests.contracts.given import (
    BROWN,
    ELSEWHERE,
    IVANOV,
    LATER,
    NOON,
    OpenStore,
    arrival,
    changes,
    conference,
    edit,
    record,
)


async def test_lists_of_two_accounts_are_recorded_though_both_were_decided_at_one_version(
    store: Database,
) -> None:
    first = await store.record(arrival(conference("100")), version=0)
    second = await store.record(arrival(conference("200"), account=BROWN), version=0)

    assert (first, second) == (1, 2)
    assert (await store.load()).accounts.keys() == {IVANOV, BROWN}


async def test_a_conference_that_another_account_changed_meanwhile_is_decided_anew(store: Database) -> None:
    await record(store, arrival(conference("100")))

    with pytest.raises(StaleState):
        await store.record(arrival(conference("100", topic="Other"), account=BROWN), version=0)

    assert (await store.load()).accounts.keys() == {IVANOV}


async def test_a_report_of_another_account_that_came_meanwhile_is_seen(store: Database) -> None:
    base = await record(store, arrival(conference("100")))
    await store.record(changes(BROWN, reports=(conference("100", topic="Brown's"),)), version=base)

    with pytest.raises(StaleState):
        await store.record(changes(edits=(edit(conference("100", topic="New"), sequence=1),)), version=base)


async def test_an_arrival_is_refused_where_its_account_changed_and_no_other_did(store: Database) -> None:
    base = await record(store, arrival(conference("100")))
    await record(store, arrival(conference("200"), account=BROWN))

    assert await store.record(changes(received_at=LATER), version=base) == base
    with pytest.raises(StaleState):
        await store.record(changes(BROWN, received_at=LATER), version=base)


async def test_of_several_arrivals_only_that_of_a_changed_account_is_refused(store: Database) -> None:
    base = await record(store, arrival(conference("100")))
    await record(store, arrival(conference("200"), account=BROWN))
    given = [
        Arrival(changes(BROWN, received_at=LATER), base),
        Arrival(changes(IVANOV, received_at=LATER), base),
        Arrival(changes(ELSEWHERE, received_at=LATER), base),
    ]

    refusals = await store.record_arrivals(given)

    assert [type(each) for each in refusals] == [StaleState, type(None), type(None)]
    known = (await store.load()).accounts
    assert {account: each.list_at for account, each in known.items()} == {
        BROWN: NOON,
        IVANOV: LATER,
        ELSEWHERE: LATER,
    }
    assert (await store.load()).version == base + 1


async def test_the_arrival_of_a_part_that_knows_it_lost_its_lease_is_refused_alone(store: Database) -> None:
    lease = Lease("source/lobby", "one", 1)
    fence = Fence(Tenure.begin(lease, LeaseTerms(), asked_at=0), clock=lambda: 0.0)
    fence.lose()

    refusals = await store.record_arrivals([Arrival(changes(IVANOV), 0, fence), Arrival(changes(BROWN), 0)])

    assert [type(each) for each in refusals] == [LeaseLost, type(None)]
    assert (await store.load()).accounts.keys() == {BROWN}


async def test_arrivals_after_a_purge_are_refused(store: Database) -> None:
    base = await record(store, arrival(conference("100")))
    await record(store, changes(departures=frozenset({"100"})))
    assert await store.purge(LATER + timedelta(days=400))

    (refusal,) = await store.record_arrivals([Arrival(changes(BROWN), base)])

    assert isinstance(refusal, StaleState)


async def test_each_half_hour_with_a_list_of_a_source_is_noted_once(store: Database) -> None:
    await record(store, arrival(conference("100")))
    for at in (NOON, LATER, LATER + timedelta(minutes=30)):
        await store.record_arrivals([Arrival(changes(received_at=at), 1)])

    heard = await store.journal.read_heard()

    assert heard["lobby"] == {slot_of(NOON), slot_of(LATER + timedelta(minutes=30))}


async def test_what_is_rendered_anew_waits_for_what_others_changed_of_it(store: Database) -> None:
    base = await record(store, arrival(conference("100")))
    await record(store, arrival(conference("200"), account=BROWN))

    assert await store.record_rendering("one", [edit(conference("100", "Neu"))], version=base) == base + 2
    with pytest.raises(StaleState):
        await store.record_rendering("two", [edit(conference("200", "Neu"))], version=base)


async def test_reading_on_gives_the_state_that_reading_everything_gives(sql_store: OpenStore) -> None:
    store, other = await sql_store(), await sql_store()
    await record(
        store, arrival(conference("100"), conference("101")), arrival(conference("200"), account=BROWN)
    )
    known = await other.load()

    version = await store.version()
    version = await store.record(
        changes(BROWN, reports=(conference("100", topic="Brown's"),), changed=frozenset({"100"})),
        version=version,
    )
    version = await store.record(
        changes(
            edits=(edit(conference("101", topic="New"), sequence=1),), reports=(conference("101", "New"),)
        ),
        version=version,
    )
    version = await store.record(changes(departures=frozenset({"101"})), version=version)
    await store.record(changes(BROWN, received_at=LATER), version=version)

    followed = await other.load_changes(known)
    assert followed == await other.load()
    assert followed.contested
    assert await other.load_changes(followed) is followed


async def test_only_what_changed_is_read(sql_store: OpenStore) -> None:
    store, other = await sql_store(), await sql_store()
    await record(store, arrival(conference("100")), arrival(conference("200"), account=BROWN))
    known = await other.load()
    await record(store, changes(BROWN, reports=(conference("201"),), edits=(edit(conference("201")),)))

    followed = await other.load_changes(known)

    assert followed.account(IVANOV) is known.account(IVANOV)
    assert followed.account(BROWN).reported.keys() == {"200", "201"}


async def test_an_arrival_without_changes_is_read_too(sql_store: OpenStore) -> None:
    store, other = await sql_store(), await sql_store()
    await record(store, arrival(conference("100")))
    known = await other.load()
    await record(store, changes(received_at=LATER))

    followed = await other.load_changes(known)

    assert (followed.version, followed.account(IVANOV).list_at) == (known.version, LATER)


async def test_what_leaves_the_database_is_no_longer_known(sql_store: OpenStore) -> None:
    store, other = await sql_store(), await sql_store()
    await record(store, arrival(conference("100")), changes(departures=frozenset({"100"})))
    known = await other.load()
    assert known.entries
    await store.purge(LATER)

    assert (await other.load_changes(known)).entries == {}


async def test_an_empty_state_reads_everything(store: Database) -> None:
    await record(store, arrival(conference("100")))

    assert (await store.load_changes(State())).account(IVANOV).list_at == NOON


async def test_of_equal_bytes_the_first_moment_counts_in_every_process(store: Database) -> None:
    await store.record_feed("all", FeedRecord(0, "d1", NOON, 1))

    assert await store.record_feed("all", FeedRecord(0, "d1", LATER, 2)) == FeedRecord(0, "d1", NOON, 2)
    assert await store.feeds() == {"all": FeedRecord(0, "d1", NOON, 2)}


async def test_older_bytes_do_not_replace_newer_ones(store: Database) -> None:
    await store.record_feed("all", FeedRecord(0, "d2", NOON, 2))

    assert await store.record_feed("all", FeedRecord(1, "d1", LATER, 1)) == FeedRecord(1, "d2", NOON, 2)


async def test_a_date_moves_on_with_the_bytes_though_the_clock_went_back(store: Database) -> None:
    await store.record_feed("all", FeedRecord(0, "d1", LATER, 1))

    known = await store.record_feed("all", FeedRecord(0, "d2", NOON, 2))

    assert known.changed_at == LATER + timedelta(seconds=1)
