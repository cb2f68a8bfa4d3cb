import copy
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.core.conference import Conference, Listing
from service.core.errors import FrameRejected
from service.core.schedule import Once, Unscheduled, Weekday, Weekly
from service.trueconf.frames import (
    AppState,
    AuthorizationNeeded,
    AuthReply,
    ConferenceDeleted,
    Connected,
    Frame,
    ListFrame,
    LoggedIn,
    LoginReply,
    Logout,
    Other,
    Refused,
    ServerConnected,
    ServerDisconnected,
    SystemInfo,
)
from service.trueconf.wire import Decoder, list_of

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
START = 1796713200  # Tuesday 2026-12-08 07:00 UTC
CONFERENCE: dict[str, Any] = {
    "id": "0048411003",
    "topic": "Review",
    "owner": "brown",
    "schedule_type": "once",
    "schedule": {"start_time": START, "duration": 3600},
}


def sample(name: str) -> bytes:
    return next(SAMPLES.glob(f"{name}_*.json")).read_bytes()


def frame(*conferences: Any, **rest: Any) -> bytes:
    return json.dumps({"event": "conferenceList", "conferences": conferences} | rest).encode()


def listing(*conferences: Any, **rest: Any) -> Listing:
    return list_of(frame(*conferences, **rest))


def only(**changes: Any) -> Conference:
    (conference,) = listing(CONFERENCE | changes).conferences
    return conference


def scheduled(**changes: Any) -> dict[str, Any]:
    return {"schedule": CONFERENCE["schedule"] | changes}


def weekly(days: Any) -> dict[str, Any]:
    return {"schedule_type": "week", **scheduled(days=days)}


def refusal(**changes: Any) -> tuple[str, str]:
    result = listing(CONFERENCE | changes)
    assert result.conferences == ()
    (rejection,) = result.rejections
    return rejection.field, rejection.reason


@pytest.mark.parametrize(
    ("name", "ids", "rejected", "doubts"),
    [
        ("01", ["true_webinar"], [], []),
        ("02", ["0048411007"], [], []),
        ("03", ["0048411003"], [], []),
        ("04", ["3413915491"], [], []),
        ("05", ["meeting_room_5", "8120033741", "daily_standup", "4410098123"], [], []),
        ("06", [], [], []),
        ("07", ["9001122334"], [], []),
        ("08", ["1", "2"], [], ["cnt says 3, the list has 2"]),
        ("09", ["0077", "0078"], [], []),
        ("10", ["0048411010"], [], []),
        ("11", ["0048411008", "0048881003"], [], []),
        ("12", ["m1", "m2", "m3", "m4"], [], []),
        ("13", ["u2"], [("u1", "schedule_type")], []),
        ("14", ["night_ops"], [], []),
        ("15", ["night_ops"], [], []),
        ("16", ["d5", "d6", "d8"], [(f"d{n}", "schedule.days") for n in (1, 2, 3, 4, 7)], []),
        (
            "17",
            ["t1", "t3", "t4", "t5", "t8"],
            [
                ("t2", "schedule.duration"),
                ("t6", "schedule.start_time"),
                ("t7", "schedule.start_time"),
                ("t9", "schedule.start_time"),
            ],
            [],
        ),
        ("18", ["s5"], [*((f"s{n}", "schedule") for n in (1, 2, 3, 4)), ("s6", "schedule_type")], []),
        ("19", ["DUP1", "48411003"], [("", "id"), ("dup1", "id")], []),
        ("20", ["x1", "x2", "x3", "x4"], [], []),
        ("21", ["0048411021"], [], []),
        ("22", ["5551002003"], [], []),
    ],
)
def test_each_sample_list_gives_these_conferences_rejections_and_doubts(
    name: str, ids: list[str], rejected: list[tuple[str, str]], doubts: list[str]
) -> None:
    result = list_of(sample(name))

    assert [conference.id for conference in result.conferences] == ids
    assert [(rejection.conference_id, rejection.field) for rejection in result.rejections] == rejected
    assert list(result.doubts) == doubts


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("23", "succeed: false"),
        ("24", "method: not a conferenceList event nor a getScheduler reply"),
        ("25", "method: not a conferenceList event"),
        ("26", "result: false"),
        ("27", "result: false"),
        ("28", "frame: expected an object, got a list"),
        ("29", "frame: no valid JSON at byte 325 of 328"),
        ("30", "method: not a conferenceList event"),
    ],
)
def test_samples_that_are_no_list_are_rejected_as_a_whole(name: str, message: str) -> None:
    with pytest.raises(FrameRejected, match=f"^{message}"):
        list_of(sample(name))


