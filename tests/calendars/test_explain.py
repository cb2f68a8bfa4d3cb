"""
Why a conference is in a calendar, or is not.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from service.app.synchronizer import Synchronizer
from service.calendars.calendar import Calendar, entries_of
from service.calendars.explain import Condition, Explanation, explain, fold
from service.calendars.participants import ParticipantIndex
from service.calendars.rules import Rule
from service.core.conference import Account, Conference, Invitation, Key
from service.core.revision import Policy
from service.core.schedule import Unscheduled
from service.core.state import State
from service.core.vevent import Rendering
from service.core.weekly import WeeklyRules
from tests.core.given import DESK, ROOM, SERVER, conference, listed, once
from tests.store.memory import MemoryStore

KEY = Key(SERVER, "100")


async def state_of(*conferences: Conference, account: Account = ROOM) -> State:
    synchronizer = Synchronizer(MemoryStore(), Policy(default=Rendering(WeeklyRules("UTC"))))
    await synchronizer.accept(listed(*conferences, account=account))
    return synchronizer.state


def meeting() -> Conference:
    return replace(
        conference("100", "Board: budget", once()),
        mode="S|L",
        access="private",
        invitations=(Invitation("ivanov", "Ivan Ivanov"),),
    )


def calendar(rule: Rule | None = None, account: Account | None = None) -> Calendar:
    return Calendar("board", "Board", account, rule=rule or Rule())


@pytest.mark.parametrize(
    ("given_calendar", "sentence"),
    [
        (calendar(), f"board holds it: {ROOM} lists it"),
        (calendar(account=ROOM), f"board holds it: {ROOM} lists it"),
        (calendar(account=DESK), f"board does not hold it: the account that counts is {DESK}"),
        (
            calendar(Rule(accounts=frozenset({"desk"}))),
            "board does not hold it: the account that counts is desk",
        ),
        (calendar(Rule(owners=frozenset({"brown"}))), f"board holds it: {ROOM} lists it"),
        (
            calendar(Rule(owners=frozenset({"petrov", "anna"}))),
            "board does not hold it: its owner is none of anna, petrov",
        ),
        (calendar(Rule(modes=frozenset({"pxp"}))), "board does not hold it: its mode is none of pxp"),
        (
            calendar(Rule(access=frozenset({"public"}))),
            "board does not hold it: its access is none of public",
        ),
        (calendar(Rule(topics=frozenset({"sales*"}))), "board does not hold it: its topic is none of sales*"),
        (
            calendar(Rule(participants=frozenset({"petrov"}))),
            "board does not hold it: its participant is none of petrov",
        ),
        (calendar(Rule(participants=frozenset({"ivanov"}))), f"board holds it: {ROOM} lists it"),
    ],
)
async def test_the_first_condition_that_is_not_met_is_named(given_calendar: Calendar, sentence: str) -> None:
    state = await state_of(meeting())

    explanation = explain(given_calendar, state.entries[KEY], state)

    assert explanation.describe() == sentence
    assert explanation.holds == (" holds it" in sentence)


async def test_a_conference_without_a_schedule_shows_nothing() -> None:
    state = await state_of(replace(meeting(), schedule=Unscheduled()))

    assert explain(calendar(), state.entries[KEY], state).describe() == (
        "board shows nothing of it: it has no schedule"
    )


async def test_a_conference_that_no_account_lists_any_more_is_nowhere() -> None:
    state = await state_of(meeting())
    elsewhere = replace(state.entries[KEY], key=Key(SERVER, "999"))

    assert explain(calendar(), elsewhere, state).describe() == (
        "board does not hold it: no account lists it any more"
    )


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("account", "30 calendars do not hold it: their accounts do not list it; "),
        ("participant", "30 calendars do not hold it: their people do not take part; "),
    ],
)
def test_many_calendars_of_others_are_one_sentence(condition: Condition, sentence: str) -> None:
    names = [f"room{number}@{SERVER}" for number in range(30)]
    held = Explanation(str(ROOM), "", (str(ROOM),))
    board = Explanation("board", "owner", ("anna",))

    single, (alike,) = fold([held, *(Explanation(each, condition, (each,)) for each in names), board])

    assert single == [held, board]
    assert alike.describe("100") == f"{sentence}see one with `confcal why 100 CALENDAR`"


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("lists", "30 calendars do not hold it: no account lists it any more"),
        ("schedule", "30 calendars show nothing of it: it has no schedule"),
    ],
)
def test_what_holds_for_every_calendar_is_said_once(condition: Condition, sentence: str) -> None:
    single, (alike,) = fold(Explanation(f"calendar{number}", condition) for number in range(30))

    assert single == []
    assert alike.describe("100") == sentence


@pytest.mark.parametrize(
    "explanations",
    [
        [
            Explanation(f"room{number}@{SERVER}", "account", (f"room{number}@{SERVER}",))
            for number in range(20)
        ],
        [Explanation(f"room{number}@{SERVER}", "", (str(ROOM),)) for number in range(30)],
        [Explanation(f"board{number}", "owner", ("anna",)) for number in range(30)],
    ],
    ids=["a few", "those that hold it", "those of the settings"],
)
def test_other_calendars_are_said_one_by_one(explanations: list[Explanation]) -> None:
    assert fold(explanations) == (explanations, [])


NAMES = some.frozensets(some.sampled_from(["brown", "ivanov", f"anna@{SERVER}"]))
RULES = some.builds(
    Rule,
    owners=NAMES,
    participants=NAMES,
    topics=some.frozensets(some.sampled_from(["*", "board*", "sales"])),
    modes=some.frozensets(some.sampled_from(["pxp", "s|l"])),
    access=some.frozensets(some.sampled_from(["private", "public"])),
    accounts=some.frozensets(some.sampled_from(["lobby", f"ivanov@{SERVER}"])),
)


@given(RULES, some.sampled_from([None, ROOM, DESK]), some.sampled_from(["Board: budget", "sales", "x"]))
async def test_what_is_explained_is_what_the_calendar_holds(
    rule: Rule, account: Account | None, topic: str
) -> None:
    state = await state_of(replace(meeting(), topic=topic))
    made = calendar(rule, account)
    index = ParticipantIndex().after(state.entries)

    held = KEY in {entry.key for entry in entries_of(made, state, index)}

    assert explain(made, state.entries[KEY], state).holds == held
