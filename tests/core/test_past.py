"""
What took place stays: an edit closes the past part of a schedule, and the live part begins after it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.core.account_state import Entry
from service.core.changes import Changes
from service.core.conference import Conference, Key
from service.core.occurrences import occurrences
from service.core.removal import RemovalRules
from service.core.rerender import move_on_old, rerender
from service.core.revision import Policy
from service.core.schedule import Schedule, Unscheduled, Weekday, Weekly
from service.core.vevent import Rendering, uid_of
from tests.core.given import DESK, HOUR, MOSCOW, ROOM, SERVER, at, conference, once, room, weekly
from tests.core.story import Story

MO, WE, TH = Weekday.MO, Weekday.WE, Weekday.TH
DAY = timedelta(days=1)
A_QUARTER = timedelta(minutes=15)
BEFORE, EDITED = at("2026-10-01 09:00"), at("2026-11-25 12:00")
"""A Thursday before the series begins, and a Wednesday after eight Mondays."""

MONDAYS = weekly("2026-10-05 07:00", MO)
OTHERS = tuple(conference(f"other{number}", schedule=once("2027-10-05 07:00")) for number in range(8))
"""So that nothing is held."""


def begin(schedule: Schedule = MONDAYS, at_: datetime = BEFORE) -> Story:
    story = Story(Policy(default=Rendering(MOSCOW)), now=at_)
    story.hears(conference(schedule=schedule), *OTHERS)
    return story


def edit(story: Story, schedule: Schedule, at_: datetime = EDITED, **changed: str) -> Changes:
    story.now = at_
    return story.hears(Conference("100", changed.get("topic", "Planning"), "brown", schedule), *OTHERS)


def parts(story: Story, account: object = ROOM) -> list[Entry]:
    """Return what an account's calendar holds of the conference, the closed parts first."""
    (known,) = [known for known in story.state.accounts.values() if known.account == account]
    keys = sorted((key for key in known.members() if key.id == "100"), key=lambda key: key.part or 1 << 40)
    return [story.state.entries[key] for key in keys]


def starts(story: Story, until: str = "2027-01-01 00:00", account: object = ROOM) -> list[str]:
    """Return when the conference takes place by an account's calendar, in all its parts."""

    def each() -> Iterator[datetime]:
        for entry in parts(story, account):
            for occurrence in occurrences(entry, MOSCOW, at("2015-01-01 00:00")):
                if occurrence.start >= at(until):
                    break
                yield occurrence.start

    return [f"{start:%m-%d %H:%M}" for start in sorted(each())]


EIGHT_MONDAYS = [f"{at('2026-10-05 07:00') + n * 7 * DAY:%m-%d %H:%M}" for n in range(8)]
WEDNESDAYS_AFTER = ["12-02 12:00", "12-09 12:00", "12-16 12:00", "12-23 12:00", "12-30 12:00"]


@pytest.mark.parametrize("start", ["2026-10-05 12:00", "2026-12-02 12:00"], ids=["start kept", "next start"])
def test_an_edited_series_keeps_its_past_and_begins_anew_after_the_edit(start: str) -> None:
    story = begin()
    edit(story, weekly(start, WE), EDITED + HOUR)

    assert starts(story) == EIGHT_MONDAYS + WEDNESDAYS_AFTER
    closed, live = parts(story)
    assert live.key == Key(SERVER, "100")
    assert closed.key.part == int(at("2026-10-05 07:00").timestamp())
    assert uid_of(closed.key) != uid_of(live.key)


def test_a_closed_part_ends_before_the_list_that_told_and_goes_on_by_itself() -> None:
    story = begin()
    changes = edit(story, weekly("2026-10-05 12:00", WE), topic="Renamed")

    (closing,) = changes.closings
    body = closing.edit.vevents["full-en"].body
    assert b"RRULE:FREQ=WEEKLY;UNTIL=20261125T115959Z;BYDAY=MO\r\n" in body
    assert b"SUMMARY:Planning\r\n" in body
    assert b"SEQUENCE:0\r\n" in body
    (live,) = changes.edits
    assert b"SUMMARY:Renamed\r\n" in live.vevents["full-en"].body
    assert b"SEQUENCE:1\r\n" in live.vevents["full-en"].body


