"""
Closed parts and the bounds of what is shown, on every kind of store.
"""

from dataclasses import replace
from datetime import timedelta

from service.core.account_state import Entry, Revision
from service.core.changes import Closing, Edit
from service.core.conference import Account, Key
from service.core.schedule import Bounds
from service.core.search import ConferenceQuery
from service.publishing.ports import Database
from tests.contracts.given import (
    BROWN,
    IVANOV,
    LATER,
    NOON,
    SERVER,
    arrival,
    bodies,
    changes,
    conference,
    edit,
    record,
    rendered,
)

CLOSED = Key(SERVER, "100", 1_790_000_000)


def closing(*accounts: Account, topic: str = "Planning, as it was") -> Closing:
    bounds = Bounds(since=NOON - timedelta(days=7), until=NOON, ruled_from=NOON - timedelta(days=9))
    entry = Entry(CLOSED, conference(topic=topic), Revision(0, NOON), b"", "lobby", bounds)
    body = rendered(entry, "feed")
    return Closing(Edit(entry, {"feed": replace(body, uid="uid-of-the-part")}), frozenset(accounts))


async def test_a_closed_part_is_in_the_calendars_of_all_that_had_it(store: Database) -> None:
    await record(
        store,
        arrival(conference(topic="Old")),
        changes(BROWN, reports=(conference(topic="Old"),)),
        changes(edits=(edit(conference(topic="New")),), closings=(closing(IVANOV, BROWN),)),
    )

    loaded = await store.load()

    assert loaded.account(IVANOV).closed == loaded.account(BROWN).closed == {CLOSED}
    assert loaded.entries[CLOSED] == closing().edit.entry
    for account in (None, IVANOV, BROWN):
        assert "as it was" in bodies(await store.vevents("feed", account))
    assert "as it was" in bodies(await store.vevents_of("feed", [CLOSED]))
    assert "as it was" not in bodies(await store.vevents_of("feed", [Key(SERVER, "100")]))


async def test_a_departure_leaves_the_closed_part(store: Database) -> None:
    await record(
        store,
        arrival(conference()),
        changes(departures=frozenset({"100"}), closings=(closing(IVANOV),)),
    )

    loaded = await store.load()

    assert not loaded.account(IVANOV).reported
    assert [vevent.uid for vevent in await store.vevents("feed", IVANOV)] == ["uid-of-the-part"]


async def test_a_part_that_is_closed_twice_is_there_once_with_its_last_text(store: Database) -> None:
    await record(
        store,
        arrival(conference()),
        changes(closings=(closing(IVANOV),)),
        changes(closings=(closing(IVANOV, topic="Again"),)),
    )

    assert "Again" in bodies(await store.vevents("feed"))
    assert len(await store.vevents("feed")) == 2


async def test_an_expired_part_leaves_and_is_purged(store: Database) -> None:
    await record(
        store,
        arrival(conference()),
        changes(closings=(closing(IVANOV),)),
        changes(expired=frozenset({CLOSED})),
    )
    assert [vevent.uid for vevent in await store.vevents("feed")] == [f"uid-{SERVER}-100"]

    assert await store.purge(LATER) == 1
    assert set((await store.load()).entries) == {Key(SERVER, "100")}
    found = await store.find_conferences(ConferenceQuery(conference().topic))
    assert found == [Key(SERVER, "100")], "the live part keeps what it is found by"


async def test_the_moment_of_a_changed_report_is_kept_until_it_leaves(store: Database) -> None:
    first = replace(arrival(conference()), changed=frozenset({"100"}))
    await record(store, first, changes(received_at=LATER, reports=(conference(topic="Next"),)))
    assert (await store.load()).account(IVANOV).changed_at == {"100": NOON}

    await record(store, changes(departures=frozenset({"100"})))
    assert (await store.load()).account(IVANOV).changed_at == {}


async def test_what_accounts_tell_differently_is_known_after_loading(store: Database) -> None:
    await record(
        store,
        arrival(conference(), conference("200")),
        changes(BROWN, reports=(conference(topic="Other"), conference("200"))),
    )

    assert (await store.load()).contested == {Key(SERVER, "100")}


async def test_bounds_of_a_live_conference_are_kept(store: Database) -> None:
    bounded = edit(conference())
    bounded = replace(bounded, entry=replace(bounded.entry, bounds=Bounds(since=NOON)))
    await record(store, replace(arrival(conference()), edits=(bounded,)))

    assert (await store.load()).entries[Key(SERVER, "100")].bounds == Bounds(since=NOON)
