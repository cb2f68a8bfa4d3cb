"""
When nothing but the arrival of a list is new.
"""

from dataclasses import replace

import pytest

from service.app.decisions import Decision
from service.core.changes import Changes
from service.core.conference import Key
from service.core.journal import Happening, JournalEntry
from tests.core.given import NOW, ROOM, SERVER

ARRIVED = Changes(ROOM, "lobby", NOW, 1)
KEYS = frozenset({Key(SERVER, "100")})


def test_a_list_that_changes_nothing_is_only_an_arrival() -> None:
    assert Decision(ARRIVED, ()).only_arrival


@pytest.mark.parametrize(
    "decision",
    [
        # What others report of the same conference may change before an arrival is recorded.
        Decision(replace(ARRIVED, contested=KEYS), ()),
        Decision(replace(ARRIVED, agreed=KEYS), ()),
        Decision(replace(ARRIVED, departures=frozenset({"100"})), ()),
        Decision(ARRIVED, (JournalEntry(NOW, Happening.SOURCE_UP),)),
    ],
    ids=["contested", "agreed", "departed", "journaled"],
)
def test_a_list_that_others_must_hear_of_is_more(decision: Decision) -> None:
    assert not decision.only_arrival
