"""
Which conferences a rule lets into a calendar.
"""

from dataclasses import replace
from typing import Any

import pytest

from service.calendars.rules import EVERYTHING, Rule, fits, holds_account
from service.core.account_state import Entry
from service.core.conference import Account, Invitation, Key
from service.core.trueconf_id import full_id
from tests.core.given import REVISION, SERVER, conference


def entry(**differences: Any) -> Entry:
    return Entry(Key(SERVER, "100"), replace(conference(), **differences), REVISION, b"", "lobby")


def rule(**conditions: str) -> Rule:
    """Several values with `|`."""
    return Rule(**{name: frozenset(values.casefold().split("|")) for name, values in conditions.items()})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ivanov", f"ivanov@{SERVER}"),
        ("Ivanov@Other.Example", "ivanov@other.example"),
        ("ivanov@other.example/room-1", "ivanov@other.example"),
        ("ivanov/room-1", f"ivanov@{SERVER}"),
        (" ivanov ", f"ivanov@{SERVER}"),
    ],
)
def test_an_id_is_of_the_conferences_server_unless_it_names_one(written: str, meant: str) -> None:
    assert full_id(written, SERVER.upper()) == meant


def test_a_rule_without_conditions_holds_everything() -> None:
    assert fits(EVERYTHING, entry())
    assert fits(Rule(), entry())
    assert not Rule().narrows
    assert rule(owners="brown").narrows


@pytest.mark.parametrize(
    ("owners", "owner", "held"),
    [
        ("brown", "brown", True),
        ("brown", "Brown@anywhere.example", True),
        ("Brown", "brown", True),
        (f"brown@{SERVER}", "brown", True),
        ("brown@other.example", "brown", False),
        ("brown@other.example", "brown@other.example", True),
        ("brown|ivanov", "ivanov", True),
        ("brown", "brownie", False),
        ("brown", "", False),
    ],
)
def test_an_owner_is_compared_as_an_id(owners: str, owner: str, *, held: bool) -> None:
    assert fits(rule(owners=owners), entry(owner=owner)) is held


def test_a_participant_is_invited_or_owns_the_conference() -> None:
    shown = entry(owner="brown", invitations=(Invitation("ivanov@elsewhere.example", "Ivan"),))

    assert fits(rule(participants="ivanov"), shown)
    assert fits(rule(participants="brown"), shown)
    assert fits(rule(participants="petrov|ivanov@elsewhere.example"), shown)
    assert not fits(rule(participants=f"ivanov@{SERVER}"), shown)
    assert not fits(rule(participants="petrov"), shown)


@pytest.mark.parametrize(
    ("topics", "topic", "held"),
    [
        ("board*", "Board meeting", True),
        ("board*", "The board", False),
        ("*board*", "The board meets", True),
        ("standup", "Stand-up", False),
        ("stand?up", "Stand-Up", True),
        ("*бюджет*", "Обзор БЮДЖЕТА", True),
        ("*a|*b", "ab", True),
        ("*", "", True),
        ("a.c", "abc", False),
        ("a*c", "a\nc", True),
        ("a c", "a\nc", True),
        ("*(x", "(x", True),
        ("straße*", "STRASSE 5", True),
        ("straße*", "Straße 5", True),
        ("İstanbul*", "İstanbul office", True),
        ("[hr]*", "[HR] Interview", True),
        ("[hr]*", "Holiday", False),
        ("[!a]*", "[!a] note", True),
        ("standup", "Standup ", True),
    ],
)
def test_a_topic_is_a_pattern_for_the_whole_of_it_without_case(
    topics: str, topic: str, *, held: bool
) -> None:
    assert fits(Rule(topics=frozenset(topics.casefold().split("|"))), entry(topic=topic)) is held


def test_mode_and_access_are_compared_without_case() -> None:
    shown = entry(mode="S|L", access="private")

    assert fits(Rule(modes=frozenset({"pxp", "s|l"})), shown)
    assert not fits(Rule(modes=frozenset({"oxp"})), shown)
    assert fits(rule(access="private"), shown)
    assert not fits(rule(access="public"), shown)


def test_every_condition_must_hold() -> None:
    both = rule(owners="brown", topics="plan*")

    assert fits(both, entry(owner="brown", topic="Planning"))
    assert not fits(both, entry(owner="brown", topic="Retreat"))
    assert not fits(both, entry(owner="ivanov", topic="Planning"))


@pytest.mark.parametrize(
    ("accounts", "held"), [("lobby", True), (f"LOBBY@{SERVER}", True), ("lobby@other.example", False)]
)
def test_an_account_is_named_as_people_are(accounts: str, *, held: bool) -> None:
    assert holds_account(rule(accounts=accounts), Account("Lobby", SERVER)) is held
    assert holds_account(Rule(), Account("Lobby", SERVER))
