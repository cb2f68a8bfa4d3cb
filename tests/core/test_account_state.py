"""
What is known after a list is what was known before it and what it changed.
"""

from datetime import timedelta

from service.core.account_state import Absence, AccountState
from service.core.changes import Changes
from service.core.conference import Account
from service.core.state import State
from tests.core.given import DESK, NOW, ROOM, SERVER, conference, listed, many
from tests.core.story import Story

A_MINUTE = timedelta(minutes=1)
A_QUARTER = timedelta(minutes=15)


def test_an_account_that_was_never_heard_of_has_nothing() -> None:
    known = State().account(ROOM)

    assert known.account == ROOM
    assert (known.reported, known.absences, known.held, known.list_at) == ({}, {}, None, None)


def test_a_list_is_remembered_with_its_arrival_and_its_source() -> None:
    story = Story()
    story.hears(conference())

    assert story.known().list_at == NOW
    assert story.known().source == "lobby"
    assert story.known().reported == {"100": conference()}
    assert story.state.version == 1


def test_the_list_of_one_account_leaves_the_others_as_they_were() -> None:
    story = Story()
    story.hears(conference(), account=DESK)
    before = story.known(DESK)
    story.hears(conference("2"))

    assert story.known(DESK) is before


def test_the_latest_report_is_kept_as_the_very_object_that_arrived() -> None:
    # The decoder gives the same object for the same bytes: the next comparison is one of identities.
    story = Story()
    story.hears(conference())
    arrived = conference()
    story.hears(arrived, after=A_QUARTER)

    assert story.known().reported["100"] is arrived


def test_absences_begin_grow_and_end() -> None:
    story = Story()
    first, second, third = many(3)
    story.hears(first, second, third)
    story.hears(first, second, after=A_QUARTER)
    assert story.known().absences == {"3": Absence(1, NOW + A_QUARTER)}
    story.hears(first, second, third, after=A_QUARTER)
    assert story.known().absences == {}


def test_what_departs_takes_its_absence_along_but_not_its_entry() -> None:
    story = Story()
    first, second = many(2)
    story.hears(first, second)
    story.hears(first, after=A_QUARTER)
    story.hears(first, after=A_QUARTER)

    assert set(story.known().reported) == {"1"}
    assert story.known().absences == {}
    assert len(story.state.entries) == 2


def test_changes_without_any_difference_are_empty() -> None:
    changes = Changes(ROOM, "lobby", NOW, 0)

    assert changes.empty
    assert not changes.visible


def test_an_absence_is_written_down_though_nobody_sees_it() -> None:
    changes = Changes(ROOM, "lobby", NOW, 0, absences={"1": Absence(1, NOW)})

    assert not changes.empty
    assert not changes.visible


def test_a_hold_is_written_down_though_nobody_sees_it() -> None:
    story = Story()
    story.hears(conference())
    changes = story.hears(after=A_QUARTER)

    assert changes.held_changed
    assert not changes.empty
    assert not changes.visible


def test_a_state_is_not_changed_by_what_follows_it() -> None:
    story = Story()
    story.hears(conference())
    before = story.state
    story.records(listed(conference(topic="Renamed"), at=NOW + A_QUARTER))

    assert before.account(ROOM).reported == {"100": conference()}
    assert next(iter(before.entries.values())).conference.topic == "Planning"


def test_the_last_account_of_a_source_is_the_one_whose_list_came_last() -> None:
    state = State().replace_accounts(
        AccountState(account, list_at=NOW + minutes * A_MINUTE, source=source)
        for account, minutes, source in [
            (ROOM, 2, "lobby"),
            (DESK, 1, "lobby"),
            (Account("hall", SERVER), 3, "hall"),
        ]
    )

    assert state.latest_from("lobby") == state.account(ROOM)
    assert state.latest_from("attic") is None


def test_an_account_is_spelled_as_it_is_known() -> None:
    known, other = Account("Ivanov", SERVER), Account("ivanov", "elsewhere.example.org")
    state = State().replace_accounts(AccountState(each, list_at=NOW) for each in (known, other))

    assert state.normalize(Account("IVANOV", SERVER)) == known
    assert state.normalize(ROOM) == ROOM


def test_accounts_that_are_known_under_two_spellings_stay_two() -> None:
    first, second = Account("Ivanov", SERVER), Account("ivanov", SERVER)
    state = State().replace_accounts(
        [AccountState(first, list_at=NOW), AccountState(second, list_at=NOW + A_MINUTE)]
    )

    assert [state.normalize(each) for each in (first, second)] == [first, second]
    assert state.normalize(Account("IVANOV", SERVER)) == second
