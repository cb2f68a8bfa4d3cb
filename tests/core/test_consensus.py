"""
Whose word counts, where several accounts tell of one conference.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.core.conference import Account, Conference, Key
from service.core.revision import Policy
from service.core.schedule import Unscheduled, Weekday
from service.core.vevent import Rendering
from tests.core.given import DESK, HOUR, MOSCOW, ROOM, SERVER, conference, listed, once, room, weekly
from tests.core.story import Story

MINUTE = timedelta(minutes=1)
A_QUARTER = 15 * MINUTE
ANNEX = Account("annex", SERVER)
BROWN = Account("Brown", SERVER)
"""The owner of the tests' conferences, `brown`."""

EARLY, LATE = conference(schedule=once("2026-11-02 09:00")), conference(schedule=once("2026-11-02 11:00"))


def begin() -> Story:
    return Story(Policy(default=Rendering(MOSCOW)))


def topic(story: Story) -> str:
    return story.entry("100").conference.topic


def hour(story: Story) -> int:
    schedule = story.entry("100").conference.schedule
    assert not isinstance(schedule, Unscheduled)
    return schedule.start.hour


def alternate(
    story: Story, *told: tuple[Account, Conference], times: int = 3, after: timedelta = 8 * MINUTE
) -> None:
    for _ in range(times):
        for account, each in told:
            story.hears(each, account=account, after=after)


def test_the_newest_change_counts_while_others_may_be_behind() -> None:
    story = begin()
    story.hears(EARLY, account=BROWN)
    story.hears(EARLY, account=ROOM)
    story.hears(LATE, account=ROOM, after=MINUTE)
    story.hears(EARLY, account=BROWN, after=14 * MINUTE)

    assert hour(story) == 11


def test_after_that_the_owner_s_account_counts() -> None:
    story = begin()
    story.hears(EARLY, account=BROWN)
    story.hears(LATE, account=ROOM, after=MINUTE)
    assert hour(story) == 11

    (edit,) = story.hears(EARLY, account=BROWN, after=A_QUARTER).edits

    assert hour(story) == 9
    assert edit.entry.revision.sequence == 2
    assert not story.hears(LATE, account=ROOM, after=MINUTE).edits
    assert hour(story) == 9


def test_an_owner_that_was_not_heard_since_says_nothing() -> None:
    story = begin()
    story.hears(EARLY, account=BROWN)
    story.hears(LATE, account=ROOM, after=MINUTE)
    for _ in range(5):
        story.hears(LATE, account=ROOM, after=10 * MINUTE)

    assert hour(story) == 11


def test_without_the_owner_most_accounts_count() -> None:
    story = begin()
    alternate(story, (ROOM, EARLY), (ANNEX, EARLY), (DESK, LATE))

    assert hour(story) == 9


def test_of_as_many_the_newest_change_counts() -> None:
    story = begin()
    alternate(story, (ROOM, EARLY), (DESK, LATE))

    assert hour(story) == 11
    story.hears(replace(EARLY, topic="Renamed"), account=ROOM, after=MINUTE)
    alternate(story, (DESK, LATE), (ROOM, replace(EARLY, topic="Renamed")))
    assert hour(story) == 9


def test_agreement_ends_a_dispute() -> None:
    story = begin()
    alternate(story, (BROWN, EARLY), (DESK, LATE))
    assert story.state.contested == {Key(SERVER, "100")}

    alternate(story, (BROWN, LATE), (DESK, LATE))

    assert hour(story) == 11
    assert not story.state.contested


@pytest.mark.parametrize("owner", [BROWN, ROOM])
def test_no_report_unschedules_what_another_account_lists_as_scheduled(owner: Account) -> None:
    story = begin()
    none = replace(room("100"), topic="Planning")
    alternate(story, (DESK, EARLY), (owner, none))

    assert hour(story) == 9
    assert "100" in story.members(owner)
    assert story.state.entries[Key(SERVER, "100")].fingerprint


def test_once_all_unschedule_it_it_is_unscheduled() -> None:
    story = begin()
    none = replace(room("100"), topic="Planning")
    alternate(story, (DESK, EARLY), (ROOM, EARLY), times=1)
    story.hears(none, account=DESK, after=MINUTE)
    story.hears(none, account=ROOM, after=MINUTE)

    assert story.entry("100").conference.schedule == Unscheduled()


