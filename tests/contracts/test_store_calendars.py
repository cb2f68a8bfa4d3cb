"""
What every Store gives to calendars and remembers of them.
"""

import pytest

from service.core.conference import Key
from service.core.errors import StaleState
from service.core.ports import FeedRecord
from service.core.schedule import Unscheduled
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


async def test_one_conference_in_two_accounts_is_one_vevent(store: Database) -> None:
    await record(store, arrival(conference()), changes(BROWN, reports=(conference(),)))

    assert len(await store.vevents("feed")) == 1
    assert await store.vevents("feed", IVANOV) == await store.vevents("feed", BROWN)
    assert await store.vevents("feed") == await store.vevents("feed", BROWN)


async def test_an_edit_replaces_the_vevents_of_every_variant(store: Database) -> None:
    first = edit(conference(), variants="feed caldav")
    await record(store, changes(edits=(first,), reports=(conference(),)))
    assert "(caldav)" in bodies(await store.vevents("caldav"))

    await record(store, changes(edits=(edit(conference(topic="Moved")),)))

    assert "Moved (feed)" in bodies(await store.vevents("feed"))
    assert await store.vevents("caldav") == []


async def test_a_conference_that_loses_its_schedule_has_no_vevent(store: Database) -> None:
    room = conference(schedule=Unscheduled())
    await record(store, arrival(conference()), changes(edits=(edit(room, variants=""),), reports=(room,)))

    assert await store.vevents("feed") == []
    assert (await store.load()).account(IVANOV).reported == {"100": room}


async def test_vevents_are_ordered_by_uid(store: Database) -> None:
    ids = ["b", "B", "a-1", "a1", "_", "10", "9"]
    await record(store, arrival(*(conference(id_) for id_ in ids)))

    expected = [f"uid-{SERVER}-{id_}" for id_ in sorted(ids)]
    assert [vevent.uid for vevent in await store.vevents("feed")] == expected
    assert [vevent.uid for vevent in await store.vevents("feed", IVANOV)] == expected
    keys = [Key(SERVER, id_) for id_ in ids]
    assert [vevent.uid for vevent in await store.vevents_of("feed", keys)] == expected


async def test_chosen_vevents_come_once_and_only_where_they_exist(store: Database) -> None:
    await record(store, arrival(conference("100"), conference("200")))
    chosen = [Key(SERVER, "200"), Key(SERVER, "200"), Key(SERVER, "300"), Key("other", "100")]

    assert await store.vevents_of("feed", chosen) == [rendered(edit(conference("200")).entry, "feed")]
    assert await store.vevents_of("feed", []) == []
    assert await store.vevents_of("unknown", chosen) == []


async def test_a_change_of_settings_replaces_vevents(store: Database) -> None:
    await record(store, arrival(conference("100"), conference("200")))
    again = edit(conference("100", topic="Neu"), sequence=1)

    assert await store.record_rendering("digest", [again], version=1) == 2

    loaded = await store.load()
    assert await store.rendering() == "digest"
    assert loaded.version == await store.version() == 2
    assert loaded.entries[Key(SERVER, "100")] == again.entry
    assert loaded.account(IVANOV).reported["100"] == conference("100")
    assert [vevent.body for vevent in await store.vevents("feed")] == [
        again.vevents["feed"].body,
        rendered(edit(conference("200")).entry, "feed").body,
    ]


async def test_a_change_of_settings_without_edits_is_remembered(store: Database) -> None:
    assert await store.record_rendering("digest", [], version=0) == 1
    assert await store.rendering() == "digest"


async def test_a_change_of_settings_for_another_version_is_refused(store: Database) -> None:
    await record(store, arrival(conference()))
    before = await store.load()

    with pytest.raises(StaleState):
        await store.record_rendering("digest", [edit(conference(topic="Neu"))], version=0)

    assert await store.load() == before
    assert await store.rendering() == ""
    assert "Neu" not in bodies(await store.vevents("feed"))


async def test_feeds_are_remembered_by_name(store: Database) -> None:
    served = FeedRecord(0, "abc", NOON)
    await store.record_feed("all", FeedRecord())
    await store.record_feed("ivanov@video.example.org", FeedRecord(2))
    await store.record_feed("all", served)

    assert await store.feeds() == {"all": served, "ivanov@video.example.org": FeedRecord(2)}
    assert await store.version() == 0


async def test_who_serves_the_old_generation_does_not_undo_a_rotation(store: Database) -> None:
    await store.record_feed("all", FeedRecord(0, "abc", NOON))
    await store.record_feed("all", FeedRecord(1, "abc", NOON))
    await store.record_feed("all", FeedRecord(0, "def", LATER))

    assert await store.feeds() == {"all": FeedRecord(1, "def", LATER)}