def test_every_sample_has_its_expectation() -> None:
    assert sorted(path.name[:2] for path in SAMPLES.glob("*.json")) == [f"{n:02}" for n in range(1, 31)]


def test_the_documented_example_is_read_field_for_field() -> None:
    (conference,) = list_of(sample("01")).conferences

    assert (conference.topic, conference.owner, conference.mode) == ("Webinar", "brown", "PxP")
    assert (conference.access, conference.state, conference.url) == ("public", "stopped", None)
    assert conference.created_at == datetime(2023, 4, 21, 12, 14, 9, tzinfo=UTC)
    assert conference.schedule == Once(datetime(2023, 4, 27, 10, tzinfo=UTC), timedelta(hours=8))
    assert [(invited.id, invited.display_name) for invited in conference.invitations] == [
        ("brown@video.example.com", "Elle Brown"),
        ("smith@video.example.com", "Joe Smith"),
    ]


def test_variant_b_tells_its_schedule_by_number_and_brings_the_join_link() -> None:
    (once,) = list_of(sample("04")).conferences
    (weekly_one,) = list_of(sample("22")).conferences

    assert once.schedule == Once(datetime(2020, 11, 21, 9, tzinfo=UTC), timedelta(hours=8))
    assert (once.mode, once.url) == ("", "https://some.server/c/34139")
    assert isinstance(weekly_one.schedule, Weekly)
    assert weekly_one.schedule.days == {Weekday.MO, Weekday.WE}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(-1, Unscheduled), ("-1", Unscheduled), ("1", Once), ("once", Once), ("none", Unscheduled)],
)
def test_the_type_of_variant_b_may_be_a_number_digits_or_a_word(kind: Any, expected: type) -> None:
    bare = {key: value for key, value in CONFERENCE.items() if key != "schedule_type"}

    (conference,) = listing(bare | scheduled(type=kind)).conferences

    assert isinstance(conference.schedule, expected)


def test_an_unknown_type_of_variant_b_is_named() -> None:
    bare = {key: value for key, value in CONFERENCE.items() if key != "schedule_type"}

    (rejection,) = listing(bare | scheduled(type=2)).rejections

    assert str(rejection) == "0048411003: schedule.type: '2' is unknown, expected none, once or week"


def test_a_virtual_room_is_unscheduled_even_with_a_schedule() -> None:
    assert only(schedule_type="none").schedule == Unscheduled()


@pytest.mark.parametrize(
    "written",
    [
        START,
        START + 0.75,
        str(START),
        f"{START}.5",
        "2026-12-08T07:00:00Z",
        "2026-12-08T10:00:00+03:00",
        "2026-12-08 07:00",
        "2026-12-08T07:00:00.9Z",
    ],
)
def test_a_start_time_in_any_form_is_the_same_moment(written: Any) -> None:
    assert only(**scheduled(start_time=written)).schedule == Once(
        datetime(2026, 12, 8, 7, tzinfo=UTC), timedelta(hours=1)
    )


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (None, "missing"),
        (True, "expected Unix seconds or an ISO-8601 time, got a boolean"),
        ("soon", "expected Unix seconds or an ISO-8601 time, got other text"),
        ("2026-12-08", "expected Unix seconds or an ISO-8601 time, got other text"),
        ([], "expected Unix seconds or an ISO-8601 time, got a list"),
        (0, "0 is outside 2000-01-01..2100-01-01"),
        (-1, "-1 is outside 2000-01-01..2100-01-01"),
        ("9999-12-31T23:59:59-14:00", "253402351199 is outside 2000-01-01..2100-01-01"),
        (START * 1000, f"{START * 1000} looks like milliseconds, expected seconds"),
        (10**30, "10000000000000000000 is outside 2000-01-01..2100-01-01"),
    ],
)
def test_an_impossible_start_time_is_rejected_with_its_reason(written: Any, reason: str) -> None:
    assert refusal(**scheduled(start_time=written)) == ("schedule.start_time", reason)


