"""
What every store does with accounts that nobody hears of any more.
"""

from datetime import timedelta

from service.core.account_state import Absence, HeldRemoval
from service.core.ports import FeedRecord
from service.publishing.ports import Database
from tests.contracts.given import BROWN, ELSEWHERE, IVANOV, LATER, NOON, arrival, changes, conference, record
from tests.contracts.test_store_parts import closing

DAY = timedelta(days=1)
HELD = HeldRemoval(NOON, 1, frozenset({"100"}), 1)


async def test_only_an_account_that_is_silent_and_holds_nothing_is_forgotten(store: Database) -> None:
    version = await record(
        store,
        arrival(conference()),
        changes(BROWN),
        changes(ELSEWHERE, received_at=NOON + DAY),
    )

    assert await store.purge_accounts(NOON) == 0
    assert await store.version() == version
    assert await store.purge_accounts(NOON + DAY) == 1

    assert set((await store.load()).accounts) == {IVANOV, ELSEWHERE}
    # Other processes notice by the version.
    assert await store.version() == version + 1
    assert await store.purge_accounts(NOON + DAY) == 0


async def test_what_was_held_of_a_forgotten_account_goes_with_it(store: Database) -> None:
    await record(
        store,
        arrival(conference()),
        changes(absences={"100": Absence(1, NOON)}, held=HELD, held_changed=True),
        changes(departures=frozenset({"100"})),
    )

    assert await store.purge_accounts(LATER) == 1
    assert not (await store.load()).accounts


async def test_a_forgotten_account_can_come_back(store: Database) -> None:
    await record(store, changes(BROWN))
    await store.purge_accounts(LATER)

    await record(store, arrival(conference(), account=BROWN))

    assert (await store.load()).account(BROWN).reported == {"100": conference()}


async def test_of_a_forgotten_account_s_feed_only_rotations_are_remembered(store: Database) -> None:
    await record(store, changes(BROWN), changes(IVANOV), arrival(conference(), account=ELSEWHERE))
    served = FeedRecord(digest="d", changed_at=NOON)
    await store.record_feed(str(BROWN), served)
    await store.record_feed(str(IVANOV), FeedRecord(2, "d", NOON))
    await store.record_feed(str(ELSEWHERE), served)

    assert await store.purge_accounts(LATER) == 2

    assert await store.feeds() == {str(IVANOV): FeedRecord(2), str(ELSEWHERE): served}
    assert await store.rotations() == {str(IVANOV): 2}


async def test_an_account_whose_past_is_still_kept_is_not_forgotten(store: Database) -> None:
    await record(
        store,
        arrival(conference()),
        changes(departures=frozenset({"100"}), closings=(closing(IVANOV),)),
    )

    assert await store.purge_accounts(LATER) == 0
    assert set((await store.load()).accounts) == {IVANOV}


async def test_whose_lists_there_are_is_known_without_what_they_hold(store: Database) -> None:
    await record(store, arrival(conference("100")), arrival(conference("200"), account=BROWN))
    whole, known = await store.load(), await store.load_accounts()

    assert known.version == whole.version
    assert {a: (v.list_at, v.count, v.source) for a, v in known.accounts.items()} == {
        a: (v.list_at, v.count, v.source) for a, v in whole.accounts.items()
    }
    assert not known.entries
    assert not any(each.reported for each in known.accounts.values())
