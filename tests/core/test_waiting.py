"""
What a daemon that was away makes of absences and held lists, and what stands for a held list.
"""

from datetime import timedelta

from tests.core.given import ROOM, many
from tests.core.story import Story


def test_time_that_the_daemon_was_away_is_no_time_that_a_conference_was_missing() -> None:
    story = Story()
    story.hears(*many(2))
    story.hears(*many(1), after=timedelta(minutes=1))
    away = timedelta(days=3)

    waited = story.state.wait_longer(away)

    before, after = story.known().absences["2"], waited.account(ROOM).absences["2"]
    assert after.since - before.since == away


def test_a_hold_waits_for_the_daemon_too() -> None:
    story = Story()
    story.hears(*many(10))
    story.hears(*many(3), after=timedelta(minutes=1))
    held = story.known().held
    assert held

    later = story.state.wait_longer(timedelta(hours=2)).account(ROOM).held

    assert later
    assert (later.since - held.since, later.digest) == (timedelta(hours=2), held.digest)


def test_another_set_of_conferences_has_another_digest() -> None:
    story = Story()
    story.hears(*many(10))
    digests = []
    for left in (3, 2):
        story.hears(*many(left), after=timedelta(minutes=1))
        held = story.known().held
        assert held
        digests.append(held.digest)

    assert digests[0] != digests[1]