@pytest.mark.parametrize("written", [None, 0, "", "0", 0.0])
def test_a_conference_without_a_length_lasts_an_hour(written: Any) -> None:
    assert only(**scheduled(duration=written)).schedule == only().schedule


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (-60, "-60 is negative"),
        ("long", "expected seconds, got other text"),
        (False, "expected seconds, got a boolean"),
        (604801, "longer than seven days (604801 seconds)"),
        (691200, "longer than seven days (691200 seconds)"),
        (25 * 86400, "longer than seven days (2160000 seconds)"),
        (10**9, "longer than seven days (1000000000 seconds)"),
        (10**400, "longer than seven days (10000000000000000000 seconds)"),
        (3600_000, "3600000 looks like milliseconds, expected seconds"),
        (900_000, "900000 looks like milliseconds, expected seconds"),
        (86400_000, "86400000 looks like milliseconds, expected seconds"),
    ],
)
def test_an_impossible_duration_is_rejected_with_its_reason(written: Any, reason: str) -> None:
    assert refusal(**scheduled(duration=written)) == ("schedule.duration", reason)


@pytest.mark.parametrize(
    "written",
    [
        [1, 0, 1, 0, 0, 0, 0],
        ["1", "0", "1", "0", "0", "0", "0"],
        [True, False, True, False, False, False, False],
        ["sunday", "Tue"],
        ["TU", "SU", "su"],
    ],
)
def test_weekdays_are_flags_from_sunday_or_names(written: Any) -> None:
    schedule = only(**weekly(written)).schedule

    assert isinstance(schedule, Weekly)
    assert schedule.days == {Weekday.SU, Weekday.TU}


@pytest.mark.parametrize(
    "written",
    [None, [], [0] * 7, [1] * 8, [1, 0, 2, 0, 0, 0, 0], ["someday"], "0010000", 3, {"mo": 1}, [[1]] * 7],
)
def test_other_weekdays_are_rejected(written: Any) -> None:
    assert refusal(**weekly(written))[0] == "schedule.days"


@pytest.mark.parametrize("written", ["", "  ", None, True, 1.5, [], {}, "x" * 256, 10**255])
def test_an_unusable_id_is_rejected_under_no_id(written: Any) -> None:
    (rejection,) = listing(CONFERENCE | {"id": written}).rejections

    assert (rejection.conference_id, rejection.field) == ("", "id")


def test_an_id_of_255_characters_is_one() -> None:
    assert only(id="x" * 255).id == "x" * 255


@pytest.mark.parametrize(
    ("field", "changed", "part"),
    [
        ("owner", {"owner": "u" * 256}, "user"),
        ("owner", {"owner": f"brown@{'s' * 256}"}, "server"),
        ("owner", {"owner": f"brown@server/{'i' * 256}"}, "instance"),
        ("invitations.id", {"invitations": [{"id": "a"}, {"id": "u" * 256 + "@server"}]}, "user"),
    ],
)
def test_a_person_whose_name_is_too_long_rejects_that_conference_alone(
    field: str, changed: dict[str, Any], part: str
) -> None:
    result = listing(CONFERENCE | changed, CONFERENCE | {"id": "other"})

    (rejection,) = result.rejections
    assert (rejection.field, rejection.reason) == (field, f"the {part} is longer than 255 characters")
    assert [conference.id for conference in result.conferences] == ["other"]


def test_each_part_of_a_person_s_id_may_have_255_characters() -> None:
    longest = f"{'u' * 255}@{'s' * 255}/{'i' * 255}"

    assert only(owner=longest).owner == longest


def test_leading_zeros_and_case_of_an_id_are_kept() -> None:
    result = listing(*(CONFERENCE | {"id": written} for written in ("007", "7", 7.0, "Ab", "aB", 12)))

    assert [conference.id for conference in result.conferences] == ["007", "7", "Ab", "aB", "12"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("0xP", "OxP"), ("oxp", "OxP"), ("pxp", "PxP"), ("s|l", "S|L"), ("S|L Auto", "S|L Auto"), (None, "")],
)
def test_documented_modes_get_their_canonical_spelling(sent: Any, kept: str) -> None:
    assert only(mode=sent).mode == kept


def test_wrong_types_of_optional_fields_reject_nothing() -> None:
    conference = only(
        topic=2026,
        owner=["x"],
        access=None,
        state={},
        url="ftp://x",
        created_at="long ago",
        invitations="all",
    )

    assert (conference.topic, conference.owner, conference.access, conference.state) == ("2026", "", "", "")
    assert (conference.url, conference.created_at, conference.invitations) == (None, None, ())


def test_bad_invitations_are_skipped() -> None:
    invited = only(
        invitations=[{"id": 5}, None, {"display_name": "X"}, {"id": "a", "display_name": None}]
    ).invitations

    assert [(one.id, one.display_name) for one in invited] == [("5", ""), ("a", "")]


