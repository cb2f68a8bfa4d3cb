"""
What a frame may hold: counted in its text, refused with the limit and the field.
"""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import FrameRejected
from service.core.rejected import PEER_ID
from service.trueconf.frames import ListFrame, Other
from service.trueconf.limits import (
    FRAME,
    MOST_CONFERENCE_OCTETS,
    MOST_CONFERENCES,
    MOST_INVITATIONS,
    MOST_NESTING,
    Limits,
    is_deeper_than,
)
from service.trueconf.wire import Decoder, list_frame_of, list_of

MEBIBYTE = 2**20


def list_with(conferences: bytes) -> bytes:
    return b'{"event":"conferenceList","conferences":[' + conferences + b"]}"


def room(conference_id: str, **rest: Any) -> bytes:
    return json.dumps({"id": conference_id, "schedule_type": "none"} | rest).encode()


def refusal(data: bytes, most: Limits = FRAME) -> FrameRejected:
    with pytest.raises(FrameRejected) as told:
        Decoder(most).decode(data)
    return told.value


def peak_of_refusing(data: bytes) -> int:
    """Return the memory that it takes, at most, to refuse a frame."""
    tracemalloc.start()
    try:
        refusal(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_as_many_conferences_as_are_allowed_are_taken() -> None:
    conferences = b",".join(room(str(number)) for number in range(MOST_CONFERENCES))

    assert len(list_of(list_with(conferences)).conferences) == MOST_CONFERENCES


@pytest.mark.parametrize("entry", [b"0", b"{}", b'""', b"[]", b"null", room("1"), b'{"a":[1,2,{"b":"]"}]}'])
def test_one_conference_too_many_is_refused_by_its_count(entry: bytes) -> None:
    error = refusal(list_with(b",".join([entry] * (MOST_CONFERENCES + 1))))

    assert (error.field, error.reason) == (
        "conferences",
        "more than 20,000 conferences, the most that is taken",
    )


@pytest.mark.parametrize(
    "data",
    [
        list_with(b"0," * (8 * MEBIBYTE) + b"0"),
        list_with(b"[]," * (5 * MEBIBYTE) + b"0"),
        list_with(b"{}," * (5 * MEBIBYTE)),
        b'{"event":"logout","more":[' + b"[]," * (5 * MEBIBYTE) + b"0]}",
        b"[" * (16 * MEBIBYTE),
        b"[" + b"0," * (8 * MEBIBYTE) + b"0]",
    ],
    ids=["numbers", "lists", "broken", "no list", "deep", "no object"],
)
def test_millions_of_values_are_refused_before_they_are_built(data: bytes) -> None:
    assert peak_of_refusing(data) < 3 * len(data)


def test_a_large_frame_is_refused_by_its_size() -> None:
    error = refusal(list_with(b" " * (32 * MEBIBYTE)))

    assert (error.field, error.reason) == ("frame", "larger than 32 MiB, the most that is taken")


def test_a_frame_that_is_no_list_may_be_a_mebibyte() -> None:
    taken = Decoder().decode(json.dumps({"event": "chat", "text": "x" * (MEBIBYTE - 100)}).encode())
    assert taken == Other("chat")

    error = refusal(json.dumps({"event": "chat", "text": "x" * MEBIBYTE}).encode())

    assert (error.field, error.reason) == ("frame", "no list, and larger than 1 MiB, the most that is taken")


def nested(levels: int) -> bytes:
    """Return a list whose frame has so many levels: the frame itself, its list and a conference are three."""
    return list_with(
        b'{"id":"7","schedule_type":"none","x":' + b"[" * (levels - 3) + b"]" * (levels - 3) + b"}"
    )


def test_nesting_is_bounded() -> None:
    assert len(list_of(nested(MOST_NESTING)).conferences) == 1

    error = refusal(nested(MOST_NESTING + 1))
    assert (error.field, error.reason) == ("frame", "nested more than 32 levels deep, the most that is taken")


def test_brackets_within_text_are_no_nesting() -> None:
    hostile = '[{"\\' * 100 + "[" * 200_000

    (only,) = list_of(list_with(room("1", topic=hostile))).conferences
    assert only.topic == hostile


def depth_of(value: Any) -> int:
    match value:
        case dict():
            return 1 + max(map(depth_of, value.values()), default=0)
        case list():
            return 1 + max(map(depth_of, value), default=0)
        case _:
            return 0


@given(
    st.recursive(
        st.text('[]{}\\"é', max_size=6),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text('[{\\"', max_size=3), inner, max_size=3)
        ),
    ),
    st.integers(0, 6),
)
def test_depth_is_that_of_the_value(value: Any, levels: int) -> None:
    assert is_deeper_than(json.dumps(value).encode(), levels) == (depth_of(value) > levels)


