"""
A conference leaves a calendar when several good lists lack it, and never on one list's word.
"""

from datetime import timedelta

import pytest

from service.core.conference import Rejection
from service.core.removal import RemovalRules
from service.core.revision import Policy, approve
from tests.core.given import DESK, ROOM, conference, many, once, room, weekly
from tests.core.story import Story

MINUTES = timedelta(minutes=1)
A_QUARTER = 15 * MINUTES
DOUBT = ("cnt says 3, the list has 2",)


def test_one_list_without_a_conference_removes_nothing() -> None:
    story = Story()
    first, second = many(2)
    story.hears(first, second)
    changes = story.hears(first, after=10 * MINUTES)

    assert not changes.departures
    assert story.members() == {"1", "2"}


def test_two_lists_a_quarter_of_an_hour_apart_remove_it() -> None:
    story = Story()
    first, second = many(2)
    story.hears(first, second)
    story.hears(first, after=10 * MINUTES)
    changes = story.hears(first, after=A_QUARTER)

    assert changes.departures == {"2"}
    assert story.members() == {"1"}
    assert not story.known().absences


def test_two_lists_in_quick_succession_do_not() -> None:
    story = Story()
    first, second = many(2)
    story.hears(first, second)
    story.hears(first, after=10 * MINUTES)

    assert not story.hears(first, after=A_QUARTER - timedelta(seconds=1)).departures
    assert story.hears(first, after=timedelta(seconds=1)).departures == {"2"}


def test_a_conference_that_is_back_starts_anew() -> None:
    story = Story()
    first, second = many(2)
    story.hears(first, second)
    story.hears(first, after=10 * MINUTES)
    back = story.hears(first, second, after=10 * MINUTES)

    assert back.absences == {"2": None}
    assert not story.hears(first, after=A_QUARTER).departures


def test_the_operator_may_ask_for_more_lists() -> None:
    story = Story(Policy(removal=RemovalRules(missing_lists=3)))
    first, second = many(2)
    story.hears(first, second)
    story.hears(first, after=A_QUARTER)

    assert not story.hears(first, after=A_QUARTER).departures
    assert story.hears(first, after=A_QUARTER).departures == {"2"}


# -- Lists that prove nothing


def test_a_doubtful_list_removes_nothing_however_often_it_comes() -> None:
    story = Story()
    first, second = many(2)
    story.hears(first, second)
    for _ in range(9):
        assert not story.hears(first, after=A_QUARTER, doubts=DOUBT).departures

    assert story.members() == {"1", "2"}


def test_a_doubtful_list_does_not_count_as_one_of_two() -> None:
    story = Story()
    first, second = many(2)
    story.hears(first, second)
    story.hears(first, after=A_QUARTER)
    story.hears(first, after=A_QUARTER, doubts=DOUBT)

    assert story.known().absences["2"].lists == 1
    assert story.hears(first, after=MINUTES).departures == {"2"}


def test_what_a_doubtful_list_does_hold_is_there() -> None:
    story = Story()
    first, second = many(2)
    story.hears(first, second)
    story.hears(first, after=A_QUARTER)
    story.hears(second, after=A_QUARTER, doubts=DOUBT)

    assert not story.known().absences


def test_a_rejected_conference_stays_as_it_was() -> None:
    story = Story()
    first, second = many(2)
    story.hears(first, second)
    before = story.entry("2")
    for _ in range(4):
        changes = story.hears(
            first, after=A_QUARTER, rejections=(Rejection("2", "schedule.start_time", "negative"),)
        )

        assert changes.empty

    assert story.entry("2") is before
    assert story.members() == {"1", "2"}


def test_a_conference_that_is_mentioned_but_rejected_is_back() -> None:
    story = Story()
    first, second = many(2)
    story.hears(first, second)
    story.hears(first, after=A_QUARTER)
    assert story.known().absences.keys() == {"2"}

    story.hears(first, after=A_QUARTER, rejections=(Rejection("2", "schedule.start_time", "negative"),))

    assert story.known().absences == {}


# -- Lists that would remove much


def lacking(story: Story, total: int, missing: int, *, weekly_ones: bool = False) -> None:
    conferences = many(total, weekly() if weekly_ones else once())
    story.hears(*conferences)
    story.hears(*conferences[missing:], after=A_QUARTER)


@pytest.mark.parametrize(
    ("total", "missing", "is_held"),
    [
        (12, 6, False),
        (11, 6, True),
        (9, 5, False),
        (6, 5, False),
        (100, 50, False),
        (100, 51, True),
        (1, 1, True),
        (3, 3, True),
    ],
)
def test_a_list_that_lacks_more_than_half_and_more_than_five_or_all_is_held(
    total: int, missing: int, *, is_held: bool
) -> None:
    story = Story()
    lacking(story, total, missing)

    assert bool(story.known().held) is is_held


