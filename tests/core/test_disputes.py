"""
Which disputes between accounts are told of.
"""

from dataclasses import replace
from datetime import timedelta

from service.core.conference import Key
from service.core.disputes import find_disputes
from service.core.revision import Policy
from service.core.vevent import Rendering
from tests.core.given import DESK, MOSCOW, ROOM, SERVER, conference, once
from tests.core.story import Story

EARLY, LATE = conference(schedule=once("2026-11-02 09:00")), conference(schedule=once("2026-11-02 11:00"))
OTHER = replace(EARLY, id="200", topic="Retro")


def disputed() -> Story:
    """Two accounts that have told different hours of one conference for a while, and agree on another."""
    story = Story(Policy(default=Rendering(MOSCOW)))
    for _ in range(4):
        story.hears(EARLY, OTHER, account=ROOM, after=timedelta(minutes=5))
        story.hears(LATE, OTHER, account=DESK, after=timedelta(minutes=5))
    return story


def test_a_dispute_names_the_conference_what_each_account_tells_and_whose_word_counts() -> None:
    story = disputed()

    (found,) = find_disputes(story.state, story.policy, story.now)

    assert (found.key, found.topic) == (Key(SERVER, "100"), "Planning")
    assert [report.account for report in found.reports] == sorted([ROOM, DESK])
    counting = {report.account: report.conference.schedule for report in found.reports}[found.counts]
    assert counting == story.entry("100").conference.schedule


def test_what_differs_for_a_short_while_is_no_dispute_yet() -> None:
    story = Story(Policy(default=Rendering(MOSCOW)))
    story.hears(EARLY, account=ROOM)
    story.hears(LATE, account=DESK, after=timedelta(minutes=1))

    assert find_disputes(story.state, story.policy, story.now) == []


def test_accounts_that_agree_again_have_no_dispute() -> None:
    story = disputed()
    story.hears(LATE, OTHER, account=ROOM, after=timedelta(minutes=5))

    assert find_disputes(story.state, story.policy, story.now) == []