def test_an_account_that_is_long_silent_does_not_keep_a_schedule_alive() -> None:
    story = begin()
    none = replace(room("100"), topic="Planning")
    alternate(story, (DESK, EARLY), (ROOM, EARLY), times=1)
    story.hears(none, account=ROOM, after=timedelta(days=8))

    assert story.entry("100").conference.schedule == Unscheduled()


def test_the_next_occurrence_of_a_series_is_no_other_word() -> None:
    story = begin()
    first = conference(schedule=weekly("2026-10-05 07:00", Weekday.MO))
    later = conference(schedule=weekly("2026-10-12 07:00", Weekday.MO))
    alternate(story, (ROOM, first), (DESK, later))

    assert story.entry("100").revision.sequence == 0
    assert not story.state.contested


def test_what_one_account_no_longer_lists_is_what_the_other_tells() -> None:
    story = begin()
    others = [conference(str(number)) for number in range(1, 9)]
    for account, each in ((BROWN, EARLY), (DESK, LATE)):
        story.hears(each, *others, account=account, after=HOUR)
    story.hears(EARLY, *others, account=BROWN, after=A_QUARTER)
    assert hour(story) == 9

    for _ in range(3):
        story.hears(*others, account=BROWN, after=A_QUARTER)

    assert "100" not in story.members(BROWN)
    assert hour(story) == 11


def test_a_list_older_than_the_last_one_of_its_account_changes_nothing() -> None:
    story = begin()
    story.hears(EARLY)
    before = story.state
    story.now -= MINUTE
    changes = story.hears(LATE)

    assert changes.older
    assert changes.empty
    assert story.state is before


def test_a_recorded_list_may_be_older_by_any_time_and_a_clock_that_was_set_back_may_not() -> None:
    story = begin()
    story.hears(EARLY)
    snapshot = replace(listed(LATE, at=story.now - HOUR), recorded=True)

    assert story.records(snapshot).older
    assert not story.records(replace(snapshot, recorded=False)).older


def settle(story: Story, *told: Conference, account: Account, times: int = 3) -> None:
    for _ in range(times):
        story.hears(*told, account=account, after=A_QUARTER)


OTHERS = [conference(f"other{number}", schedule=once("2027-01-11 09:00")) for number in range(1, 9)]


def test_an_account_that_no_longer_lists_what_has_ended_does_not_tell_of_it() -> None:
    story = begin()
    ended = conference(schedule=once("2026-10-05 06:00"))
    for account in (BROWN, DESK):
        story.hears(ended, *OTHERS, account=account)
    settle(story, *OTHERS, account=BROWN)
    moved = conference(schedule=once("2026-11-02 11:00"))
    for _ in range(4):
        story.hears(moved, *OTHERS, account=DESK, after=A_QUARTER)
        story.hears(*OTHERS, account=BROWN, after=MINUTE)

    assert hour(story) == 11
    assert "100" not in story.members(BROWN), "it does not list the new date"
    assert len([key for key in story.known(BROWN).closed if key.id == "100"]) == 1


def test_what_ended_stays_by_what_the_calendar_shows_and_not_by_what_the_account_told() -> None:
    story = begin()
    ended, coming = (
        conference(schedule=once("2026-10-05 06:00")),
        conference(schedule=once("2026-11-02 11:00")),
    )
    story.hears(ended, *OTHERS, account=ROOM)
    for _ in range(2):
        story.hears(coming, *OTHERS, account=BROWN, after=A_QUARTER)
    settle(story, *OTHERS, account=ROOM)

    assert "100" not in story.members(ROOM)
    assert hour(story) == 11


def test_a_clock_that_was_set_back_does_not_let_a_change_be_the_newest_until_it_has_caught_up() -> None:
    story = begin()
    story.hears(EARLY, account=BROWN)
    story.hears(LATE, account=DESK, after=MINUTE)
    story.now -= timedelta(days=30)
    for _ in range(3):
        story.hears(LATE, account=DESK, after=8 * MINUTE)
        story.hears(EARLY, account=BROWN, after=8 * MINUTE)

    assert hour(story) == 9


def test_what_an_account_lists_again_is_what_it_tells() -> None:
    story = begin()
    for account, each in ((ROOM, EARLY), (DESK, LATE)):
        story.hears(each, *OTHERS, account=account, after=MINUTE)
    story.hears(*OTHERS, account=DESK, after=MINUTE)
    story.hears(*OTHERS, account=ROOM, after=MINUTE)
    story.hears(*OTHERS, account=DESK, after=A_QUARTER)
    assert "100" not in story.members(DESK)

    story.hears(EARLY, *OTHERS, account=ROOM, after=MINUTE)

    assert hour(story) == 9
