"""
The quick reading of documented conferences agrees with the careful one, or leaves the conference to it.
"""

import json
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.conference import Conference
from service.trueconf.documented import read_documented
from service.trueconf.entry import entry_of
from service.trueconf.envelope import value_of

DOCUMENTED: dict[str, Any] = {
    "id": "0012345678",
    "topic": "Планёрка",
    "owner": "ivanov@video.example.com",
    "mode": "S|L",
    "access": "private",
    "state": "stopped",
    "session_id": "c1",
    "created_at": 1_767_225_600,
    "invitations": [{"id": "anna@video.example.com", "display_name": "Анна"}, {"id": "boris"}],
    "url": "https://video.example.com/c/1",
    "schedule_type": "week",
    "schedule": {"start_time": 1_791_795_600, "duration": 3600, "days": [0, 1, 0, 1, 0, 0, 0]},
}

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([0, 1, 2, -1, 1_767_225_600, 1_767_225_600_000, 604_800, 604_801, 1e9, 60.0, 60.5, "60"]),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        ["", " ", "0xP", "WEEK", "once", "none", "a" * 300, "\ufffd", "x\x00", "http://", "ftp://x"]
    ),
    st.lists(st.sampled_from([0, 1, True, "1", "mon", None, 2]), max_size=8),
    st.dictionaries(st.sampled_from(["id", "start_time", "days", "type"]), st.integers(0, 1), max_size=3),
)
"""What may stand in place of any value."""


@st.composite
def almost_documented(draw: st.DrawFn) -> bytes:
    """Give a documented conference in which some values are others, missing, or there twice."""
    sent = json.loads(json.dumps(DOCUMENTED))
    sent["schedule_type"] = draw(st.sampled_from(["week", "once", "none"]))
    places = [sent, sent["schedule"], sent["invitations"][0], sent["invitations"][1]]
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from(places))
        name = draw(st.sampled_from([*place, "type", "url", "display_name", "unknown"]))
        if draw(st.booleans()):
            place.pop(name, None)
        else:
            place[name] = draw(ODD)
    text = json.dumps(sent, ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()):
        name = draw(st.sampled_from(sorted(DOCUMENTED)))
        text = f"{text[:-1]}, {json.dumps(name)}: {json.dumps(draw(ODD))}}}"
    return text.encode("utf-8", "surrogatepass")


@given(almost_documented())
def test_both_readings_agree(raw: bytes) -> None:
    quick = read_documented(raw)

    if quick is not None:
        careful = entry_of(value_of(raw), raw=raw)
        assert isinstance(careful, Conference)
        # As tuples: state and session do not count where conferences are compared.
        assert astuple(quick) == astuple(careful)


@pytest.mark.parametrize("word", ["week", "once", "none"])
@pytest.mark.parametrize("missing", ["", "topic", "mode", "created_at", "invitations", "url", "access"])
def test_what_is_documented_is_read_quickly(word: str, missing: str) -> None:
    sent = {name: value for name, value in DOCUMENTED.items() if name != missing}

    assert read_documented(json.dumps({**sent, "schedule_type": word}).encode()) is not None


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"[]",
        b"{}",
        b'{"id": "1", "schedule_type": "once"}',
        b'{"id": "1\\ud800", "schedule_type": "none"}',
        b'{"id": "1", "schedule_type": "none", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"id": "1", "schedule_type": "none",}',
        b"\xff",
    ],
)
def test_what_cannot_be_read_so_is_left_to_the_careful_reading(sent: bytes) -> None:
    assert read_documented(sent) is None