def test_an_invited_id_has_no_blanks_around_it_and_of_blanks_alone_is_none() -> None:
    invited = only(
        invitations=[{"id": " anna@server\t", "display_name": " Anna "}, {"id": " ", "display_name": "X"}]
    ).invitations

    assert [(one.id, one.display_name) for one in invited] == [("anna@server", " Anna ")]


def test_twins_are_merged_and_contradictions_are_rejected_once() -> None:
    other = CONFERENCE | {"topic": "Other"}

    merged = listing(CONFERENCE, CONFERENCE | {"state": "running"})
    contradiction = listing(CONFERENCE, other, CONFERENCE)
    half_broken = listing(CONFERENCE, CONFERENCE | {"schedule": None})

    assert (len(merged.conferences), merged.rejections) == (1, ())
    assert contradiction.conferences == half_broken.conferences == ()
    (rejection,) = contradiction.rejections
    assert (rejection.field, rejection.reason) == ("id", "listed twice with different content")
    assert len(json.loads(rejection.raw)) == 3
    assert [rejection.field for rejection in half_broken.rejections] == ["schedule"]


@pytest.mark.parametrize(
    ("cnt", "doubts"),
    [
        (1, ()),
        ("1", ()),
        (None, ()),
        (0, ("cnt says 0, the list has 1",)),
        ("2", ("cnt says 2, the list has 1",)),
        ("many", ("cnt is not a number",)),
        (True, ("cnt is not a number",)),
        ([], ("cnt is not a number",)),
    ],
)
def test_a_cnt_that_disagrees_is_a_doubt(cnt: Any, doubts: tuple[str, ...]) -> None:
    assert listing(CONFERENCE, cnt=cnt).doubts == doubts


def test_an_entry_that_is_no_object_is_rejected_alone_and_kept_for_inspection() -> None:
    result = listing("what?", CONFERENCE)

    assert [conference.id for conference in result.conferences] == ["0048411003"]
    assert [(one.field, one.raw) for one in result.rejections] == [("conferences", b'"what?"')]


def test_an_unchanged_conference_is_the_identical_object() -> None:
    decoder = Decoder()
    before = decoder.decode(frame(CONFERENCE, CONFERENCE | {"id": "2"}))
    after = decoder.decode(frame(CONFERENCE | {"id": "2", "topic": "New"}, CONFERENCE))

    assert isinstance(before, ListFrame)
    assert isinstance(after, ListFrame)
    assert after.listing.conferences[1] is before.listing.conferences[0]
    assert after.listing.conferences[0].topic == "New"


@pytest.mark.parametrize(
    ("damaged", "topic"),
    [
        (frame(CONFERENCE).replace(b"Review", b"a\\ud800b"), "a\ufffdb"),
        (frame(CONFERENCE).replace(b"Review", b"\\ud83d\\ude00"), "\U0001f600"),
        (b"\xef\xbb\xbf" + frame(CONFERENCE), "Review"),
        (frame(CONFERENCE).replace(b"Review", b"a\x01b"), "a\x01b"),
        (frame(CONFERENCE).replace(b"Review", b"a\xffb"), "a\ufffdb"),
        (frame(CONFERENCE).replace(b'"Review"', b'"Review", "pi": NaN'), "Review"),
        (frame(CONFERENCE).replace(b'"Review"', b'"Review", "big": 1e999'), "Review"),
        (frame(CONFERENCE).replace(b'"Review"', b'"Review", "big": ' + b"9" * 5000), "Review"),
    ],
)
def test_almost_json_is_forgiven(damaged: bytes, topic: str) -> None:
    (conference,) = list_of(damaged).conferences

    assert conference.topic == topic


def test_text_with_a_lone_surrogate_is_forgiven() -> None:
    (conference,) = list_of(frame(CONFERENCE).decode().replace("Review", "a\ud800b")).conferences

    assert conference.topic == "a\ufffdb"


def test_what_cannot_be_forgiven_is_rejected_by_position_without_quoting_it() -> None:
    with pytest.raises(FrameRejected) as caught:
        list_of(b"\xef\xbb\xbf" + '{"topic": "тайна", '.encode())

    assert str(caught.value) == "frame: no valid JSON at byte 27 of 27"


@pytest.mark.parametrize(
    "deep", [b"[" * 100_000, b'{"event":"conferenceList","conferences":' + b"[" * 100_000]
)
def test_depth_is_no_way_to_bring_the_decoder_down(deep: bytes) -> None:
    with pytest.raises(FrameRejected):
        list_of(deep)


