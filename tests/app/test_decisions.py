"""
When nothing but the arrival of a list is new, and which lists are decided about at once.
"""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from service.app.decisions import Decision, is_quick
from service.core.changes import Changes
from service.core.conference import Invitation, Key
from service.core.journal import Happening, JournalEntry
from tests.core.given import NOW, ROOM, SERVER, conference, listed
from tests.core.story import Story

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


@pytest.mark.parametrize(
    ("known", "heard", "quick"),
    [
        (range(64), range(64), True),
        (range(64), range(63), True),
        (range(64), range(1, 65), False),
        ((), (1,), False),
    ],
    ids=["the same", "one gone", "one new", "a first list"],
)
def test_a_short_list_without_new_conferences_is_quick(
    known: Iterable[int], heard: Iterable[int], *, quick: bool
) -> None:
    story = Story()
    story.hears(*(conference(str(number)) for number in known))

    assert is_quick(story.state, listed(*(conference(str(number)) for number in heard))) == quick


@pytest.mark.parametrize("kept", [65, 10], ids=["long", "long before"])
def test_a_list_that_is_long_or_was_long_before_is_not_quick(kept: int) -> None:
    story, all_of_them = Story(), [conference(str(number)) for number in range(65)]
    story.hears(*all_of_them)

    assert not is_quick(story.state, listed(*all_of_them[:kept]))


def test_a_short_list_of_crowds_is_not_quick() -> None:
    crowd = tuple(Invitation(f"user{number}", "") for number in range(1001))
    story, meeting = Story(), replace(conference(), invitations=crowd)
    story.hears(meeting)

    assert not is_quick(story.state, listed(meeting))
