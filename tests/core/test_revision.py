"""
A list changes what it says differently, once, and a revision only ever grows.
"""

from dataclasses import replace
from datetime import timedelta

from service.core.account_state import Revision
from service.core.conference import Key
from service.core.rerender import rerender
from service.core.revision import Policy, Variant, next_revision, revise
from service.core.schedule import Weekday
from service.core.vevent import Rendering
from service.core.weekly import WeeklyRules
from tests.core.given import DESK, MOSCOW, NOW, SERVER, conference, listed, once, room, weekly
from tests.core.story import Story

MINUTES = timedelta(minutes=1)
A_QUARTER = 15 * MINUTES
SECOND = timedelta(seconds=1)


def test_a_new_conference_begins_with_revision_zero() -> None:
    story = Story()
    (edit,) = story.hears(conference()).edits

    assert edit.entry.revision == Revision(0, NOW)
    assert edit.entry.key == Key(SERVER, "100")
    assert b"SEQUENCE:0\r\n" in edit.vevents["full-en"].body


def test_an_unchanged_list_changes_nothing() -> None:
    story = Story()
    story.hears(conference("1"), conference("2", schedule=weekly()), room())
    entries = story.state.entries
    changes = story.hears(conference("1"), conference("2", schedule=weekly()), room(), after=10 * MINUTES)

    assert changes.empty
    assert story.state.entries is entries
    assert story.known().list_at == story.now


def test_an_edit_moves_sequence_and_last_modified() -> None:
    story = Story()
    story.hears(conference())
    (edit,) = story.hears(conference(topic="Renamed"), after=A_QUARTER).edits

    assert edit.entry.revision == Revision(1, story.now)
    assert b"SUMMARY:Renamed\r\n" in edit.vevents["full-en"].body


def test_state_and_session_change_nothing() -> None:
    story = Story()
    story.hears(conference())

    assert story.hears(replace(conference(), state="running", session_id="s"), after=A_QUARTER).empty
    assert story.entry("100").conference.state == ""


def test_what_cannot_be_seen_is_recorded_without_a_revision() -> None:
    story = Story()
    story.hears(conference())
    (edit,) = story.hears(conference(topic="Planning\x00"), after=A_QUARTER).edits

    assert edit.entry.revision == Revision(0, NOW)


def test_a_clock_that_goes_back_does_not_take_last_modified_along() -> None:
    story = Story()
    story.hears(conference())
    story.hears(conference(topic="Two"), after=-60 * MINUTES)

    assert story.entry("100").revision == Revision(1, NOW + SECOND)
    story.hears(conference(topic="Three"), after=MINUTES)
    assert story.entry("100").revision == Revision(2, NOW + 2 * SECOND)


def test_revisions_are_in_whole_seconds() -> None:
    story = Story(now=NOW.replace(microsecond=999_999))
    story.hears(conference())

    assert story.entry("100").revision == Revision(0, NOW)


def test_a_conference_that_comes_back_has_its_uid_and_goes_on_counting() -> None:
    story = Story()
    kept = conference("2")
    (first,) = story.hears(conference(), kept).edits[:1]
    story.hears(conference(topic="Renamed"), kept, after=A_QUARTER)
    story.hears(kept, after=A_QUARTER)
    assert story.hears(kept, after=A_QUARTER).departures == {"100"}
    back = story.hears(conference(topic="Back again"), kept, after=A_QUARTER)

    (edit,) = back.edits
    assert edit.vevents["full-en"].uid == first.vevents["full-en"].uid
    assert edit.entry.revision == Revision(2, story.now)
    assert story.members() == {"100", "2"}


def test_a_conference_that_comes_back_unchanged_is_a_member_again() -> None:
    story = Story()
    kept = conference("2")
    story.hears(conference(), kept)
    story.hears(kept, after=A_QUARTER)
    story.hears(kept, after=A_QUARTER)
    back = story.hears(conference(), kept, after=A_QUARTER)

    assert not back.edits
    assert back.reports == (conference(),)
    assert back.visible
    assert story.entry("100").revision.sequence == 0


# -- Two accounts with one conference


def test_a_second_account_adds_a_member_and_no_event() -> None:
    story = Story()
    story.hears(conference())
    changes = story.hears(conference(), account=DESK)

    assert not changes.edits
    assert changes.reports == (conference(),)
    assert list(story.state.entries) == [Key(SERVER, "100")]