@pytest.mark.parametrize("value", [None, {}, "none", 1, True])
def test_a_list_that_is_no_list_is_rejected(value: Any) -> None:
    with pytest.raises(FrameRejected, match=r"^conferences: expected a list"):
        list_of(json.dumps({"event": "conferenceList", "conferences": value}))


def test_a_list_event_without_a_list_is_rejected() -> None:
    with pytest.raises(FrameRejected, match=r"^conferences: missing"):
        list_of('{"event": "conferenceList", "result": 0}')


def test_a_list_is_known_by_its_conferences_alone() -> None:
    assert list_of(json.dumps({"conferences": [CONFERENCE]})).conferences[0].id == "0048411003"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"method": "auth", "result": True}, AuthReply(accepted=True)),
        ({"method": "auth", "result": False, "error": "No"}, AuthReply(accepted=False, reason="No")),
        (
            {"method": "getLogin", "isLoggedin": True, "peerId": "a@b", "result": True},
            LoginReply(logged_in=True, peer_id="a@b"),
        ),
        (
            {"method": "GETLOGIN", "isLoggedIn": False, "result": True},
            LoginReply(logged_in=False, peer_id=""),
        ),
        ({"method": "getSystemInfo", "authInfo": {"peerId": "a@b"}, "result": True}, SystemInfo("a@b")),
        ({"method": "getSystemInfo", "result": True}, SystemInfo("")),
        ({"method": "getConnected", "serverInfo": {"domain": "b"}, "result": True}, Connected("b")),
        ({"method": "getServerDomain", "domain": "b", "result": True}, Connected("b")),
        ({"method": "getAppState", "appState": 3, "result": True}, AppState(3, announced=False)),
        ({"method": "event", "event": "appStateChanged", "appState": "2"}, AppState(2, announced=True)),
        ({"event": "appStateChanged", "appState": True}, Other("appstate")),
        ({"event": "appStateChanged"}, Other("appstate")),
        ({"event": "login", "result": 0, "peerId": "a@b"}, LoggedIn("a@b")),
        ({"event": "login", "result": 3, "peerId": "a@b"}, Other("login")),
        ({"event": "logout", "result": 0}, Logout()),
        ({"event": "serverConnected", "domain": "b"}, ServerConnected("b")),
        ({"event": "serverDisconnected"}, ServerDisconnected()),
        ({"event": "authorizationNeeded", "cause": 1}, AuthorizationNeeded()),
        ({"event": "conferenceDeleted", "confId": "x"}, ConferenceDeleted()),
        ({"event": "inviteReceived"}, Other("invitereceived")),
        (
            {"method": "getConnected", "result": False, "error": "No", "resultCode": 3},
            Refused("getconnected", "No (resultCode 3)"),
        ),
        ({"error": "Invalid JSON"}, Refused("", "Invalid JSON")),
        ({"method": 5}, Other("")),
    ],
)
def test_other_frames_become_one_value_each(message: dict[str, Any], expected: Frame) -> None:
    assert Decoder().decode(json.dumps(message)) == expected


def test_reasons_hold_no_personal_data() -> None:
    personal = CONFERENCE | {"topic": "Ivanov", "owner": "Ivanov"}
    broken = [
        personal | {"schedule": "Ivanov"},
        personal | scheduled(start_time="Ivanov"),
        personal | scheduled(duration="Ivanov"),
        personal | weekly(["Ivanov"]),
    ]

    assert all("Ivanov" not in listing(entry).rejections[0].reason for entry in broken)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["1", "week", "-1"]),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=6,
)
MESSAGES = [json.loads(sample(f"{n:02}")) for n in range(1, 28)]


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, child in inner for path in paths(child, (*here, key)))]


@st.composite
def mutations(draw: st.DrawFn) -> str:
    message = copy.deepcopy(draw(st.sampled_from(MESSAGES)))
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from([path for path in paths(message) if path]))
        target = message
        for key in parents:
            target = target[key]
        target[last] = draw(JSON_VALUES)
    return json.dumps(message, ensure_ascii=draw(st.booleans()))


@given(mutations())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_mutated_frames_never_raise_anything_but_frame_rejected(message: str) -> None:
    decoder = Decoder()
    try:
        decoder.decode(message)
    except FrameRejected:
        return
    assert decoder.decode(message) == decoder.decode(message.encode("utf-8", "replace"))


@given(st.sampled_from(MESSAGES), st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_bytes_never_raise_anything_but_frame_rejected(message: Any, data: st.DataObject) -> None:
    damaged = bytearray(json.dumps(message, ensure_ascii=False).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(FrameRejected):
        Decoder().decode(bytes(damaged))
