import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.core.conference import Account, Snapshot
from service.trueconf.events import (
    AccountKnown,
    Authorized,
    CommandRefused,
    Event,
    FrameWasRejected,
    ListIgnored,
    LoggedOut,
    PinRejected,
    SnapshotReceived,
)
from service.trueconf.session import Session

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
NOW = datetime(2026, 12, 7, 7, tzinfo=UTC)
FALLBACK = Account("lobby", "10.0.0.5")
ROOM = Account("room1", "video.example.com")
ANSWERS: list[dict[str, Any]] = [
    {"method": "getAppState", "appState": 3, "result": True},
    {"method": "getLogin", "isLoggedIn": True, "peerId": "room1@video.example.com", "result": True},
    {"method": "getSystemInfo", "authInfo": {"peerId": "room1@video.example.com"}, "result": True},
    {"method": "getConnected", "serverInfo": {"domain": "Video.Example.com"}, "result": True},
]


def conference(conference_id: str) -> dict[str, Any]:
    return {"id": conference_id, "schedule_type": "none"}


def listed(*ids: str) -> dict[str, Any]:
    return {"method": "event", "event": "conferenceList", "conferences": [conference(one) for one in ids]}


def login(peer_id: str) -> dict[str, Any]:
    return {"event": "login", "result": 0, "peerId": peer_id}


def app_state(state: int) -> dict[str, Any]:
    return {"event": "appStateChanged", "appState": state}


class Conversation:
    """A session and what came of it, with the time as a number of seconds."""

    def __init__(self, pin: str | None = None, server: str | None = None) -> None:
        self.session = Session(source="lobby", pin=pin, fallback=FALLBACK, server=server)
        self.session.start(NOW)

    def hear(self, *messages: dict[str, Any], at: float = 0) -> list[Event]:
        moment = NOW + timedelta(seconds=at)
        return [event for message in messages for event in self.session.receive(json.dumps(message), moment)]

    def begin(self, *answers: dict[str, Any]) -> list[Event]:
        return self.hear({"method": "auth", "result": True}, *answers)

    def poll(self, *, at: float = 0) -> None:
        self.session.poll(NOW + timedelta(seconds=at))

    def asked(self) -> list[str]:
        return [json.loads(command)["method"] for command in self.session.take_commands()]


def snapshots(events: list[Event]) -> list[Snapshot]:
    return [event.snapshot for event in events if isinstance(event, SnapshotReceived)]


def test_an_endpoint_without_a_pin_is_asked_unsecured() -> None:
    commands = Conversation().session.take_commands()

    assert [json.loads(command) for command in commands] == [
        {"method": "auth", "requestId": "1", "type": "unsecured"}
    ]


def test_the_pin_is_sent_as_credentials() -> None:
    (command,) = Conversation(pin="ABC123").session.take_commands()

    assert json.loads(command) == {
        "method": "auth",
        "requestId": "1",
        "type": "secured",
        "credentials": "ABC123",
    }


def test_once_authorized_everything_is_asked_at_once() -> None:
    talk = Conversation()
    talk.session.take_commands()

    assert talk.begin() == [Authorized()]
    commands = [json.loads(command) for command in talk.session.take_commands()]
    assert [command["method"] for command in commands] == [
        "getAppState",
        "getLogin",
        "getSystemInfo",
        "getConnected",
        "getScheduler",
    ]
    assert [command["requestId"] for command in commands] == ["2", "3", "4", "5", "6"]
    assert talk.asked() == []


def test_a_rejected_pin_is_told_without_the_pin() -> None:
    talk = Conversation(pin="ABC123")

    events = talk.hear({"method": "auth", "result": False, "error": "Wrong ABC123", "resultCode": 3})

    assert events == [PinRejected("Wrong *** (resultCode 3)")]


def test_a_missing_pin_is_told_as_that() -> None:
    (event,) = Conversation().hear({"method": "auth", "result": False, "error": "No"})

    assert event == PinRejected("it asks for a PIN and none is set: No")


def test_a_list_belongs_to_the_user_at_the_servers_domain() -> None:
    talk = Conversation()

    events = talk.begin(*ANSWERS, listed("1"))

    assert events[1] == AccountKnown(ROOM)
    (snapshot,) = snapshots(events)
    assert (snapshot.account, snapshot.source, snapshot.received_at) == (ROOM, "lobby", NOW)
    assert [one.id for one in snapshot.listing.conferences] == ["1"]
    assert snapshot.good


