"""
What needs a person: which of all that is known, in which order, in which words.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import get_args

import pytest

from service.core.held import HeldList, Leaving
from service.core.need_words import describe
from service.core.needs import (
    Disputed,
    Facts,
    LastList,
    Need,
    NeedKind,
    OpenSecret,
    Room,
    Target,
    VersionBehind,
    ZoneMissing,
    find_behind,
    find_last_lists,
    find_needs,
    kind_of,
)
from service.core.quiet import QuietHours, parse_quiet
from service.core.rejected import RejectedInput
from service.core.sources import BY_ABSENCE, IN_TROUBLE, SourceState
from service.core.target_state import TargetState
from service.language import translator
from tests.core.given import NOW, conference
from tests.core.given import ROOM as ROOM_ACCOUNT
from tests.core.story import Story

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HELD = HeldList("ivanov@v.example", NOW - HOUR, 14, "d1", (Leaving("1", "Plan", NOW + HOUR),), NOW + HOUR)
ROOM = Room("lobby", SourceState.PIN_REJECTED, NOW - HOUR, None, "10.0.0.15:8765")
TARGET = Target("cloud", TargetState.INCOMPLETE, refused=("403: no", "413: too large"))
REJECTED = RejectedInput(
    "lobby",
    "ivanov@v.example",
    "4711",
    "days",
    "none is flagged",
    b"",
    first_at=NOW - HOUR,
    last_at=NOW - HOUR,
    number=7,
)
DISPUTED = Disputed("100", "v.example", "Plan", "ivanov@v.example")
ZONE = ZoneMissing("CONFCAL_TIMEZONE", 3)
OPEN = OpenSecret("/etc/confcal.env", "CONFCAL_SECRET")
VERSION = VersionBehind("host-1", "0.1.0", "0.2.0")
ONE_OF_EACH = (HELD, ROOM, TARGET, REJECTED, DISPUTED, ZONE, OPEN, VERSION)


def everything() -> Facts:
    """All kinds at once, given in another order than that of their urgency."""
    return Facts(
        versions=[VERSION],
        open_secrets=[OPEN],
        zones=[ZONE],
        disputes=[DISPUTED],
        rejected=[REJECTED],
        targets=[TARGET],
        rooms=[ROOM],
        held=[HELD],
    )


def rooms(*given: Room, now: datetime = NOW, quiet: str = "") -> tuple[Need, ...]:
    hours = {each.name: QuietHours(parse_quiet(quiet)) for each in given} if quiet else {}
    return find_needs(Facts(rooms=given, quiet=hours), now)


def test_what_would_remove_comes_first_and_what_can_wait_comes_last() -> None:
    assert find_needs(everything(), NOW) == ONE_OF_EACH


def test_nothing_known_needs_nobody() -> None:
    assert find_needs(Facts(), NOW) == ()


def test_every_kind_has_a_word_of_its_own() -> None:
    assert tuple(kind_of(each) for each in ONE_OF_EACH) == get_args(NeedKind)


def test_the_order_within_a_kind_is_the_same_however_things_are_given() -> None:
    older, newer = replace(HELD, since=NOW - 2 * HOUR, account="z@v.example"), HELD

    assert find_needs(Facts(held=[newer, older]), NOW) == find_needs(Facts(held=[older, newer]), NOW)
    assert find_needs(Facts(held=[newer, older]), NOW) == (older, newer)


def test_a_held_list_that_was_decided_on_needs_nobody() -> None:
    assert find_needs(Facts(held=[replace(HELD, applied_at=None)]), NOW) == ()


@pytest.mark.parametrize("state", sorted(IN_TROUBLE))
def test_a_room_in_trouble_needs_somebody(state: SourceState) -> None:
    assert rooms(replace(ROOM, state=state)) == (replace(ROOM, state=state),)


@pytest.mark.parametrize("state", sorted(set(SourceState) - IN_TROUBLE - {SourceState.LISTENING}))
def test_a_room_on_its_way_needs_nobody(state: SourceState) -> None:
    assert rooms(replace(ROOM, state=state)) == ()


def test_a_room_that_listens_without_lists_is_silent_since_its_last_one() -> None:
    heard = replace(ROOM, state=SourceState.LISTENING, last_list_at=NOW - 31 * MINUTE)

    (need,) = rooms(heard)

    assert need == replace(heard, state=SourceState.SILENT, since=NOW - 31 * MINUTE)
    assert rooms(replace(heard, last_list_at=NOW - 29 * MINUTE)) == ()


@pytest.mark.parametrize("state", sorted(BY_ABSENCE))
def test_absence_in_quiet_hours_needs_nobody(state: SourceState) -> None:
    night = NOW.replace(hour=22, minute=0)
    away = replace(ROOM, state=state, since=night)

    assert rooms(away, now=night + HOUR, quiet="20:00-07:00") == ()
    assert rooms(away, now=night + 12 * HOUR, quiet="20:00-07:00") == (away,)


def test_a_wrong_pin_in_quiet_hours_needs_somebody_all_the_same() -> None:
    night = NOW.replace(hour=22, minute=0)

    assert rooms(replace(ROOM, since=night), now=night + HOUR, quiet="20:00-07:00")


@pytest.mark.parametrize(
    ("target", "needs"),
    [
        (Target("cloud", TargetState.IN_STEP), False),
        (Target("cloud", TargetState.WAITING), False),
        (Target("cloud", TargetState.STARTING), False),
        (Target("cloud", TargetState.DOWN, "503"), True),
        (Target("cloud", TargetState.FAILING, "401"), True),
        (TARGET, True),
    ],
)
def test_a_target_needs_somebody_once_it_cannot_be_completed(target: Target, *, needs: bool) -> None:
    assert bool(find_needs(Facts(targets=[target]), NOW)) == needs


@pytest.mark.parametrize(
    ("last", "cured"),
    [
        (LastList(NOW), True),
        (LastList(REJECTED.last_at), False),
        (LastList(REJECTED.last_at - MINUTE), False),
        (LastList(NOW, good=False), False),
        (LastList(NOW, rejected=frozenset({"4711"})), False),
        (LastList(NOW, rejected=frozenset({"4712"})), True),
        (LastList(NOW, rejected=frozenset({""})), False),
    ],
)
def test_rejected_input_is_cured_by_a_later_good_list_without_it(last: LastList, *, cured: bool) -> None:
    facts = Facts(rejected=[REJECTED], last_lists={REJECTED.account: last})

    assert find_needs(facts, NOW) == (() if cured else (REJECTED,))


def test_a_rejected_event_is_cured_by_a_later_list_of_its_source_whoever_is_logged_in() -> None:
    event = replace(REJECTED, conference_id="", account="")

    assert find_needs(Facts(rejected=[event], last_of_sources={"lobby": LastList(NOW)}), NOW) == ()
    assert find_needs(Facts(rejected=[event], last_of_sources={"desk": LastList(NOW)}), NOW) == (event,)


def test_lists_of_another_account_cure_nothing() -> None:
    assert find_needs(Facts(rejected=[REJECTED], last_lists={"b@v.example": LastList(NOW)}), NOW) == (
        REJECTED,
    )


def test_of_a_list_that_another_process_heard_only_the_moment_is_known() -> None:
    story = Story()
    story.hears(conference("100"))
    later = LastList(NOW + MINUTE, good=False)

    assert find_last_lists(story.state, {}) == ({str(ROOM_ACCOUNT): LastList(NOW)}, {"lobby": LastList(NOW)})
    assert find_last_lists(story.state, {"lobby": later}) == ({str(ROOM_ACCOUNT): later}, {"lobby": later})
    older = replace(later, at=NOW - MINUTE)
    assert find_last_lists(story.state, {"lobby": older})[1] == {"lobby": LastList(NOW)}


def test_versions_are_compared_by_their_numbers() -> None:
    assert find_behind({"a": "0.9.0", "b": "0.10.0"}) == (VersionBehind("a", "0.9.0", "0.10.0"),)
    assert find_behind({"a": "0.10.0", "b": "0.10.0"}) == ()
    assert find_behind({}) == ()


def moment(at: datetime) -> str:
    return f"{at:%H:%M}"


OTHER_FORMS = (
    OpenSecret("/var/lib/confcal", ""),
    VersionBehind("", "0.1.0", "0.2.0"),
    Target("cloud", TargetState.DOWN, "503"),
    replace(REJECTED, conference_id=""),
)


@pytest.mark.parametrize("need", ONE_OF_EACH + OTHER_FORMS)
def test_each_says_what_it_is_in_both_languages(need: Need) -> None:
    english, russian = (describe(need, translator(language), moment) for language in ("en", "ru"))

    assert english.title
    assert english.text != russian.text
    assert "%(" not in f"{english.line}{russian.line}"
    assert english.english == russian.english


@pytest.mark.parametrize("state", sorted(IN_TROUBLE))
def test_a_room_is_described_in_each_state(state: SourceState) -> None:
    words = describe(replace(ROOM, state=state, error="refused"), translator("ru"), moment)

    assert "10.0.0.15:8765" in words.text
    assert f"Так с {moment(ROOM.since)}" in words.text


def test_a_room_that_cannot_be_reached_says_so_once() -> None:
    silent = replace(ROOM, state=SourceState.UNREACHABLE, error="10.0.0.15:8765 refuses it")

    words = describe(silent, str, moment)

    assert words.line == (
        f"Room lobby: unreachable. It has been so since {moment(NOW - HOUR)}. 10.0.0.15:8765 refuses it"
    )


def test_a_held_list_says_when_it_is_applied_by_itself() -> None:
    assert moment(NOW + HOUR) in describe(HELD, str, moment).text