def test_a_held_list_removes_nothing_and_says_what_it_would_remove() -> None:
    story = Story()
    lacking(story, 10, 7)
    held = story.known().held

    assert held
    assert held.missing == {"1", "2", "3", "4", "5", "6", "7"}
    assert (held.lists, held.upcoming, held.since) == (1, 10, story.now)
    assert len(story.members()) == 10


def test_two_lists_are_not_enough_for_a_held_one() -> None:
    story = Story()
    lacking(story, 10, 7)
    changes = story.hears(*many(10)[7:], after=A_QUARTER)

    assert not changes.departures
    assert changes.held_changed


def test_a_held_list_is_applied_when_three_agree_over_an_hour() -> None:
    story = Story()
    rest = many(10)[7:]
    lacking(story, 10, 7)
    story.hears(*rest, after=30 * MINUTES)
    assert not story.hears(*rest, after=29 * MINUTES).departures
    changes = story.hears(*rest, after=MINUTES)

    assert len(changes.departures) == 7
    assert story.known().held is None
    assert story.members() == {"8", "9", "10"}


def test_three_lists_that_do_not_agree_are_not_enough() -> None:
    story = Story()
    conferences = many(10)
    lacking(story, 10, 7)
    story.hears(*conferences[6:], after=40 * MINUTES)
    changes = story.hears(*conferences[7:], after=40 * MINUTES)

    assert not changes.departures
    assert story.known().held
    assert len(story.members()) == 10


def test_an_approved_list_is_applied_at_once() -> None:
    story = Story()
    lacking(story, 10, 7)
    changes = story.approves()

    assert changes.departures == {"1", "2", "3", "4", "5", "6", "7"}
    assert story.members() == {"8", "9", "10"}
    assert story.known().held is None
    assert not story.known().absences
    assert story.hears(*many(10)[7:], after=MINUTES).empty


def test_an_approval_is_for_what_the_last_good_list_lacked() -> None:
    story = Story()
    lacking(story, 10, 8)
    story.hears(*many(10)[7:], after=MINUTES)

    assert story.approves().departures == {"1", "2", "3", "4", "5", "6", "7"}


def test_an_approval_does_not_cover_what_a_doubtful_list_brought_back() -> None:
    story = Story()
    lacking(story, 10, 7)
    story.hears(conference("1", "Topic 1"), after=MINUTES, doubts=DOUBT)

    assert story.approves().departures == {"2", "3", "4", "5", "6", "7"}


def test_an_approval_leaves_arrival_and_count_as_they_were() -> None:
    story = Story()
    lacking(story, 10, 7)
    arrived = story.now
    story.approves()

    assert (story.known().list_at, story.known().count) == (arrived, 3)


def test_an_approval_leaves_the_source_as_it_was() -> None:
    story = Story()
    lacking(story, 10, 7)

    assert story.approves().source == "lobby"
    assert story.known().source == "lobby"


def test_where_nothing_is_held_there_is_nothing_to_approve() -> None:
    story = Story()
    assert approve(story.state, ROOM, story.policy, story.now) is None
    story.hears(conference())
    assert approve(story.state, ROOM, story.policy, story.now) is None


def test_a_full_list_ends_a_hold() -> None:
    story = Story()
    lacking(story, 10, 7)
    changes = story.hears(*many(10), after=A_QUARTER)

    assert changes.held is None
    assert changes.held_changed
    assert not story.known().absences


def test_a_doubtful_list_neither_ends_nor_prolongs_a_hold() -> None:
    story = Story()
    lacking(story, 10, 7)
    held = story.known().held
    changes = story.hears(after=2 * 60 * MINUTES, doubts=DOUBT)

    assert story.known().held == held
    assert not changes.held_changed
    assert not changes.departures


def test_additions_and_edits_of_a_held_list_still_apply() -> None:
    story = Story()
    conferences = many(10)
    story.hears(*conferences)
    edited, new = conference("10", "Renamed"), conference("11", "New")
    changes = story.hears(*conferences[7:9], edited, new, after=A_QUARTER)

    assert changes.held
    assert {edit.entry.key.id for edit in changes.edits} == {"10", "11"}
    assert story.entry("10").conference.topic == "Renamed"
    assert len(story.members()) == 11


def test_an_empty_list_is_held_whatever_it_would_remove() -> None:
    story = Story()
    story.hears(conference())
    story.hears(after=A_QUARTER)
    story.hears(after=A_QUARTER)

    assert story.known().held
    assert story.members() == {"100"}