@pytest.mark.parametrize(
    "edited",
    [
        weekly("2026-10-05 08:00", MO),
        weekly("2026-10-05 07:00", MO, duration=2 * HOUR),
        weekly("2026-10-05 07:00", MO, TH),
        once("2026-12-07 07:00"),
        Unscheduled(),
    ],
    ids=["hour", "length", "days", "once", "none"],
)
def test_every_edit_of_when_it_takes_place_closes_what_took_place(edited: Schedule) -> None:
    story = begin()
    edit(story, edited)

    assert starts(story, "2026-11-25 12:00") == EIGHT_MONDAYS
    assert len(parts(story)[0].conference.topic) > 0


@pytest.mark.parametrize(
    "changed",
    [
        conference(topic="Renamed", schedule=MONDAYS),
        conference(schedule=weekly("2026-11-23 07:00", MO)),
        conference(schedule=weekly("2026-09-28 07:00", MO)),
    ],
    ids=["topic", "moved on", "moved back"],
)
def test_other_changes_close_nothing_and_invent_nothing(changed: Conference) -> None:
    story = begin()
    story.now = EDITED
    assert not story.hears(changed, *OTHERS).closings

    assert starts(story, "2026-12-01 00:00") == [*EIGHT_MONDAYS, "11-30 07:00"]


def test_a_series_that_has_not_begun_has_no_past_and_gets_none() -> None:
    story = begin(weekly("2026-12-07 07:00", MO))
    changes = edit(story, weekly("2026-10-07 07:00", WE))

    assert not changes.closings
    assert starts(story, "2026-12-10 00:00") == ["12-02 07:00", "12-09 07:00"]


def test_a_second_edit_on_the_same_day_closes_nothing_more() -> None:
    story = begin()
    edit(story, weekly("2026-10-05 07:00", WE))
    changes = edit(story, weekly("2026-10-05 07:00", TH), EDITED + HOUR)

    assert not changes.closings
    assert starts(story, "2026-12-04 00:00") == [*EIGHT_MONDAYS, "11-26 07:00", "12-03 07:00"]


def test_each_edit_after_an_occurrence_closes_a_part_of_its_own() -> None:
    story = begin()
    edit(story, weekly("2026-10-05 07:00", WE))
    edit(story, weekly("2026-10-05 07:00", TH), at("2026-12-02 12:00"))

    assert len(parts(story)) == 3
    assert starts(story, "2026-12-05 00:00") == [*EIGHT_MONDAYS, "12-02 07:00", "12-03 07:00"]


def test_lists_after_an_edit_change_nothing() -> None:
    story = begin()
    edited = conference(schedule=weekly("2026-10-05 07:00", WE))
    edit(story, edited.schedule)

    for _ in range(3):
        assert story.hears(edited, *OTHERS, after=A_QUARTER).empty
    assert not story.hears(edited, *OTHERS, account=DESK, after=A_QUARTER).closings
    assert starts(story, "2026-12-04 00:00") == [*EIGHT_MONDAYS, "12-02 07:00"]


def test_a_single_meeting_that_ended_and_is_given_a_new_date_stays_where_it_was() -> None:
    story = begin(once("2026-10-05 07:00"))
    changes = edit(story, once("2026-12-01 07:00"))

    assert starts(story) == ["10-05 07:00", "12-01 07:00"]
    (closing,) = changes.closings
    assert b"RRULE" not in closing.edit.vevents["full-en"].body


@pytest.mark.parametrize(
    "edited",
    [once("2026-10-06 07:00"), once("2026-10-05 07:00", 2 * HOUR), once("2026-10-05 08:00")],
    ids=["another day", "longer", "another hour"],
)
def test_what_is_over_is_not_rewritten(edited: Schedule) -> None:
    story = begin(once("2026-10-05 07:00"))

    assert not edit(story, edited).edits
    assert starts(story) == ["10-05 07:00"]


def test_a_meeting_that_is_prolonged_is_one_meeting() -> None:
    story = begin(once("2026-11-25 11:00"))
    changes = edit(story, once("2026-11-25 11:00", 2 * HOUR))

    assert not changes.closings
    assert len(changes.edits) == 1


