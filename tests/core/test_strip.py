"""
The last day of a source and a target in half hours.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from service.core.journal import FieldChange, Happening, JournalEntry
from service.core.quiet import QuietHours, parse_quiet
from service.core.sources import SourceState
from service.core.strip import SLOTS, Slot, make_source_strip, make_target_strip, slot_of
from service.core.target_state import TargetState

NOW = datetime(2026, 11, 26, 12, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
ALWAYS = frozenset(range(slot_of(NOW) - SLOTS - 5, slot_of(NOW) + 1))


def at(text: str) -> datetime:
    """A moment of 26 November 2026, or of the day before where a minus sign says so."""
    day = 25 if text.startswith("-") else 26
    hours, minutes = map(int, text.removeprefix("-").split(":"))
    return datetime(2026, 11, day, hours, minutes, tzinfo=UTC)


def source_change(moment: str, before: str, after: str) -> JournalEntry:
    event = Happening.SOURCE_UP if after == "listening" else Happening.SOURCE_DOWN
    return JournalEntry(at(moment), event, source="lobby", fields=(FieldChange("state", before, after),))


def target_change(moment: str, before: str, after: str) -> JournalEntry:
    broken = after in {"down", "failing"}
    event = Happening.TARGET_REFUSED if broken else Happening.TARGET_RECOVERED
    return JournalEntry(at(moment), event, target="cloud", fields=(FieldChange("state", before, after),))


def resource_change(moment: str, event: Happening, uid: str) -> JournalEntry:
    fields = (FieldChange("collection", "", "cloud"), FieldChange("uid", "", uid))
    return JournalEntry(at(moment), event, target="cloud", fields=fields)


def words(slots: Sequence[Slot]) -> list[str]:
    """What the slots say, each run of one state once, with the time at which it begins."""
    runs = [
        f"{slot.start:%H:%M} {slot.state.value}"
        for before, slot in zip([None, *slots], slots, strict=False)
        if before is None or before.state is not slot.state
    ]
    assert len(slots) == SLOTS
    assert all(later.start - slot.start == HALF_HOUR for slot, later in pairwise(slots))
    return runs


def source(
    *entries: JournalEntry,
    heard: frozenset[int] = ALWAYS,
    ran: frozenset[int] = ALWAYS,
    state: SourceState = SourceState.LISTENING,
    quiet: str = "",
) -> list[str]:
    newest_first = sorted(entries, key=lambda each: each.at, reverse=True)
    hours = QuietHours(parse_quiet(quiet)) if quiet else QuietHours()
    return words(make_source_strip(newest_first, heard=heard, ran=ran, state=state, quiet=hours, now=NOW))


def target(
    *entries: JournalEntry,
    ran: frozenset[int] = ALWAYS,
    state: TargetState = TargetState.IN_STEP,
    parked: frozenset[str] = frozenset(),
) -> list[str]:
    newest_first = sorted(entries, key=lambda each: each.at, reverse=True)
    return words(make_target_strip(newest_first, ran=ran, state=state, parked=parked, now=NOW))


def between(start: str, end: str) -> frozenset[int]:
    return frozenset(range(slot_of(at(start)), slot_of(at(end))))


def test_a_day_of_lists_is_one_run_that_ends_in_the_half_hour_of_now() -> None:
    strip = make_source_strip(
        [], heard=ALWAYS, ran=ALWAYS, state=SourceState.LISTENING, quiet=QuietHours(), now=NOW
    )

    assert words(strip) == ["12:30 lists"]
    assert strip[-1].start == at("12:00")


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("silent", "silence"),
        ("unreachable", "silence"),
        ("logged out", "silence"),
        ("pin rejected", "trouble"),
    ],
)
def test_each_half_hour_shows_its_worst(state: str, word: str) -> None:
    entries = source_change("08:29", "", state), source_change("09:31", state, "listening")

    assert source(*entries) == ["12:30 lists", f"08:00 {word}", "10:00 lists"]


def test_trouble_from_before_the_day_begins_the_strip() -> None:
    assert source(source_change("03:00", "pin rejected", "listening")) == ["12:30 trouble", "03:30 lists"]


def test_trouble_that_lasts_all_day_needs_no_entry() -> None:
    assert source(state=SourceState.PIN_REJECTED) == ["12:30 trouble"]


def test_trouble_goes_on_while_the_source_tries_again() -> None:
    entries = [source_change("08:00", "", "unreachable")]

    assert source(*entries, state=SourceState.CONNECTING) == ["12:30 lists", "08:00 silence"]


def test_without_lists_a_connected_source_was_silent() -> None:
    assert source(heard=ALWAYS - between("02:00", "04:00")) == ["12:30 lists", "02:00 silence", "04:00 lists"]


def test_a_half_hour_that_has_just_begun_is_not_silent_yet() -> None:
    assert source(heard=ALWAYS - {slot_of(NOW)}) == ["12:30 lists", "12:00 unknown"]


def test_silence_in_quiet_hours_is_quiet_and_a_rejected_pin_is_not() -> None:
    heard = ALWAYS - between("-20:00", "07:30")

    assert source(heard=heard, quiet="20:00-07:00") == [
        "12:30 lists",
        "20:00 quiet",
        "07:00 silence",
        "07:30 lists",
    ]
    off = source_change("-20:10", "", "unreachable"), source_change("07:40", "unreachable", "listening")
    assert source(*off, heard=heard, quiet="20:00-07:00") == [
        "12:30 lists",
        "20:00 quiet",
        "07:00 silence",
        "08:00 lists",
    ]
    pin = source_change("-22:00", "", "pin rejected"), source_change("-23:10", "pin rejected", "listening")
    assert "22:00 trouble" in source(*pin, heard=heard, quiet="20:00-07:00")


def test_while_confcal_did_not_run_nothing_is_said_but_what_the_journal_has() -> None:
    off = between("01:00", "05:00")
    entries = source_change("00:40", "", "silent"), source_change("05:10", "silent", "listening")

    assert source(*entries, heard=ALWAYS - off, ran=ALWAYS - off) == [
        "12:30 lists",
        "00:30 silence",
        "01:00 unknown",
        "05:00 silence",
        "05:30 lists",
    ]


def test_a_target_was_in_step_unless_the_journal_has_that_it_was_down() -> None:
    entries = target_change("08:15", "in step", "down"), target_change("08:40", "down", "in step")

    assert target(*entries) == ["12:30 in step", "08:00 down", "09:00 in step"]


def test_a_target_is_behind_from_the_refusal_of_a_resource_until_that_one_is_published() -> None:
    entries = (
        resource_change("02:00", Happening.TARGET_PARKED, "a"),
        resource_change("03:00", Happening.TARGET_PARKED, "b"),
        resource_change("04:00", Happening.TARGET_RECOVERED, "a"),
        resource_change("06:00", Happening.TARGET_RECOVERED, "b"),
    )

    assert target(*entries) == ["12:30 in step", "02:00 behind", "06:30 in step"]


def test_a_resource_that_is_refused_still_or_since_before_the_day_counts() -> None:
    refused = resource_change("10:00", Happening.TARGET_PARKED, "a")
    published = resource_change("-14:00", Happening.TARGET_RECOVERED, "b")

    assert target(refused, published, parked=frozenset({"a"})) == [
        "12:30 behind",
        "14:30 in step",
        "10:00 behind",
    ]
    assert target(parked=frozenset({"c"})) == ["12:30 behind"]


def test_a_refused_resource_that_left_counts_only_when_it_was_refused() -> None:
    entries = [resource_change("10:00", Happening.TARGET_PARKED, "a")]

    assert target(*entries) == ["12:30 in step", "10:00 behind", "10:30 in step"]


def test_what_waits_now_is_behind_now() -> None:
    assert target(state=TargetState.WAITING) == ["12:30 in step", "12:00 behind"]


def test_a_target_that_is_down_is_worse_than_behind() -> None:
    entries = [target_change("11:00", "incomplete", "failing")]

    assert target(*entries, state=TargetState.FAILING, parked=frozenset({"a"})) == [
        "12:30 behind",
        "11:00 down",
    ]


def test_before_confcal_first_ran_nothing_is_known() -> None:
    assert target(ran=between("06:00", "12:30")) == ["12:30 unknown", "06:00 in step"]


def test_a_source_that_is_off_as_its_hours_say_is_no_fault_in_any_slot() -> None:
    change = FieldChange("state", "", "unreachable")
    quiet = JournalEntry(at("-19:50"), Happening.SOURCE_QUIET, source="lobby", fields=(change,))
    heard = ALWAYS - between("-20:00", "12:10") - {slot_of(NOW)}

    shown = source(quiet, heard=heard, state=SourceState.UNREACHABLE, quiet="20:00-12:30")

    assert shown == ["12:30 lists", "20:00 quiet", "12:00 unknown"]
