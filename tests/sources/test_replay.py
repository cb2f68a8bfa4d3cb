import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from service.core.conference import Account, Snapshot
from service.core.errors import FrameRejected, SettingsError
from service.sources.recorder import line_of
from service.sources.replay import ListWithoutAccount, RecordedFrame, read_recording, replay
from tests.conftest import SAMPLES
from tests.core.given import NOW, ROOM

LIST = {"method": "event", "event": "conferenceList", "cnt": 0, "conferences": []}
LOGIN = {"method": "getLogin", "isLoggedIn": True, "peerId": "ivanov@video.example.com", "result": True}


def read(data: str | bytes) -> list[RecordedFrame]:
    return read_recording(data if isinstance(data, bytes) else data.encode(), source="lobby", at=NOW)


def played(frames: list[RecordedFrame], **servers: str) -> list[Any]:
    return [outcome for _, outcome in replay(frames, lambda _source: ROOM, servers=servers)]


def line(content: object, source: str = "hall", seconds: int = 0) -> str:
    return line_of(source, json.dumps(content).encode(), NOW + timedelta(seconds=seconds)) + "\n"


def test_a_recording_tells_source_and_time_itself() -> None:
    (only,) = read(line(LIST, seconds=5))

    assert (only.source, only.at) == ("hall", NOW + timedelta(seconds=5))
    assert json.loads(only.frame) == LIST


def test_frames_that_are_no_text_come_back_as_they_were() -> None:
    (only,) = read(line_of("hall", b"\xff\x00{", NOW))

    assert only.frame == b"\xff\x00{"


def test_an_array_with_delays_counts_from_the_first_moment() -> None:
    steps = [{"delay_s": 0, "frame": LIST}, {"delay_s": 2.5, "frame": LIST}, {"frame": json.dumps(LIST)}]

    frames = read(json.dumps(steps))

    assert [each.at - NOW for each in frames] == [timedelta(), timedelta(seconds=2.5), timedelta()]
    assert [each.source for each in frames] == ["lobby"] * 3
    assert json.loads(frames[2].frame) == LIST


@pytest.mark.parametrize("text", [json.dumps(LIST), json.dumps(LIST, indent=2)])
def test_one_event_may_be_the_whole_file(text: str) -> None:
    (only,) = read(text)

    assert (only.source, only.at, only.place) == ("lobby", NOW, "the file")


def test_events_may_be_a_line_each_and_empty_lines_are_none() -> None:
    frames = read(json.dumps(LIST) + "\n\n" + json.dumps(LIST) + "\r\n")

    assert [each.place for each in frames] == ["line 1", "line 3"]


def test_a_line_that_is_no_json_is_an_event_too() -> None:
    frames = read(json.dumps(LIST) + '\n{"method":"event","conf\n')

    assert isinstance(played(frames)[1], FrameRejected)


@pytest.mark.parametrize("data", ["", "\n\n", "[]", "[1, 2]"])
def test_a_file_without_events_is_said_to_be_one(data: str) -> None:
    with pytest.raises(SettingsError, match="holds no events"):
        read(data)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"at": "yesterday", "source": "a", "frame": "{}"}, "'yesterday' is not a moment"),
        ({"at": "2026-11-23T10:00:00", "source": "a", "frame": "{}"}, "has no zone"),
        ({"at": NOW.isoformat(), "source": "a", "frame_base64": "?"}, "frame_base64 is not base64"),
        ([{"delay_s": "soon", "frame": "{}"}], "delay_s 'soon' is not a number"),
        ([{"delay_s": None, "frame": "{}"}], "delay_s None is not a number"),
        ([{"delay_s": 1e300, "frame": "{}"}], r"delay_s 1e\+300 is not a number"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence_with_its_place(content: Any, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as told:
        read(json.dumps(content))

    assert "\n" not in str(told.value)


def test_lists_of_nobody_belong_to_the_account_that_is_given() -> None:
    (only,) = played(read(json.dumps(LIST)))

    assert isinstance(only, Snapshot)
    assert (only.account, only.source, only.received_at) == (ROOM, "lobby", NOW)


def test_a_conversation_is_understood_as_it_was_when_it_happened() -> None:
    (only,) = played(read(line(LOGIN) + line({"method": "getConnected", "result": True}) + line(LIST)))

    assert only.account == Account("ivanov", "video.example.com")


def test_the_server_of_the_settings_counts_in_a_replay_as_well() -> None:
    (only,) = played(read(line(LOGIN) + line(LIST)), hall="conf.example.org")

    assert only.account == Account("ivanov", "conf.example.org")


def test_each_source_is_a_conversation_of_its_own() -> None:
    brown = LOGIN | {"peerId": "brown@video.example.com"}
    recording = line(LOGIN, "a") + line(brown, "b") + line(LIST, "a") + line(LIST, "b")

    outcomes = played(read(recording), a="video.example.com", b="video.example.com")

    assert [(each.source, each.account.peer) for each in outcomes] == [("a", "ivanov"), ("b", "brown")]


def test_posted_lists_beside_a_conversation_wait_for_no_name() -> None:
    recording = line(LOGIN, "lobby") + line(LIST, "hall") + line(LIST, "lobby")
    frames = read(recording)

    outcomes = replay(frames, lambda source: Account(source, "posted.example.com"), servers={"lobby": "a.b"})

    assert [str(each.account) for _, each in outcomes if isinstance(each, Snapshot)] == [
        "hall@posted.example.com",
        "ivanov@a.b",
    ]


def test_a_user_in_an_event_of_a_call_names_nobody() -> None:
    invited = {"method": "event", "event": "inviteReceived", "peerId": "brown@video.example.com"}

    outcomes = played(read(line(invited) + line(LIST)))

    assert [each.account for each in outcomes if isinstance(each, Snapshot)] == [ROOM]


def test_a_list_that_nobody_claims_is_told() -> None:
    frames = read(line(LOGIN) + line(LIST))

    ((recorded, outcome),) = replay(frames, lambda _source: ROOM, servers={})

    assert outcome == ListWithoutAccount()
    assert recorded.place == "line 2"


def test_a_change_of_user_in_a_recording_does_not_mix_their_lists() -> None:
    data = (SAMPLES / "28_session_user_change_frames.json").read_bytes()

    outcomes = [each for each in played(read(data)) if isinstance(each, Snapshot)]

    assert outcomes
    assert all(each.listing.conferences or each.listing.doubts for each in outcomes)


def test_base64_is_what_python_reads_it_as() -> None:
    content = {"at": NOW.isoformat(), "source": "a", "frame_base64": base64.b64encode(b"\xfe").decode()}

    assert read(json.dumps(content))[0].frame == b"\xfe"


@pytest.mark.parametrize("levels", [40, 100_000])
def test_a_deep_document_is_a_rejected_frame_and_no_crash(levels: int) -> None:
    deep = '{"event":"conferenceList","conferences":' + "[" * levels + "]" * levels + "}"

    for data in (deep, f"{deep}\n{deep}\n", f'[{{"frame":{deep}}}]'):
        (*_, last) = played(read(data))

        assert isinstance(last, FrameRejected)


def test_a_recorded_list_of_too_many_conferences_is_refused_by_its_count() -> None:
    (only,) = played(read(line(LIST | {"conferences": [0] * 20_001})))

    assert isinstance(only, FrameRejected)
    assert only.field == "conferences"