def test_a_single_meeting_that_ended_and_becomes_weekly_stays_and_recurs_from_now_on() -> None:
    story = begin(once("2026-10-05 07:00"))
    edit(story, MONDAYS)

    assert starts(story, "2026-12-08 00:00") == ["10-05 07:00", "11-30 07:00", "12-07 07:00"]


def test_a_meeting_that_was_moved_away_and_back_is_there_once() -> None:
    story = begin(once("2026-10-05 07:00"))
    edit(story, once("2026-12-01 07:00"))
    edit(story, once("2026-10-05 07:00"), EDITED + HOUR)
    assert starts(story) == ["10-05 07:00"]

    edit(story, once("2026-12-02 07:00"), EDITED + 2 * HOUR)
    assert starts(story) == ["10-05 07:00", "12-02 07:00"]


def test_a_virtual_room_that_becomes_weekly_has_no_past() -> None:
    story = begin(Unscheduled())
    edit(story, MONDAYS)

    assert starts(story, "2026-12-01 00:00") == ["11-30 07:00"]


# -- What leaves


def remove(story: Story) -> list[Changes]:
    return [story.hears(*OTHERS, after=after) for after in (timedelta(), A_QUARTER, A_QUARTER)]


def test_a_removed_series_stays_as_far_as_it_took_place() -> None:
    story = begin()
    story.now = EDITED
    remove(story)

    (closed,) = parts(story)
    assert closed.bounds.until == EDITED
    assert starts(story) == EIGHT_MONDAYS


def test_a_series_that_had_not_begun_leaves_whole() -> None:
    story = begin(weekly("2026-12-07 07:00", MO))
    story.now = EDITED
    remove(story)

    assert parts(story) == []


def test_a_removed_series_goes_on_for_whoever_still_lists_it() -> None:
    story = begin()
    story.hears(conference(schedule=MONDAYS), *OTHERS, account=DESK)
    story.now = EDITED
    remove(story)

    assert starts(story, "2026-12-08 00:00") == EIGHT_MONDAYS
    assert starts(story, "2026-12-08 00:00", DESK) == [*EIGHT_MONDAYS, "11-30 07:00", "12-07 07:00"]
    everybody = {key for known in story.state.accounts.values() for key in known.members() if key.id == "100"}
    assert len(everybody) == 2


def test_a_series_that_comes_back_has_not_taken_place_meanwhile() -> None:
    story = begin()
    story.now = EDITED
    remove(story)
    story.hears(conference(schedule=MONDAYS), *OTHERS, after=14 * DAY)

    assert starts(story, "2026-12-21 00:00") == [*EIGHT_MONDAYS, "12-14 07:00"]


def test_an_approved_removal_keeps_what_took_place() -> None:
    story = Story(Policy(default=Rendering(MOSCOW)), now=BEFORE)
    story.hears(conference(schedule=MONDAYS))
    story.now = EDITED
    story.hears()
    story.hears(after=A_QUARTER)
    assert story.known().held
    changes = story.approves()

    assert len(changes.closings) == 1
    assert starts(story) == EIGHT_MONDAYS


def test_closed_parts_leave_once_they_are_over_for_too_long() -> None:
    story = begin()
    edit(story, weekly("2026-10-05 07:00", WE))

    story.now = EDITED + 365 * DAY
    assert not story.hears(conference(schedule=weekly("2026-10-05 07:00", WE)), *OTHERS).expired
    changes = story.hears(conference(schedule=weekly("2026-10-05 07:00", WE)), *OTHERS, after=HOUR)

    assert len(changes.expired) == 1
    assert not changes.empty
    assert len(parts(story)) == 1


def test_a_closed_part_is_rendered_anew_with_the_settings_and_stays_closed() -> None:
    story = begin()
    edit(story, weekly("2026-10-05 07:00", WE))
    policy = Policy(default=Rendering(MOSCOW, join_url="https://join.example.com/{id}"))

    edits = {edit.entry.key.part: edit for edit in rerender(story.state, policy, EDITED, lambda _: None)}

    (part,) = set(edits) - {0}
    body = edits[part].vevents["full-en"].body
    assert b"UNTIL=20261125T115959Z" in body
    assert b"https://join.example.com/100" in body
    assert edits[part].entry.revision.sequence == 1