def test_the_servers_name_can_be_overridden() -> None:
    events = Conversation(server="Meet.Example.org").begin(*ANSWERS[:2], listed("1"))

    assert snapshots(events)[0].account == Account("room1", "meet.example.org")


@pytest.mark.parametrize(
    ("peer_id", "account"),
    [
        ("room1@Partner.example/4f1c", Account("room1", "partner.example")),
        ("room1/4f1c", Account("room1", "10.0.0.5")),
        ("room1", Account("room1", "10.0.0.5")),
    ],
)
def test_without_a_domain_the_users_id_or_the_fallback_tells_the_server(
    peer_id: str, account: Account
) -> None:
    events = Conversation().begin(
        {"method": "getLogin", "isLoggedIn": True, "peerId": peer_id, "result": True},
        {"method": "getConnected", "result": False, "error": "No"},
        listed("1"),
    )

    assert snapshots(events)[0].account == account


def test_a_list_before_the_identity_waits_and_only_the_newest_counts() -> None:
    talk = Conversation()

    early = talk.begin(listed("1"), listed("2"))
    late = talk.hear(*ANSWERS)

    assert snapshots(early) == []
    (snapshot,) = snapshots(late)
    assert [one.id for one in snapshot.listing.conferences] == ["2"]


def test_an_endpoint_that_refuses_to_name_its_user_gets_the_fallback() -> None:
    talk = Conversation()

    refused = talk.begin(
        listed("1"),
        *(
            {"method": name, "result": False, "error": "No"}
            for name in ("getLogin", "getSystemInfo", "getConnected")
        ),
    )

    assert CommandRefused("getlogin", "No") in refused
    assert snapshots(refused)[0].account == FALLBACK


def test_an_endpoint_that_never_answers_about_its_user_gets_the_fallback_after_a_while() -> None:
    talk = Conversation()

    assert snapshots(talk.begin(listed("1"))) == []
    assert snapshots(talk.hear(listed("1"), at=29)) == []
    assert snapshots(talk.hear(listed("1"), at=31))[0].account == FALLBACK


@pytest.mark.parametrize(
    "farewell",
    [
        {"event": "logout", "result": 0},
        {"event": "serverDisconnected"},
        app_state(0),
        app_state(1),
        app_state(2),
        {"method": "getLogin", "isLoggedIn": False, "result": True},
    ],
)
def test_a_list_while_nobody_is_logged_in_belongs_to_nobody(farewell: dict[str, Any]) -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)

    assert talk.hear(farewell, listed()) == [LoggedOut(), ListIgnored("nobody is logged in")]


@pytest.mark.parametrize("state", [3, 4, 5, 6])
def test_in_a_call_the_user_is_logged_in(state: int) -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)

    assert len(snapshots(talk.hear(app_state(state), listed("1")))) == 1


def test_a_logout_drops_the_list_that_waited() -> None:
    talk = Conversation()

    events = talk.begin(listed("1"), {"event": "logout"})

    assert events[1:] == [ListIgnored("the user logged out before it was known"), LoggedOut()]
    assert snapshots(talk.hear(login("petrova@video.example.com"), at=31)) == []


def test_a_list_that_waited_is_not_given_to_the_user_of_the_next_connection() -> None:
    talk = Conversation()
    talk.begin(listed("1"))
    assert talk.session.has_waiting_list
    talk.session.start(NOW + timedelta(seconds=5))

    assert snapshots(talk.begin(*ANSWERS)) == []


def test_a_list_that_waited_is_not_given_to_the_next_user() -> None:
    talk = Conversation()
    talk.begin(login("room1"), listed("1"))
    assert talk.session.has_waiting_list

    events = talk.hear(login("petrova"))

    assert events == [ListIgnored("the login changed before the user was known")]
    assert snapshots(talk.hear(ANSWERS[3])) == []


def test_after_a_lost_server_its_domain_is_asked_for_again() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS, {"event": "serverDisconnected"})

    early = talk.hear(login("petrova"), listed("1"))
    elsewhere = {"method": "getConnected", "serverInfo": {"domain": "other.example.com"}, "result": True}
    (snapshot,) = snapshots(talk.hear(elsewhere))

    assert snapshots(early) == []
    assert snapshot.account == Account("petrova", "other.example.com")