def test_virtual_rooms_and_the_past_do_not_make_a_list_look_complete() -> None:
    # All that is upcoming is missing; what is left is a room and a meeting of last week.
    story = Story()
    past = conference("2", schedule=once("2026-09-28 09:00"))
    story.hears(conference("1"), past, room())
    story.hears(past, room(), after=A_QUARTER)

    held = story.known().held
    assert held
    assert held.missing == {"1"}
    assert held.upcoming == 1


def test_an_account_knows_only_its_own_removals() -> None:
    story = Story()
    first, second = many(2)
    story.hears(first, second)
    story.hears(first, second, account=DESK)
    story.hears(first, after=A_QUARTER)
    story.hears(first, after=A_QUARTER)

    assert story.members() == {"1"}
    assert story.members(DESK) == {"1", "2"}


# -- What has ended


def test_a_single_conference_that_has_ended_stays_though_lists_lack_it() -> None:
    story = Story()
    ended = conference("1", schedule=once("2026-10-05 08:00"))
    story.hears(ended, conference("2"))
    for _ in range(9):
        assert not story.hears(conference("2"), after=60 * MINUTES).departures

    assert story.members() == {"1", "2"}


def test_it_goes_when_it_was_kept_long_enough() -> None:
    story = Story(Policy(removal=RemovalRules(keep_ended=timedelta(days=7))))
    # Ends at 09:00, an hour after the first list.
    story.hears(conference("1", schedule=once("2026-10-05 08:00")), conference("2"))
    week = timedelta(days=7, hours=1)

    assert not story.hears(conference("2"), after=week).departures
    assert not story.hears(conference("2"), after=timedelta(seconds=1)).departures
    assert story.hears(conference("2"), after=A_QUARTER).departures == {"1"}


def test_a_list_that_is_held_does_not_take_what_was_kept_long_enough_either() -> None:
    story = Story(Policy(removal=RemovalRules(keep_ended=timedelta(days=7))))
    story.hears(conference("1", schedule=once("2026-09-05 08:00")), conference("2"))

    assert not story.hears(after=A_QUARTER).departures
    assert not story.hears(after=A_QUARTER).departures
    assert story.members() == {"1", "2"}


def test_a_hold_that_began_in_the_future_of_a_wrong_clock_does_not_last_until_then() -> None:
    story = Story()
    lacking(story, 10, 7)
    rest = many(10)[7:]
    story.hears(*rest, after=-timedelta(days=30))
    story.hears(*rest, after=30 * MINUTES)

    assert len(story.hears(*rest, after=30 * MINUTES).departures) == 7


def test_what_a_good_list_holds_stays_however_old_it_is() -> None:
    story = Story()
    old = conference("1", schedule=once("2020-01-01 08:00"))

    assert not story.hears(old).departures
    assert not story.hears(old, after=A_QUARTER).departures


def test_a_meeting_under_way_is_not_over() -> None:
    story = Story()
    running = conference("1", schedule=once("2026-10-05 07:45"))
    story.hears(running, conference("2"))
    story.hears(conference("2"), after=MINUTES)

    assert story.hears(conference("2"), after=A_QUARTER).departures == {"1"}


def test_at_its_very_end_a_meeting_is_over() -> None:
    story = Story()
    ending = conference("1", schedule=once("2026-10-05 07:15"))
    story.hears(ending, conference("2"))
    story.hears(conference("2"), after=A_QUARTER)

    assert story.known().absences["1"].lists == 0, "it stays, whatever lists lack"


def test_a_weekly_conference_never_ends() -> None:
    story = Story()
    story.hears(conference("1", schedule=weekly("2020-01-06 08:00")), conference("2"))
    story.hears(conference("2"), after=A_QUARTER)

    assert story.hears(conference("2"), after=A_QUARTER).departures == {"1"}


def test_a_virtual_room_goes_like_any_other() -> None:
    story = Story()
    story.hears(room(), conference("2"))
    story.hears(conference("2"), after=A_QUARTER)

    assert story.hears(conference("2"), after=A_QUARTER).departures == {"900"}


# -- Clocks


def test_a_clock_that_was_set_back_removes_nothing_early() -> None:
    story = Story()
    first, second = many(2)
    story.hears(first, second)
    story.hears(first, after=A_QUARTER)

    assert not story.hears(first, after=-60 * MINUTES).departures
    assert story.hears(first, after=A_QUARTER).departures == {"2"}


def test_meetings_that_end_while_a_list_is_held_do_not_restart_its_hour() -> None:
    story = Story()
    soon = [conference(f"{n}", schedule=once(f"2026-10-05 08:{n:02}")) for n in range(1, 4)]
    later = [conference(f"{n}") for n in range(4, 20)]
    story.hears(*soon, *later)
    rest = later[12:]
    story.hears(*rest, after=MINUTES)
    story.hears(*rest, after=65 * MINUTES)
    changes = story.hears(*rest, after=5 * MINUTES)

    assert changes.departures == {c.id for c in later[:12]}
