"""
What every journal promises.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.core.conference import Key
from service.core.errors import StaleState
from service.core.journal import MOST_TEXT, FieldChange, Happening, JournalEntry, JournalQuery
from service.core.ports import FeedRecord
from service.core.strip import CONFCAL, SLOT, SLOTS, slot_of
from service.publishing.ports import Database
from tests.contracts.given import IVANOV, LATER, NOON, SERVER, OpenStore, arrival, changes, conference, record

ADDED = JournalEntry(
    NOON,
    Happening.CONFERENCE_ADDED,
    source="lobby",
    account=str(IVANOV),
    server=SERVER,
    conference_id="100",
    topic="Planning\x00 with Ånna",
    fields=(FieldChange("people", "", "Anna Brown"),),
)
DOWN = JournalEntry(LATER, Happening.SOURCE_DOWN, source="annex", note="no answer within 10 s")
ROTATED = JournalEntry(LATER, Happening.LINK_ROTATED, calendar="board")


def unnumbered(entries: list[JournalEntry]) -> list[JournalEntry]:
    return [replace(each, number=0) for each in entries]


async def read(store: Database, **asked: Any) -> list[JournalEntry]:
    return unnumbered(await store.journal.read(JournalQuery(**asked)))


async def test_entries_are_read_as_they_were_written_the_newest_first(store: Database) -> None:
    await store.journal.write([ADDED, DOWN])

    assert await read(store) == [DOWN, ADDED]


async def test_the_last_news_of_each_source_are_read_at_once(store: Database) -> None:
    up = replace(DOWN, event=Happening.SOURCE_UP, note="")
    hall = replace(DOWN, source="hall")
    await store.journal.write([DOWN, hall, up, replace(ADDED, source="hall"), ROTATED])

    last = await store.journal.read_last(frozenset({Happening.SOURCE_DOWN, Happening.SOURCE_UP}))

    assert {source: replace(entry, number=0) for source, entry in last.items()} == {"annex": up, "hall": hall}


async def test_an_entry_is_written_with_the_list_that_it_tells_of(store: Database) -> None:
    version = await store.record(arrival(conference("100")), version=0, journal=[ADDED])

    assert (version, await read(store)) == (1, [ADDED])


async def test_an_entry_is_written_though_the_list_changes_nothing(store: Database) -> None:
    await store.record(changes(), version=0, journal=[DOWN])

    assert await read(store) == [DOWN]


async def test_the_half_hours_of_lists_are_kept_with_them_and_those_of_yesterday_go(store: Database) -> None:
    version = await store.record(arrival(conference("100")), version=0)
    await store.record(changes(), version=version)
    assert await store.journal.read_heard() == {"lobby": frozenset({slot_of(NOON)})}

    await store.journal.note_running(NOON)
    await store.journal.note_running(NOON)
    assert (await store.journal.read_heard())[CONFCAL] == {slot_of(NOON)}

    following = NOON + SLOTS * SLOT
    await store.journal.note_running(following)
    assert await store.journal.read_heard() == {CONFCAL: frozenset({slot_of(following)})}


async def test_a_list_that_cannot_be_recorded_leaves_no_entry(store: Database) -> None:
    with pytest.raises(StaleState):
        await store.record(arrival(conference("100")), version=7, journal=[ADDED])

    assert await read(store) == []


async def test_an_entry_is_written_with_the_rotation_that_it_tells_of(store: Database) -> None:
    await store.record_feed("board", FeedRecord(1), journal=[ROTATED])

    assert await store.rotations() == {"board": 1}
    assert await read(store) == [ROTATED]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"source": "annex"}, [DOWN]),
        ({"account": str(IVANOV)}, [ADDED]),
        ({"server": SERVER, "conference_id": "100"}, [ADDED]),
        ({"server": "other.example", "conference_id": "100"}, []),
        ({"calendar": "board"}, [ROTATED]),
        ({"target": "cloud"}, []),
        ({"events": frozenset({Happening.SOURCE_DOWN, Happening.LINK_ROTATED})}, [ROTATED, DOWN]),
        ({"since": LATER}, [ROTATED, DOWN]),
        ({"until": LATER}, [ADDED]),
        ({"limit": 1}, [ROTATED]),
    ],
)
async def test_entries_are_filtered(
    store: Database, asked: dict[str, object], found: list[JournalEntry]
) -> None:
    await store.journal.write([ADDED, DOWN, ROTATED])

    assert await read(store, **asked) == found


async def test_pages_follow_one_another_without_a_gap_though_entries_arrive(store: Database) -> None:
    await store.journal.write([replace(DOWN, note=str(number)) for number in range(5)])
    first = await store.journal.read(JournalQuery(limit=2))
    await store.journal.write([ADDED])

    second = await store.journal.read(JournalQuery(limit=2, before=first[-1].number))

    assert [each.note for each in [*first, *second]] == ["4", "3", "2", "1"]


async def test_a_follower_sees_each_entry_once_in_order(store: Database) -> None:
    await store.journal.write([ADDED])
    seen = await store.journal.last_number()
    await store.journal.write([DOWN, ROTATED])

    assert unnumbered(await store.journal.read_after(seen, 1)) == [DOWN]
    assert unnumbered(await store.journal.read_after(seen, 100)) == [DOWN, ROTATED]


async def test_no_number_is_given_twice_though_all_entries_were_dropped(store: Database) -> None:
    await store.journal.write([ADDED])
    before = await store.journal.last_number()
    await store.journal.prune(LATER)
    await store.journal.write([DOWN])

    assert await store.journal.last_number() > before


async def test_old_entries_are_dropped(store: Database) -> None:
    await store.journal.write([ADDED, DOWN])

    assert await store.journal.prune(LATER) == 1
    assert await read(store) == [DOWN]


async def test_a_listener_is_told_of_entries_after_they_can_be_read(store: Database) -> None:
    calls: list[int] = []
    store.journal.listen(lambda: calls.append(1))

    await store.journal.write([])
    assert calls == []
    await store.record(arrival(conference("100")), version=0, journal=[ADDED])
    assert calls == [1]


async def test_long_texts_are_cut(store: Database) -> None:
    await store.journal.write(
        [replace(ADDED, topic="x" * 10_000, fields=(FieldChange("people", "y" * 9_999),))]
    )

    (found,) = await read(store)

    assert (len(found.topic), len(found.fields[0].before)) == (MOST_TEXT, MOST_TEXT)


async def test_purging_a_conference_takes_its_words_out_of_the_journal(store: Database) -> None:
    await record(store, arrival(conference("100"), conference("200")), changes(departures=frozenset({"100"})))
    await store.journal.write([ADDED, replace(ADDED, conference_id="200")])

    assert await store.purge(LATER + timedelta(days=400)) == 1

    kept, blank = await read(store)
    assert kept == replace(ADDED, conference_id="200")
    assert (blank.topic, blank.fields, blank.conference_id) == ("", (), "100")
    assert (await store.load()).entries.keys() == {Key(SERVER, "200")}


async def test_forgetting_an_account_takes_its_name_out_of_the_journal(store: Database) -> None:
    await record(store, changes())
    await store.journal.write([ADDED, replace(ROTATED, calendar=str(IVANOV)), DOWN])

    assert await store.purge_accounts(LATER + timedelta(days=400)) == 1

    down, rotated, added = await read(store)
    assert (down, rotated.calendar, added.account, added.topic) == (DOWN, "", "", "")


async def test_another_process_reads_what_one_wrote(sql_store: OpenStore) -> None:
    await (await sql_store()).journal.write([ADDED])

    assert await read(await sql_store()) == [ADDED]


async def test_what_is_remembered_is_written_with_its_entries(store: Database) -> None:
    assert await store.journal.recall("journal.version") == ""
    await store.journal.remember("journal.version", "1.0", [DOWN])
    await store.journal.remember("journal.version", "1.1")

    assert await store.journal.recall("journal.version") == "1.1"
    assert await read(store) == [DOWN]


async def test_a_parked_resource_is_told_with_its_row(store: Database) -> None:
    parked = JournalEntry(LATER, Happening.TARGET_PARKED, target="cloud", note="403")
    await store.ledger.record_publications("cloud", [], journal=[parked])
    await store.ledger.write_journal([replace(parked, event=Happening.TARGET_REFUSED)])

    assert await read(store, target="cloud") == [replace(parked, event=Happening.TARGET_REFUSED), parked]