def test_another_user_makes_the_session_ask_anew_and_doubt_lists_for_two_minutes() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)
    talk.asked()

    change = talk.hear(login("petrova@video.example.com"), at=100)
    soon = snapshots(talk.hear(listed("1"), at=140))
    later = snapshots(talk.hear(listed("1"), at=220))

    assert talk.asked() == ["getScheduler", "getLogin", "getConnected"]
    assert change == [AccountKnown(Account("petrova", "video.example.com"))]
    assert [snapshot.listing.doubts for snapshot in (*soon, *later)] == [("login changed 40 s ago",), ()]


def test_the_same_user_named_again_is_no_change() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)
    talk.asked()

    assert talk.hear(login("Room1@video.example.com/2"), at=100) == []
    assert snapshots(talk.hear(listed("1"), at=101))[0].good
    assert talk.asked() == ["getScheduler"]


def test_the_first_login_is_no_change() -> None:
    talk = Conversation()

    events = talk.begin(*ANSWERS, login("room1@video.example.com"), listed("1"))

    assert snapshots(events)[0].good


def test_a_login_after_a_logout_is_a_change_even_of_the_same_user() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS, {"event": "logout"})

    events = talk.hear(login("room1@video.example.com"), listed(), at=10)

    assert snapshots(events)[0].listing.doubts == ("login changed 0 s ago",)


def test_a_user_who_changed_while_the_socket_was_closed_is_noticed() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)
    talk.session.start(NOW + timedelta(seconds=10))

    events = talk.begin(
        {"method": "getLogin", "isLoggedIn": True, "peerId": "petrova@video.example.com"}, ANSWERS[3]
    )

    assert events == [Authorized(), AccountKnown(Account("petrova", "video.example.com"))]
    assert not snapshots(talk.hear(listed("1"), at=20))[0].good


def test_a_change_of_user_that_no_event_announced_is_noticed_by_the_poll() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)
    talk.asked()
    talk.poll()

    assert talk.asked() == ["getLogin", "getScheduler"]
    events = talk.hear(
        {"method": "getLogin", "isLoggedIn": True, "peerId": "petrova@video.example.com"}, at=600
    )
    assert events == [AccountKnown(Account("petrova", "video.example.com"))]


@pytest.mark.parametrize(
    "trigger",
    [
        login("room1@video.example.com"),
        {"event": "serverConnected", "domain": "video.example.com"},
        app_state(3),
        {"event": "conferenceDeleted", "confId": "1"},
    ],
)
def test_events_that_may_change_the_list_ask_for_it_early(trigger: dict[str, Any]) -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)
    talk.asked()
    talk.hear(trigger, trigger)

    assert talk.asked() == ["getScheduler"]


def test_a_poll_before_authorization_asks_for_that_but_not_in_a_storm() -> None:
    talk = Conversation()
    talk.asked()

    talk.poll(at=1)
    assert talk.asked() == []
    talk.poll(at=6)
    assert talk.asked() == ["auth"]


def test_a_spent_token_is_renewed_but_not_in_a_storm() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)
    talk.asked()

    talk.hear({"event": "authorizationNeeded"}, at=4)
    assert talk.asked() == []
    talk.hear({"event": "authorizationNeeded"}, at=6)
    assert talk.asked() == ["auth"]
    talk.hear({"event": "authorizationNeeded"}, at=7)
    assert talk.asked() == []


def test_a_refused_list_is_no_list_and_the_next_poll_tries_authorization() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)
    talk.asked()

    events = talk.session.receive((SAMPLES / "27_getScheduler_result_false.json").read_bytes(), NOW)

    assert [(type(event), event.field) for event in events if isinstance(event, FrameWasRejected)] == [
        (FrameWasRejected, "result")
    ]
    talk.poll(at=300)
    assert talk.asked() == ["auth"]
    talk.begin(*ANSWERS)
    talk.asked()
    talk.poll(at=600)
    assert talk.asked() == ["getLogin", "getScheduler"]


