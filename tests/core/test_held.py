"""
A held list as people see it: what it would remove, with the next dates, and when it is applied by itself.
"""

from dataclasses import replace
from datetime import timedelta

from service.core.held import HeldList, Leaving, list_held
from service.core.occurrences import find_next
from service.core.revision import keep
from service.core.schedule import Unscheduled
from tests.core.given import DESK, ROOM, conference, listed, once
from tests.core.story import Story

SOON, LATER = once("2026-10-07 09:00"), once("2026-11-02 09:00")


def held(story: Story) -> list[HeldList]:
    return list_held(story.state, story.policy, lambda entry: find_next(entry, story.policy, story.now))


def shortened() -> Story:
    story = Story()
    story.hears(
        conference("30", "Review", LATER),
        conference("4", "Review", LATER),
        conference("200", "Stand-up", SOON),
    )
    story.hears(after=timedelta(minutes=10))
    return story


def test_what_would_leave_is_listed_the_soonest_first_and_then_by_id() -> None:
    story = shortened()

    (only,) = held(story)

    assert only.leaving == (
        Leaving("200", "Stand-up", SOON.start),
        Leaving("4", "Review", LATER.start),
        Leaving("30", "Review", LATER.start),
    )
    assert (only.account, only.since, only.upcoming, only.lists) == (str(ROOM), story.now, 3, 1)


def test_it_is_applied_by_itself_once_it_was_held_for_long_enough() -> None:
    story = shortened()

    (only,) = held(story)

    assert (only.kept, only.applied_at) == (False, story.now + story.policy.removal.hold_for)


def test_what_was_decided_to_be_kept_is_never_applied_by_itself() -> None:
    story = shortened()
    changes = keep(story.state, ROOM)
    assert changes
    story.state = story.state.after(changes, listed(at=story.now), story.state.version + 1)

    (only,) = held(story)

    assert (only.kept, only.applied_at) == (True, None)


def test_lists_are_ordered_by_account_and_those_that_are_not_held_are_left_out() -> None:
    story = shortened()
    story.hears(conference("500", schedule=SOON), account=DESK)
    assert [each.account for each in held(story)] == [str(ROOM)]

    story.hears(account=DESK, after=timedelta(minutes=10))

    assert [each.account for each in held(story)] == sorted([str(DESK), str(ROOM)])


def test_what_nothing_else_is_known_of_is_named_by_its_id_and_what_has_no_date_comes_last() -> None:
    story = shortened()
    known = story.state.entries
    key = next(each for each in known if each.id == "200")
    gone = {each: entry for each, entry in known.items() if each.id != "30"}
    gone[key] = replace(known[key], conference=replace(known[key].conference, schedule=Unscheduled()))
    story.state = replace(story.state, entries=type(known)(gone))

    (only,) = held(story)

    assert only.leaving == (
        Leaving("4", "Review", LATER.start),
        Leaving("30", "30"),
        Leaving("200", "Stand-up"),
    )