def test_an_older_list_of_a_second_account_does_not_undo_an_edit() -> None:
    story = Story()
    story.hears(conference())
    story.hears(conference(), account=DESK)
    story.hears(conference(topic="Renamed"), after=MINUTES)

    assert story.hears(conference(), account=DESK, after=MINUTES).empty
    assert story.entry("100").conference.topic == "Renamed"


def test_when_the_second_account_learns_of_the_edit_nothing_changes_any_more() -> None:
    story = Story()
    story.hears(conference())
    story.hears(conference(), account=DESK)
    story.hears(conference(topic="Renamed"), after=MINUTES)
    changes = story.hears(conference(topic="Renamed"), account=DESK, after=MINUTES)

    assert not changes.edits
    assert story.entry("100").revision.sequence == 1


def test_one_id_on_two_servers_is_two_conferences() -> None:
    story = Story()
    story.hears(conference())
    story.hears(conference(topic="Elsewhere"), account=replace(DESK, server="other.example"))

    assert {key.server for key in story.state.entries} == {SERVER, "other.example"}


# -- Schedules


def test_a_series_that_moves_on_is_no_edit_and_keeps_its_first_start() -> None:
    story = Story()
    story.hears(conference(schedule=weekly("2026-10-05 07:00")))
    changes = story.hears(conference(schedule=weekly("2026-10-12 07:00")), after=A_QUARTER)

    assert not changes.edits
    assert story.entry("100").conference.schedule == weekly("2026-10-05 07:00")


def test_without_a_schedule_there_is_no_vevent() -> None:
    story = Story()
    (edit,) = story.hears(room()).edits

    assert edit.vevents == {}
    assert edit.entry.fingerprint == b""


def test_a_conference_that_loses_and_regains_its_schedule_goes_on_counting() -> None:
    story = Story()
    story.hears(conference())
    (lost,) = story.hears(replace(room(), id="100", topic="Planning"), after=MINUTES).edits
    (regained,) = story.hears(conference(), after=MINUTES).edits

    assert lost.vevents == {}
    assert regained.entry.revision.sequence > 0
    assert regained.entry.revision.revised_at == story.now


def test_on_the_wall_a_series_of_old_rules_begins_with_the_present_ones() -> None:
    story = Story(Policy(default=Rendering(WeeklyRules("Europe/Moscow", time="wall"))))
    (edit,) = story.hears(conference(schedule=weekly("2026-09-14 06:00"))).edits
    (old,) = story.hears(conference("2", schedule=weekly("2014-09-15 06:00"))).edits

    assert b"DTSTART;TZID=Europe/Moscow:20260914T090000" in edit.vevents["full-en"].body
    # It is older than the calendar keeps what is over: Monday 10:00 at +04:00 then, at +03:00 now.
    assert b"DTSTART;TZID=Europe/Moscow:20251006T100000" in old.vevents["full-en"].body


# -- Settings


def test_each_source_has_its_own_rules() -> None:
    policy = Policy({"lobby": Rendering(MOSCOW)})
    story = Story(policy)
    (here,) = story.hears(conference("1", schedule=weekly("2026-10-04 21:30", Weekday.MO))).edits
    snapshot = listed(conference("2", schedule=weekly()), account=DESK, source="elsewhere")
    (there,) = story.records(snapshot).edits

    assert here.vevents["full-en"].tzid == "Europe/Moscow"
    assert there.vevents["full-en"].tzid == ""


def test_every_variant_is_rendered_and_the_first_one_measures_changes() -> None:
    variants = (Variant(), Variant("busy-ru", "busy", lambda text: f"[{text}]"))
    story = Story(Policy(variants=variants))
    story.hears(conference())
    (edit,) = story.hears(conference(topic="Renamed"), after=A_QUARTER).edits

    assert set(edit.vevents) == {"full-en", "busy-ru"}
    assert b"SUMMARY:[Busy]\r\n" in edit.vevents["busy-ru"].body
    assert b"SEQUENCE:1\r\n" in edit.vevents["busy-ru"].body


def test_new_settings_move_the_revisions_of_what_looks_different_alone() -> None:
    story = Story()
    story.hears(conference("1"), conference("2", schedule=weekly()))
    done: list[int] = []
    later = NOW + timedelta(days=1)
    edits = rerender(story.state, Policy(default=Rendering(MOSCOW)), later, done.append)

    revisions = {edit.entry.key.id: edit.entry.revision for edit in edits}
    assert revisions == {"1": Revision(0, NOW), "2": Revision(1, later)}
    assert done == [1, 2]


