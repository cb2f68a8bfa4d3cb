"""
What every Store keeps of the lists that arrive.
"""

from dataclasses import replace

import pytest

from service.core.account_state import Absence, HeldRemoval, Revision
from service.core.changes import Changes
from service.core.conference import Conference, Invitation, Key, Listing, Snapshot
from service.core.errors import StaleState
from service.core.schedule import Once, Schedule, Unscheduled, Weekday, Weekly
from service.core.state import State
from service.publishing.ports import Database
from tests.contracts.given import (
    BROWN,
    ELSEWHERE,
    HOUR,
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


async def test_a_new_store_knows_nothing(store: Database) -> None:
    assert await store.load() == State()
    assert await store.version() == 0
    assert await store.rendering() == ""
    assert await store.vevents("feed") == []
    assert await store.feeds() == {}


@pytest.mark.parametrize(
    "schedule",
    [
        Once(NOON, HOUR),
        Weekly(NOON, HOUR, frozenset({Weekday.SU, Weekday.MO})),
        Unscheduled(),
    ],
)
async def test_what_is_recorded_is_loaded(store: Database, schedule: Schedule) -> None:
    full = Conference(
        id="007",
        topic="Планёрка \N{PARTY POPPER}",
        owner="brown@video.example.org",
        schedule=schedule,
        mode="S|L",
        access="private",
        created_at=NOON - HOUR,
        invitations=(Invitation("white", "Белый, Б."), Invitation("#guest:1", "")),
        url="https://video.example.org/c/007",
        state="running",
        session_id="1@video",
    )
    recorded = arrival(full)

    version = await record(store, recorded)

    loaded = await store.load()
    assert loaded == State().after(recorded, Snapshot(IVANOV, "lobby", NOON, Listing((full,))), version)
    assert loaded.entries[Key(SERVER, "007")].conference == full
    assert loaded.account(IVANOV).reported == {"007": full}
    assert await store.version() == version == 1


async def test_state_and_session_are_not_kept(store: Database) -> None:
    await record(store, arrival(replace(conference(), state="running", session_id="1@video")))

    loaded = await store.load()

    kept = loaded.entries[Key(SERVER, "100")].conference
    assert (kept.state, kept.session_id) == ("", "")
    kept = loaded.account(IVANOV).reported["100"]
    assert (kept.state, kept.session_id) == ("", "")


async def test_an_unchanged_list_writes_its_arrival_and_keeps_the_version(store: Database) -> None:
    await record(store, arrival(conference()))
    before = await store.load()

    version = await store.record(Changes(IVANOV, "kiosk", LATER, 1), version=1)

    assert version == await store.version() == 1
    known = replace(before.account(IVANOV), list_at=LATER, source="kiosk")
    assert await store.load() == before.replace_accounts([known])


async def test_an_account_with_an_empty_list_is_known(store: Database) -> None:
    await store.record(changes(), version=0)

    assert (await store.load()).account(IVANOV).list_at == NOON


async def test_a_list_for_another_version_is_refused_and_nothing_of_it_written(store: Database) -> None:
    await record(store, arrival(conference()))
    before = await store.load()
    outdated = arrival(conference(topic="Too late"), conference("200"), account=BROWN)

    with pytest.raises(StaleState):
        await store.record(outdated, version=0)

    assert await store.load() == before
    assert "Too late" not in bodies(await store.vevents("feed"))


async def test_an_unchanged_list_for_another_version_is_refused_too(store: Database) -> None:
    await record(store, arrival(conference()))
    before = await store.load()

    with pytest.raises(StaleState):
        await store.record(changes(received_at=LATER), version=0)

    assert await store.load() == before


async def test_one_id_on_two_servers_is_two_conferences(store: Database) -> None:
    here, there = conference(topic="Here"), conference(topic="There")
    await record(store, arrival(here), arrival(there, account=ELSEWHERE))

    loaded = await store.load()

    assert loaded.account(IVANOV).reported == {"100": here}
    assert loaded.account(ELSEWHERE).reported == {"100": there}
    assert "Here" in bodies(await store.vevents("feed", IVANOV))
    assert "There" in bodies(await store.vevents("feed", ELSEWHERE))
    assert "There" in bodies(await store.vevents_of("feed", [Key(ELSEWHERE.server, "100")]))
    assert len(await store.vevents("feed")) == 2


async def test_a_departure_leaves_one_account_only(store: Database) -> None:
    await record(
        store,
        arrival(conference("100"), conference("200")),
        changes(BROWN, reports=(conference("100"),)),
        changes(absences={"100": Absence(1, NOON)}),
        changes(departures=frozenset({"100", "not a member"})),
    )

    loaded = await store.load()
    assert loaded.account(IVANOV).reported == {"200": conference("200")}
    assert loaded.account(IVANOV).absences == {}
    assert loaded.account(BROWN).reported == {"100": conference("100")}
    assert len(await store.vevents("feed", IVANOV)) == 1
    assert len(await store.vevents("feed")) == 2


async def test_a_conference_that_comes_back_continues_its_revision(store: Database) -> None:
    await record(
        store,
        changes(edits=(edit(conference(), sequence=4),), reports=(conference(),)),
        changes(departures=frozenset({"100"})),
    )

    assert await store.vevents("feed") == []
    assert await store.vevents_of("feed", [Key(SERVER, "100")]) == []
    assert (await store.load()).entries[Key(SERVER, "100")].revision == Revision(4, NOON)

    await record(store, changes(BROWN, reports=(conference(),)))

    assert len(await store.vevents("feed")) == 1


async def test_an_absence_begins_grows_and_ends(store: Database) -> None:
    await record(store, arrival(conference("100"), conference("200")))
    seen = []

    for absence in (Absence(1, NOON), Absence(2, NOON), None):
        await record(store, changes(absences={"100": absence}))
        seen.append((await store.load()).account(IVANOV).absences)

    assert seen == [{"100": Absence(1, NOON)}, {"100": Absence(2, NOON)}, {}]


async def test_a_report_does_not_end_an_absence_by_itself(store: Database) -> None:
    await record(
        store,
        arrival(conference()),
        changes(absences={"100": Absence(1, NOON)}),
        changes(reports=(conference(topic="New"),)),
    )

    assert (await store.load()).account(IVANOV).absences == {"100": Absence(1, NOON)}


async def test_a_held_list_is_kept_until_it_is_replaced_or_dropped(store: Database) -> None:
    held = HeldRemoval(NOON, 1, frozenset({"100", "200", "кириллица"}), 3)
    grown = replace(held, lists=2)
    await record(store, arrival(conference()))
    seen = []

    for each in (
        changes(held=held, held_changed=True),
        changes(reports=(conference("100", "Other"),), held=held),
        changes(held=grown, held_changed=True),
        changes(held_changed=True),
    ):
        await record(store, each)
        seen.append((await store.load()).account(IVANOV).held)

    assert seen == [held, held, grown, None]


async def test_what_an_account_reported_survives_an_edit_by_another(store: Database) -> None:
    old, new = conference(topic="Old"), conference(topic="New")
    await record(store, arrival(old), changes(BROWN, reports=(old,)), arrival(new))

    loaded = await store.load()

    assert loaded.account(IVANOV).reported == {"100": new}
    assert loaded.account(BROWN).reported == {"100": old}
    assert loaded.entries[Key(SERVER, "100")].conference == new


async def test_what_an_account_reported_survives_an_edit_without_a_report(store: Database) -> None:
    old, anchored = conference(topic="Old"), conference(topic="Anchored")
    await record(store, arrival(old), changes(edits=(edit(anchored),)))

    loaded = await store.load()

    assert loaded.account(IVANOV).reported == {"100": old}
    assert loaded.entries[Key(SERVER, "100")].conference == anchored


async def test_reports_that_differ_from_the_entry_meet_it_again(store: Database) -> None:
    old, new = conference(topic="Old"), conference(topic="New")
    await record(
        store,
        arrival(old),
        changes(BROWN, reports=(old,)),
        arrival(new),
        arrival(old),
        changes(BROWN, reports=(new,)),
        changes(edits=(edit(new, sequence=3),), reports=(new,)),
    )

    loaded = await store.load()

    assert loaded.account(IVANOV).reported == loaded.account(BROWN).reported == {"100": new}
    assert loaded.entries[Key(SERVER, "100")].revision.sequence == 3


async def test_nul_characters_and_any_unicode_are_kept(store: Database) -> None:
    odd = replace(conference(topic="a\x00b\u202e\ufffe'%s:x"), owner="\x00", url="\x00")
    await record(store, arrival(odd))

    assert (await store.load()).account(IVANOV).reported == {"100": odd}
    assert "a\x00b\u202e\ufffe'%s:x" in bodies(await store.vevents("feed"))


async def test_a_list_of_10_000_conferences_is_one_record(store: Database) -> None:
    many = tuple(conference(str(number)) for number in range(10_000))
    await record(store, arrival(*many))

    loaded = await store.load()
    assert loaded.account(IVANOV).reported == {each.id: each for each in many}
    assert len(await store.vevents_of("feed", list(loaded.entries))) == 10_000

    await record(store, changes(departures=frozenset(each.id for each in many[1:])))

    assert await store.vevents("feed") == [rendered(edit(many[0]).entry, "feed")]
