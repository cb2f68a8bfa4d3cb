"""
By which words a conference is found, in which order it is listed, and of which kind it is.
"""

from dataclasses import replace

import pytest

from service.core.conference import Invitation
from service.core.schedule import Schedule, Unscheduled
from service.core.search import LONGEST_WORD, MOST_WORDS, ends_at, kind_of, split_words, title_of, words_of
from tests.core.given import HOUR, conference, once, weekly


def test_words_are_compared_without_case_and_signs_each_once() -> None:
    assert split_words("Plan, PLAN: straße_2 — Ёлка!") == ["plan", "strasse", "2", "ёлка"]


def test_a_very_long_word_is_cut() -> None:
    assert split_words("x" * 100) == ["x" * LONGEST_WORD]


def test_a_conference_is_found_by_topic_id_owner_and_people() -> None:
    invited = replace(conference("100", "Stand-up"), invitations=(Invitation("anna", "Anna Ivanova"),))

    assert words_of(invited) == ["stand", "up", "100", "brown", "anna", "ivanova"]


def test_of_very_many_people_the_first_are_found() -> None:
    people = tuple(Invitation(f"p{number}", "") for number in range(500))

    words = words_of(replace(conference("100", "Plan"), invitations=people))

    assert len(words) == MOST_WORDS
    assert words[3] == "p0"


@pytest.mark.parametrize(("topic", "title"), [("  Plan\tB ", "plan b"), ("", "100"), ("Ж" * 300, "ж" * 200)])
def test_conferences_are_ordered_by_their_topics_or_else_by_id(topic: str, title: str) -> None:
    assert title_of(conference("100", topic)) == title


@pytest.mark.parametrize(
    ("schedule", "kind"), [(once(), "once"), (weekly(), "week"), (Unscheduled(), "none")]
)
def test_each_schedule_is_a_kind_and_only_a_single_meeting_ends(schedule: Schedule, kind: str) -> None:
    one = replace(conference(), schedule=schedule)

    assert kind_of(one) == kind
    assert ends_at(one) == (once().start + HOUR if kind == "once" else None)
