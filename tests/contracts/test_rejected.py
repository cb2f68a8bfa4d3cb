from dataclasses import replace
from datetime import timedelta

from service.core.rejected import RejectedInput
from service.publishing.ports import Database
from tests.contracts.given import LATER, NOON, arrival, changes, conference, record

FRAME = RejectedInput("lobby", "", "", "frame", "no valid JSON at byte 3", b'{"a', NOON, NOON)
CONFERENCE = RejectedInput(
    "lobby", "ivanov@video.example.com", "100", "schedule.days", "missing", b'{"id":"100"}', NOON, NOON
)
LONG_AGO = NOON - timedelta(days=30)


async def keep(store: Database, *inputs: RejectedInput, most: int = 100) -> list[RejectedInput]:
    await store.record_rejected(inputs, keep=most, since=LONG_AGO)
    return await store.load_rejected()


async def test_rejected_input_is_kept_with_its_reason_and_a_number_the_newest_first(store: Database) -> None:
    kept = await keep(store, CONFERENCE, replace(FRAME, first_at=LATER, last_at=LATER))

    assert [replace(each, number=0) for each in kept] == [
        replace(FRAME, first_at=LATER, last_at=LATER),
        CONFERENCE,
    ]
    assert kept[0].number > kept[1].number > 0


async def test_the_same_input_again_is_counted_and_keeps_its_number(store: Database) -> None:
    (before,) = await keep(store, CONFERENCE)

    (after,) = await keep(store, replace(CONFERENCE, first_at=LATER, last_at=LATER))

    assert after == replace(before, last_at=LATER, times=2)


async def test_the_same_input_is_counted_as_often_as_it_came(store: Database) -> None:
    await keep(store, replace(CONFERENCE, last_at=LATER, times=3))

    (after,) = await keep(store, replace(CONFERENCE, times=4))

    # What is written late does not make it older.
    assert (after.times, after.last_at) == (7, LATER)


async def test_other_bytes_or_another_field_are_another_input(store: Database) -> None:
    kept = await keep(store, CONFERENCE, replace(CONFERENCE, raw=b"{}"), replace(CONFERENCE, field="id"))

    assert len(kept) == 3


async def test_only_the_newest_are_kept(store: Database) -> None:
    inputs = [
        replace(FRAME, raw=bytes([number]), last_at=NOON + timedelta(seconds=number)) for number in range(9)
    ]

    kept = await keep(store, *inputs, most=4)

    assert [each.raw for each in kept] == [b"\x08", b"\x07", b"\x06", b"\x05"]


async def test_old_input_is_dropped(store: Database) -> None:
    await keep(store, FRAME)

    await store.record_rejected([], keep=100, since=LATER)

    assert await store.load_rejected() == []


async def test_input_of_any_octets_is_kept_as_it_is(store: Database) -> None:
    (kept,) = await keep(store, replace(FRAME, raw=bytes(range(256))))

    assert kept.raw == bytes(range(256))


async def test_one_input_can_be_forgotten(store: Database) -> None:
    first, _ = await keep(store, FRAME, CONFERENCE)

    await store.forget_rejected(first.number)

    assert [each.number for each in await store.load_rejected()] != [first.number]
    assert len(await store.load_rejected()) == 1


async def test_purging_forgets_what_is_in_no_calendar_and_old(store: Database) -> None:
    await record(store, arrival(conference("100"), conference("200")), changes(departures=frozenset({"100"})))

    assert await store.purge(NOON) == 0
    assert await store.purge(LATER + timedelta(days=400)) == 1

    assert [key.id for key in (await store.load()).entries] == ["200"]


async def test_purging_is_seen_by_other_processes_as_a_new_version(store: Database) -> None:
    await record(store, arrival(conference("100")), changes(departures=frozenset({"100"})))
    before = await store.version()

    await store.purge(LATER + timedelta(days=400))

    assert (await store.version(), (await store.load()).version) == (before + 1, before + 1)


async def test_one_input_is_found_by_its_number(store: Database) -> None:
    first, second = await keep(store, CONFERENCE, FRAME)

    assert await store.load_rejected(number=first.number) == [first]
    assert await store.load_rejected(number=first.number + second.number) == []