def test_a_broken_frame_does_not_make_a_refused_list_a_good_one() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)
    talk.asked()
    talk.session.receive((SAMPLES / "27_getScheduler_result_false.json").read_bytes(), NOW)
    talk.session.receive('{"event":"conf', NOW)

    talk.poll(at=300)

    assert talk.asked() == ["auth"]


def test_a_broken_frame_changes_nothing() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)

    (event,) = talk.session.receive((SAMPLES / "29_malformed_truncated_frame.json").read_bytes(), NOW)

    assert isinstance(event, FrameWasRejected)
    assert snapshots(talk.hear(listed("1")))[0].account == ROOM


def test_a_recorded_change_of_user_leaves_the_first_users_list_alone() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS, listed("1", "2"))
    frames = json.loads((SAMPLES / "28_session_user_change_frames.json").read_bytes())

    events = [event for one in frames for event in talk.hear(one["frame"], at=1000 + one["delay_s"])]

    assert [event for event in events if isinstance(event, ListIgnored)] == [
        ListIgnored("nobody is logged in")
    ]
    (snapshot,) = snapshots(events)
    assert snapshot.account == Account("petrova", "video.example.com")
    assert [one.id for one in snapshot.listing.conferences] == ["8120033741"]
    assert snapshot.good


def test_only_the_latest_questions_are_open_after_a_reconnect() -> None:
    talk = Conversation()
    talk.begin()
    talk.session.start(NOW + timedelta(seconds=60))

    assert talk.asked() == ["auth"]


def test_while_nobody_is_logged_in_only_the_user_is_asked_for() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS, {"event": "logout"})
    talk.asked()

    talk.poll(at=300)

    assert talk.asked() == ["getAppState", "getLogin"]


def test_a_list_refused_as_nobody_is_logged_in_is_no_rejected_input() -> None:
    talk = Conversation()

    events = talk.begin(
        {"method": "getLogin", "isLoggedIn": False, "result": True},
        {"method": "getScheduler", "result": False, "error": "Not logged in"},
    )

    assert events == [Authorized(), LoggedOut(), CommandRefused("getscheduler", "nobody is logged in")]
    talk.asked()
    talk.poll(at=300)
    assert "auth" not in talk.asked()


def test_a_login_that_no_event_announced_is_noticed_by_the_poll() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS, {"event": "logout"})
    talk.asked()

    talk.hear(ANSWERS[1], at=600)

    assert talk.asked() == ["getLogin", "getConnected", "getScheduler"]


@pytest.mark.parametrize(
    "refusal",
    [
        {"method": "getScheduler", "error": "Access denied"},
        {"method": "getLogin", "error": "Access denied"},
        {"method": "getLogin", "error": "Access denied", "result": False},
        {"error": "Access denied"},
    ],
)
def test_whatever_form_a_refusal_has_the_next_poll_tries_authorization(refusal: dict[str, Any]) -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)
    talk.asked()

    talk.hear(refusal)
    talk.poll(at=300)

    assert talk.asked() == ["auth"]


def test_an_endpoint_that_gives_its_list_is_authorized_whatever_else_it_refuses() -> None:
    talk = Conversation()
    talk.begin({"method": "getLogin", "error": "No"}, listed("1"))
    talk.asked()

    talk.poll(at=300)

    assert talk.asked() == ["getLogin", "getScheduler"]


def test_a_clock_that_was_set_back_does_not_keep_the_session_from_authorizing() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)
    talk.asked()

    talk.hear({"event": "authorizationNeeded"}, at=-3 * 3600)

    assert talk.asked() == ["auth"]


def test_a_clock_that_was_set_back_begins_the_wait_after_a_login_anew() -> None:
    talk = Conversation()
    talk.begin(*ANSWERS)
    talk.hear(login("petrova@video.example.com"), at=100)

    goods = [
        snapshot.good
        for seconds in (0, 119, 120)
        for snapshot in snapshots(talk.hear(listed("1"), at=-3 * 3600 + seconds))
    ]

    assert goods == [False, False, True]


def test_what_no_database_takes_does_not_get_into_an_account() -> None:
    talk = Conversation()
    connected = {"method": "getConnected", "serverInfo": {"domain": "v.exa\x00mple\x7f"}, "result": True}

    (snapshot,) = snapshots(talk.begin(*ANSWERS[:3], connected, listed("1")))

    assert snapshot.account == Account("room1", "v.example")