def test_the_same_settings_render_the_same_bytes() -> None:
    story = Story()
    (edit,) = story.hears(conference(schedule=weekly())).edits
    (again,) = rerender(story.state, story.policy, NOW + timedelta(days=1), lambda _: None)

    assert again == edit


ALMATY_WALL = Policy(default=Rendering(WeeklyRules("Asia/Almaty", time="wall")))
ALMATY_UTC = Policy(default=Rendering(WeeklyRules("Asia/Almaty")))


def test_new_settings_start_from_what_was_reported_not_from_what_the_old_ones_made_of_it() -> None:
    # Almaty changed its offset in March 2024: on the wall the series begins anew then, an hour later in UTC.
    schedule = weekly("2024-01-15 04:00", Weekday.MO)
    story, fresh = Story(ALMATY_WALL), Story(ALMATY_UTC)
    story.hears(conference(schedule=schedule))
    (edit,) = rerender(story.state, ALMATY_UTC, NOW, lambda _: None)
    fresh.hears(conference(schedule=schedule))

    assert edit.entry.conference.schedule == fresh.entry("100").conference.schedule == schedule
    assert edit.entry.bounds == fresh.entry("100").bounds


def test_a_new_setting_for_the_wall_settles_a_series_that_is_older_than_its_zone_s_rules() -> None:
    story = Story(ALMATY_UTC)
    story.hears(conference(schedule=weekly("2024-01-15 04:00", Weekday.MO)))

    (edit,) = rerender(story.state, ALMATY_WALL, NOW, lambda _: None)

    # Monday 10:00 on the wall, before and after the change of rules.
    assert b"DTSTART;TZID=Asia/Almaty:20251006T100000" in edit.vevents["full-en"].body


def test_a_new_setting_for_the_wall_reaches_a_series_that_moved_on_too() -> None:
    story = Story(ALMATY_UTC)
    story.hears(conference(schedule=weekly("2024-01-15 04:00", Weekday.MO)))
    story.hears(conference(schedule=weekly("2026-10-05 04:00", Weekday.MO)), after=MINUTES)
    assert story.entry("100").conference.schedule == weekly("2024-01-15 04:00", Weekday.MO)

    (edit,) = rerender(story.state, ALMATY_WALL, NOW, lambda _: None)

    # Since 2024 it is an hour earlier on the wall than it was.
    assert edit.entry.conference.schedule == weekly("2026-10-05 04:00", Weekday.MO)
    assert edit.vevents["full-en"].tzid == "Asia/Almaty"


def test_new_settings_keep_the_first_start_of_a_series_that_moved_on() -> None:
    story = Story()
    story.hears(conference(schedule=weekly("2026-10-05 07:00", Weekday.MO)))
    story.hears(conference(schedule=weekly("2026-10-12 07:00", Weekday.MO)), after=timedelta(days=7))

    (edit,) = rerender(story.state, Policy(default=Rendering(MOSCOW)), story.now, lambda _: None)

    assert edit.entry.conference.schedule == weekly("2026-10-05 07:00", Weekday.MO)


def test_a_series_that_had_left_and_comes_back_begins_anew() -> None:
    story = Story()
    others = [conference(str(number)) for number in range(1, 9)]
    story.hears(conference(schedule=weekly("2026-10-05 07:00", Weekday.MO)), *others)
    for _ in range(3):
        story.hears(*others, after=A_QUARTER)
    assert "100" not in story.members()

    back = weekly("2026-12-07 07:00", Weekday.MO)
    story.hears(conference(schedule=back), *others, after=timedelta(days=56))

    assert story.entry("100").conference.schedule == back
    assert story.entry("100").revision.sequence == 1


def test_revising_changes_neither_state_nor_list() -> None:
    story = Story()
    story.hears(conference())
    before = story.state
    snapshot = listed(conference(topic="Renamed"), conference("2", schedule=once()), at=NOW + A_QUARTER)
    first = revise(before, snapshot, story.policy)

    assert revise(before, snapshot, story.policy) == first
    assert story.state is before


def test_the_next_revision_follows_what_is_seen() -> None:
    story = Story()
    story.hears(conference())
    entry = story.entry("100")

    assert next_revision(None, b"new", NOW) == Revision(0, NOW)
    assert next_revision(entry, entry.fingerprint, NOW + A_QUARTER) == entry.revision
    assert next_revision(entry, b"other", NOW + A_QUARTER) == Revision(1, NOW + A_QUARTER)
    assert next_revision(entry, b"other", NOW - A_QUARTER) == Revision(1, NOW + SECOND)
