"""
How every store gives a few conferences, without the others.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.calendars.names import Names
from service.core.account_state import HeldRemoval
from service.core.conference import Conference, Invitation, Key
from service.core.schedule import Once
from service.publishing.ports import Database
from tests.contracts.given import (
    BROWN,
    HOUR,
    IVANOV,
    NOON,
    SERVER,
    arrival,
    changes,
    conference,
    record,
)
from tests.contracts.test_store_parts import closing

ONE, TWO = Key(SERVER, "100"), Key(SERVER, "200")
ANNA = "a.petrova"


def meeting(id_: str, days: int, *people: tuple[str, str]) -> Conference:
    invitations = tuple(Invitation(each, called) for each, called in people)
    once = Once(NOON + timedelta(days=days), HOUR)
    return replace(conference(id_, "topic", once), invitations=invitations)


async def test_chosen_conferences_are_as_in_the_whole_state(store: Database) -> None:
    other = replace(conference("100"), topic="as Brown has it")
    await record(store, arrival(conference("100"), conference("200")))
    await record(store, arrival(other, account=BROWN))
    whole, some = await store.load(), await store.load_conferences([ONE])

    assert dict(some.entries) == {ONE: whole.entries[ONE]}
    assert (some.version, some.contested, some.vtimezones) == (
        whole.version,
        whole.contested,
        whole.vtimezones,
    )
    assert {known.account for known in some.reporters(ONE)} == {
        known.account for known in whole.reporters(ONE)
    }
    assert dict(some.account(IVANOV).reported) == {"100": whole.account(IVANOV).reported["100"]}
    assert dict(some.account(BROWN).reported) == dict(whole.account(BROWN).reported)


async def test_closed_parts_are_chosen_on_their_own(store: Database) -> None:
    await record(store, arrival(conference("100")), changes(closings=(closing(IVANOV),)))
    whole = await store.load()
    (part,) = whole.account(IVANOV).closed

    some = await store.load_conferences([part])

    assert dict(some.entries) == {part: whole.entries[part]}
    assert some.account(IVANOV).closed == {part}
    assert not some.account(IVANOV).reported


async def test_without_conferences_there_are_the_accounts_and_held_lists(store: Database) -> None:
    held = HeldRemoval(NOON, 1, frozenset({"100"}), 2)
    await record(store, arrival(conference("100")), changes(held=held, held_changed=True))

    some = await store.load_conferences(())

    assert not some.entries
    assert {each.account: each.held for each in some.accounts.values()} == {IVANOV: held}


async def test_more_conferences_than_a_statement_takes(store: Database) -> None:
    await record(store, arrival(*(conference(str(number)) for number in range(1000))))
    keys = [Key(SERVER, str(number)) for number in range(1, 1000)]

    assert set((await store.load_conferences(keys)).entries) == set(keys)


async def test_conferences_are_found_by_their_id_on_any_server(store: Database) -> None:
    await record(store, arrival(conference("100"), conference("1000")))
    assert await store.find_by_id("100") == [ONE]
    assert await store.find_by_id("10") == []

    await record(store, changes(departures=frozenset({"100"})))
    assert await store.find_by_id("100") == [ONE], "it is kept, though nobody lists it"


async def test_only_conferences_that_accounts_share_may_be_reported_differently(store: Database) -> None:
    other = replace(conference("100"), topic="as Brown has it")
    await record(store, arrival(conference("100"), conference("200"), conference("300")))
    await record(store, arrival(other, conference("200"), account=BROWN))
    whole = await store.load()

    assert await store.find_shared() == [ONE]
    assert whole.contested == {ONE}


@pytest.mark.parametrize("person", ["a.petrova", "A.Petrova@video.example.com", "a.petrova@elsewhere/web"])
async def test_the_latest_conferences_say_what_a_person_is_called(store: Database, person: str) -> None:
    former = [meeting(str(number), number, (ANNA, f"Anna {number}")) for number in range(100, 130)]
    others = [meeting(str(number), number, ("b.petrova", "Boris")) for number in range(200, 230)]
    await record(store, arrival(*former, *others))

    found = await store.load_conferences(await store.find_of_people([person]))

    assert Names(found.entries).find(ANNA, SERVER) == "Anna 129"
    assert await store.find_of_people(["nobody", "", "@", "."]) == []


async def test_an_account_is_named_where_many_others_are_invited(store: Database) -> None:
    crowd = [(f"user{number}", f"Name{number}") for number in range(100)]
    await record(store, arrival(meeting("100", 1, *crowd, (IVANOV.peer, "Ivan"))))

    found = await store.load_conferences(await store.find_of_people([str(IVANOV)]))

    assert Names(found.entries).find(str(IVANOV)) == "Ivan"
