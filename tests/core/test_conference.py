"""
Two conferences are equal when they look the same in a calendar.
"""

from dataclasses import replace

from service.core.conference import Account, Listing, Rejection, Snapshot
from tests.core.given import NOW, ROOM, conference


def test_state_and_session_are_no_part_of_what_a_calendar_shows() -> None:
    assert replace(conference(), state="running", session_id="s1") == conference()


def test_another_topic_is_another_conference() -> None:
    assert replace(conference(), topic="Another") != conference()


def test_an_account_is_written_as_a_trueconf_id() -> None:
    assert str(Account("ivanov", "video.example.com")) == "ivanov@video.example.com"


def test_a_rejection_tells_conference_field_and_reason() -> None:
    assert str(Rejection("7", "schedule.days", "all zero")) == "7: schedule.days: all zero"
    assert str(Rejection("", "id", "missing")) == "(no id): id: missing"


def test_a_doubtful_list_is_not_good() -> None:
    doubtful = Snapshot(ROOM, "lobby", NOW, Listing((), (), ("the user just logged out",)))

    assert Snapshot(ROOM, "lobby", NOW, Listing(())).good
    assert not doubtful.good
