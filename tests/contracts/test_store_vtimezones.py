"""
Replicas with zone data of two versions, one store: it keeps one VTIMEZONE for each zone.
"""

from dataclasses import replace

import pytest

from service.core.changes import Edit
from service.core.errors import StaleState
from service.core.state import State
from service.publishing.ports import Database
from tests.contracts.given import BROWN, arrival, changes, conference, edit, record

MOSCOW, OTHER = b"BEGIN:VTIMEZONE\r\nmoscow", b"BEGIN:VTIMEZONE\r\nother"


def by(vtimezone: bytes, id_: str, *, sequence: int = 0) -> Edit:
    """Return an edit whose VEVENT goes by a VTIMEZONE."""
    made = edit(conference(id_), sequence=sequence)
    return replace(
        made, vevents={name: replace(each, vtimezone=vtimezone) for name, each in made.vevents.items()}
    )


async def test_a_vevent_comes_back_with_the_vtimezone_it_was_written_by(store: Database) -> None:
    await record(store, replace(arrival(conference("100")), edits=(by(MOSCOW, "100"),)))

    assert [each.vtimezone for each in await store.vevents("feed")] == [MOSCOW]
    assert (await store.load()).vtimezones == {"Europe/Moscow": MOSCOW}


async def test_who_goes_by_other_rules_is_refused_and_learns_those_in_force(store: Database) -> None:
    known = await store.load()
    await record(store, replace(arrival(conference("100")), edits=(by(MOSCOW, "100"),)))

    other = replace(arrival(conference("200"), account=BROWN), edits=(by(OTHER, "200"),))
    with pytest.raises(StaleState):
        await store.record(other, version=known.version)

    assert (await store.load_changes(known)).vtimezones == {"Europe/Moscow": MOSCOW}
    assert [each.vtimezone for each in await store.vevents("feed")] == [MOSCOW]


async def test_only_another_rendering_brings_other_rules(store: Database) -> None:
    await record(store, replace(arrival(conference("100")), edits=(by(MOSCOW, "100"),)))
    version = await store.record_rendering("before", [by(MOSCOW, "100")], version=await store.version())

    with pytest.raises(StaleState):
        await store.record_rendering("before", [by(OTHER, "100", sequence=1)], version=version)
    await store.record_rendering("after", [by(OTHER, "100", sequence=1)], version=version)

    assert [each.vtimezone for each in await store.vevents("feed")] == [OTHER]
    assert (await store.load_changes(State(version))).vtimezones == {"Europe/Moscow": OTHER}


async def test_rules_stay_known_when_lists_change_nothing_of_them(store: Database) -> None:
    await record(store, replace(arrival(conference("100")), edits=(by(MOSCOW, "100"),)))
    known = await store.load()
    await record(store, changes(BROWN, reports=(conference("300"),), edits=(edit(conference("300")),)))

    assert (await store.load_changes(known)).vtimezones == {"Europe/Moscow": MOSCOW}