# -- No reader has to expand a decade


@pytest.mark.parametrize(
    ("schedule", "begins"),
    [
        (weekly("2019-03-04 07:00", MO), "2025-12-01"),
        (weekly("2016-03-02 07:00", *Weekday), "2026-09-17"),
        (weekly("2025-12-01 07:00", *Weekday), "2025-12-01"),
    ],
    ids=["weekly", "daily", "of last year"],
)
def test_an_old_series_begins_not_too_long_before_it_was_first_seen(schedule: Weekly, begins: str) -> None:
    story = begin(schedule, EDITED)
    (live,) = parts(story)

    first = next(occurrences(live, MOSCOW, datetime(2000, 1, 1, tzinfo=UTC)))
    assert f"{first.start:%Y-%m-%d}" == begins


def test_a_series_that_grows_old_moves_on_by_whole_occurrences() -> None:
    story = begin()
    policy, later = story.policy, at("2028-10-03 12:00")
    assert move_on_old(story.state, policy, later) == []

    (edit,) = move_on_old(story.state, policy, later + 3 * DAY)

    assert b"DTSTART;TZID=Europe/Moscow:20271011T100000\r\n" in edit.vevents["full-en"].body
    assert edit.entry.revision.sequence == 1


def test_a_room_without_a_schedule_is_nothing_to_close() -> None:
    story = begin(Unscheduled())
    story.now = EDITED

    assert not any(changes.closings for changes in remove(story))
    assert not story.hears(room("100"), *OTHERS, after=DAY).closings


def test_two_accounts_that_drop_a_series_one_after_the_other_never_show_an_occurrence_twice() -> None:
    story = begin()
    story.hears(conference(schedule=MONDAYS), *OTHERS, account=DESK)
    story.now = EDITED
    story.hears(*OTHERS)
    story.hears(*OTHERS, account=DESK, after=timedelta(minutes=5))
    story.hears(*OTHERS, after=A_QUARTER)

    assert starts(story) == EIGHT_MONDAYS
    assert starts(story, "2026-12-08 00:00", DESK) == [*EIGHT_MONDAYS, "11-30 07:00", "12-07 07:00"]
    assert (
        story.hears(conference(schedule=MONDAYS), *OTHERS, account=DESK, after=A_QUARTER).departures == set()
    )
    assert starts(story, "2026-12-08 00:00", DESK) == [*EIGHT_MONDAYS, "11-30 07:00", "12-07 07:00"]


def test_an_edit_that_names_a_later_start_begins_there() -> None:
    story = begin()
    edit(story, weekly("2026-12-21 07:00", MO, duration=2 * HOUR))

    assert starts(story) == [*EIGHT_MONDAYS, "12-21 07:00", "12-28 07:00"]


def test_a_series_is_closed_now_where_the_clock_was_set_back_while_lists_lacked_it() -> None:
    story = begin()
    story.policy = replace(story.policy, removal=RemovalRules(missing_for=timedelta()))
    story.now = EDITED + 30 * DAY
    story.hears(*OTHERS)
    story.now = EDITED
    story.hears(*OTHERS)

    assert starts(story) == EIGHT_MONDAYS


def test_a_series_that_comes_back_after_the_clock_was_set_back_shows_no_occurrence_twice() -> None:
    story = begin()
    story.now = EDITED + 30 * DAY
    remove(story)
    story.now = EDITED
    changes = story.hears(conference(schedule=MONDAYS), *OTHERS)

    assert changes.edits[0].vevents
    shown = starts(story)
    assert len(shown) == len(set(shown))


def test_an_approval_long_after_the_list_rewrites_nothing_that_took_place_meanwhile() -> None:
    story = Story(Policy(default=Rendering(MOSCOW)), now=BEFORE)
    story.hears(conference(schedule=weekly("2026-10-07 07:00", WE)), account=DESK)
    story.hears(conference(schedule=MONDAYS), after=HOUR)
    story.hears(after=HOUR)
    assert story.known().held
    story.now = EDITED
    story.approves()

    assert starts(story, "2026-12-04 00:00", DESK) == [*EIGHT_MONDAYS, "12-02 07:00"]
