"""
Whose lists an endpoint may not deliver: those of other users than the pinned one, and of impossible names.
"""

from typing import Any

import pytest

from service.core.conference import Account
from service.trueconf.events import (
    AccountKnown,
    Event,
    FrameWasRejected,
    ListRefused,
    LoggedOut,
    SnapshotReceived,
)
from service.trueconf.session import Session
from tests.trueconf.test_session import (
    ANSWERS,
    FALLBACK,
    NOW,
    ROOM,
    Conversation,
    app_state,
    listed,
    login,
    snapshots,
)

LONG = "u" * 256 + "@video.example.com"


class Pinned(Conversation):
    """A conversation with an endpoint that is pinned to an account."""

    def __init__(self, pinned: Account, fallback: Account = FALLBACK) -> None:
        super().__init__()
        self.session = Session(source="lobby", pin=None, fallback=fallback, server=None, pinned=pinned)
        self.session.start(NOW)


def refusals(events: list[Event]) -> list[str]:
    return [event.reason for event in events if isinstance(event, ListRefused)]


@pytest.mark.parametrize("peer", ["room1", "ROOM1"])
def test_lists_of_the_pinned_user_are_taken(peer: str) -> None:
    events = Pinned(Account(peer, "video.example.com")).begin(*ANSWERS, listed("1"))

    assert [each.account for each in snapshots(events)] == [ROOM]
    assert AccountKnown(ROOM) in events


def test_lists_of_another_user_are_refused_with_the_reason() -> None:
    events = Pinned(Account("ivanov", "video.example.com")).begin(*ANSWERS, listed("1"), listed("1"))

    reasons = refusals(events)
    assert len(reasons) == 2
    assert "of room1@video.example.com, another user than ACCOUNT; log in as ivanov@" in reasons[0]
    assert not snapshots(events)
    assert AccountKnown(ROOM) not in events


def test_a_user_who_comes_back_is_taken_with_doubts_at_first() -> None:
    talk = Pinned(ROOM)
    talk.begin(*ANSWERS, listed("1"))

    other = talk.hear(login("ivanov@video.example.com"), *ANSWERS[3:], listed("2"), at=600)
    back = talk.hear(login("room1@video.example.com"), *ANSWERS[3:], listed("1"), at=700)

    assert refusals(other)
    assert not snapshots(other)
    (snapshot,) = snapshots(back)
    assert (snapshot.account, snapshot.good) == (ROOM, False)


def test_an_endpoint_that_names_nobody_shows_the_pinned_user() -> None:
    silent = [{"method": "getLogin", "result": True}, {"method": "getSystemInfo", "result": True}]

    events = Pinned(ROOM, fallback=ROOM).begin(*silent, ANSWERS[3], listed("1"))

    assert [each.account for each in snapshots(events)] == [ROOM]


@pytest.mark.parametrize(
    "naming",
    [
        {"method": "getLogin", "isLoggedIn": True, "peerId": LONG, "result": True},
        {"method": "getSystemInfo", "authInfo": {"peerId": LONG}, "result": True},
        {"event": "login", "result": 0, "peerId": LONG},
        {"event": "login", "result": 0, "peerId": "room1@" + "s" * 256},
    ],
)
def test_a_user_with_an_impossible_name_gets_nobody_s_calendar(naming: dict[str, Any]) -> None:
    talk = Conversation()
    talk.begin(*ANSWERS, listed("1"))

    (rejected,) = talk.hear(naming, at=60)
    later = [*talk.hear(listed("2"), at=61), *talk.hear(listed("2"), at=3600)]

    assert isinstance(rejected, FrameWasRejected)
    assert rejected.field == "peerId"
    assert rejected.reason.endswith("is longer than 255 characters")
    assert len(refusals(later)) == len(later) == 2


def test_a_usable_name_ends_the_refusal() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS, listed("1"))
    talk.hear(login(LONG), at=60)

    events = talk.hear(login("room1@video.example.com"), *ANSWERS[3:], listed("1"), at=120)

    (snapshot,) = snapshots(events)
    assert (snapshot.account, snapshot.good) == (ROOM, False)


def test_a_logout_ends_the_refusal() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)
    talk.hear(login(LONG), at=60)

    assert talk.hear(app_state(2), at=61) == [LoggedOut()]
    assert snapshots(talk.hear(app_state(3), *ANSWERS, listed("1"), at=500))


@pytest.mark.parametrize(
    "locating",
    [
        {"method": "getConnected", "serverInfo": {"domain": "s" * 256}, "result": True},
        {"method": "getServerDomain", "domain": "s" * 256, "result": True},
        {"event": "serverConnected", "domain": "s" * 256},
    ],
)
def test_a_server_with_an_impossible_name_is_refused_unless_it_is_set(locating: dict[str, Any]) -> None:
    told, given = Conversation(), Conversation(server="video.example.com")

    without = told.begin(*ANSWERS[:3], locating, listed("1"))
    with_server = given.begin(*ANSWERS[:3], locating, listed("1"))

    assert FrameWasRejected in map(type, without)
    (reason,) = refusals(without)
    assert "no usable name (domain: the server is longer than 255 characters)" in reason
    assert SnapshotReceived in map(type, with_server)


def test_a_usable_server_ends_the_refusal() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS[:3], {"method": "getConnected", "serverInfo": {"domain": "s" * 256}}, listed("1"))

    (snapshot,) = snapshots(talk.hear(ANSWERS[3], listed("1"), at=60))

    assert snapshot.account == ROOM


def test_255_characters_are_a_name() -> None:
    talk = Conversation()
    longest = "u" * 255
    answers = [each | {"peerId": f"{longest}@video.example.com"} for each in ANSWERS[1:2]]

    (snapshot,) = snapshots(talk.begin(*answers, *ANSWERS[3:], listed("1")))

    assert snapshot.account.peer == longest