@pytest.mark.parametrize("before", range(65_530, 65_540))
def test_depth_is_found_wherever_the_text_is_cut(before: int) -> None:
    escaped = rb'["' + b"x" * before + rb'\\\"[[[[\\",' + b"[]]"

    assert not is_deeper_than(escaped, 2)
    assert is_deeper_than(escaped, 1)


def test_a_large_conference_is_rejected_alone_and_by_name() -> None:
    large = room("7", description="x" * MOST_CONFERENCE_OCTETS)
    listing = list_of(list_with(large + b"," + room("8")))

    assert [one.id for one in listing.conferences] == ["8"]
    (rejection,) = listing.rejections
    assert (rejection.conference_id, rejection.field) == ("7", "conferences")
    assert rejection.reason == "larger than 256 KiB, the most that is taken"


def test_a_conference_of_many_values_is_not_built() -> None:
    large = b'{"id":"7","x":[' + b"[]," * (4 * MEBIBYTE) + b"0]}"
    tracemalloc.start()
    try:
        (rejection,) = list_of(list_with(large)).rejections
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert rejection.conference_id == "7"
    assert peak < 4 * len(large)


def test_too_many_invitations_reject_their_conference_alone() -> None:
    def invited(conference_id: str, count: int) -> bytes:
        return room(conference_id, invitations=[{"id": str(number)} for number in range(count)])

    most, more = invited("1", MOST_INVITATIONS), invited("2", MOST_INVITATIONS + 1)
    listing = list_of(list_with(most + b"," + more))

    assert [one.id for one in listing.conferences] == ["1"]
    (rejection,) = listing.rejections
    assert (rejection.conference_id, rejection.field) == ("2", "invitations")
    assert rejection.reason == "2,001 of them, at most 2,000 are taken"


def test_a_huge_count_is_a_doubt_and_not_built() -> None:
    frame = Decoder().decode(
        b'{"event":"conferenceList","cnt":[' + b"[]," * MEBIBYTE + b'0],"conferences":[]}'
    )

    assert isinstance(frame, ListFrame)
    assert frame.listing.doubts == ("cnt is not a number",)


def test_a_huge_value_in_place_of_a_user_refuses_the_list_and_is_not_built() -> None:
    data = b'{"conferences": [], "peerId": [' + b"0," * 2_000_000 + b"0]}"

    assert (refusal(data).field, refusal(data).reason) == (PEER_ID, "the user is longer than 255 characters")
    assert peak_of_refusing(data) < 3 * len(data)


def test_a_user_of_full_length_may_be_escaped_throughout() -> None:
    user, server, instance = ("\N{GRINNING FACE}" * 255, "\N{OWL}" * 255, "\N{FOX FACE}" * 255)
    longest = f"{user}@{server}/{instance}"

    frame = list_frame_of(json.dumps({"conferences": [], "peerId": longest}, ensure_ascii=True))

    assert frame.peer_id == longest


def test_a_frame_that_is_almost_json_is_repaired_up_to_a_size() -> None:
    broken = list_with(room("1", topic="a").replace(b"a", b"a\x01", 1))
    small = Limits(repaired=len(broken) - 1)

    assert len(list_of(broken).conferences) == 1
    assert refusal(broken, small).field == "frame"
    assert "no valid JSON, and more than" in refusal(broken, small).reason
