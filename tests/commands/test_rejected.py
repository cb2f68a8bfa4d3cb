import json
from dataclasses import replace
from pathlib import Path

import pytest

from service.commands.readable import make_readable
from service.core.rejected import MAX_RAW, RejectedInput
from tests.commands.conftest import Confcal
from tests.commands.given import heard, kept, known
from tests.core.given import NOW, ROOM, conference, many
from tests.core.given import listed as listed_by

SOUND = b'{"id":"7","topic":"Found again","schedule_type":"none"}'
CONFERENCE = RejectedInput("lobby", str(ROOM), "7", "schedule_type", "missing", b'{"id":"7"}', NOW, NOW)
FRAME = RejectedInput("lobby", "", "", "frame", "no valid JSON at byte 3 of 4", b"\xff\x00{}", NOW, NOW)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_DATA_DIR", str(tmp_path / "data"))


def number_of(each: RejectedInput) -> int:
    (number,) = [one.number for one in kept(each) if one.raw == each.raw]
    return number


def test_before_anything_was_rejected(confcal: Confcal) -> None:
    confcal("migrate")
    assert confcal("rejected").text == "Nothing was rejected.\n"
    assert json.loads(confcal("rejected", "--json").out) == []


def test_the_list_tells_what_when_and_why(confcal: Confcal) -> None:
    kept(CONFERENCE)
    kept(CONFERENCE, FRAME)

    lines = confcal("rejected").text.splitlines()

    assert len(lines) == 4
    assert any(line.endswith("lobby  conference 7 (2 times)") for line in lines)
    assert any(line.endswith("lobby  frame") for line in lines)
    assert "       schedule_type: missing" in lines


def test_scripts_get_all_but_the_octets(confcal: Confcal) -> None:
    kept(CONFERENCE)

    (only,) = json.loads(confcal("rejected", "--json").out)

    assert only == {
        "number": 1,
        "source": "lobby",
        "account": str(ROOM),
        "conference_id": "7",
        "field": "schedule_type",
        "reason": "missing",
        "first_at": NOW.isoformat(),
        "last_at": NOW.isoformat(),
        "times": 1,
    }


def test_what_arrived_is_given_byte_by_byte_to_other_programs(confcal: Confcal) -> None:
    number = number_of(FRAME)

    assert confcal("rejected", "show", number, "--raw").out == FRAME.raw + b"\n"


def test_what_arrived_is_readable_in_a_terminal(confcal: Confcal) -> None:
    number = number_of(replace(FRAME, raw=rb'{"topic":"\u041f\u043b\u0430\u043d"}'))

    assert confcal("rejected", "show", number).text == '{"topic":"План"}\n'


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("План".encode(), "План"),
        (rb"\ud83d\ude00", "😀"),
        (rb"\ud83d alone", r"\ud83d alone"),
        (rb"\\u0421", r"\\u0421"),
        (rb"\\\u0421", "\\\\С"),
        (rb'"\u0022\u005c"', r'"\u0022\u005c"'),
        (rb"\u001b[2J", r"\u001b[2J"),
        (b"\x1b[2J\x07", r"\u001b[2J\u0007"),
        (rb"\u202egnp", r"\u202egnp"),
        (b"\xff\x00{}", r"\xff\u0000{}"),
        (b"a\n\tb", "a\n\tb"),
        (rb"\u04", r"\u04"),
    ],
)
def test_letters_stand_in_place_of_escapes_and_nothing_steers_the_terminal(raw: bytes, shown: str) -> None:
    assert make_readable(raw) == shown


@pytest.mark.parametrize("command", ["show", "retry"])
def test_a_number_that_nothing_has(confcal: Confcal, command: str) -> None:
    confcal("migrate")
    done = confcal("rejected", command, 99)

    assert done.code == 1
    assert done.err == (
        "confcal: nothing rejected has the number 99; `confcal rejected` lists what is kept\n"
    )


def test_what_is_understood_now_enters_the_calendar_and_nothing_leaves_it(confcal: Confcal) -> None:
    heard(listed_by(*many(3)))
    number = number_of(replace(CONFERENCE, raw=SOUND))

    done = confcal("rejected", "retry", number)

    assert (done.code, done.text) == (0, f"number {number} is understood now: 1 conference\n")
    view = known().account(ROOM)
    assert set(view.reported) == {"1", "2", "3", "7"}
    assert view.reported["7"].topic == "Found again"
    assert not view.absences
    assert not view.held
    assert confcal("rejected").text == "Nothing was rejected.\n"


def test_trying_again_is_no_new_list(confcal: Confcal) -> None:
    heard(listed_by(*many(3)))
    before = known().account(ROOM)
    confcal("rejected", "retry", number_of(replace(CONFERENCE, raw=SOUND)))

    after = known().account(ROOM)
    assert set(after.reported) > set(before.reported)
    assert (after.list_at, after.count, after.source) == (before.list_at, before.count, before.source)


def test_a_conference_without_an_id_is_one_and_no_frame(confcal: Confcal) -> None:
    number = number_of(
        replace(CONFERENCE, conference_id="", field="id", raw=b'{"topic":"x","schedule_type":"none"}')
    )

    assert confcal("rejected").text.splitlines()[0].endswith("lobby  conference without an id")
    told = confcal("rejected", "retry", number).err
    assert told.startswith(f"confcal: number {number} is still not understood: (no id): id: ")


def test_a_whole_frame_can_be_tried_again(confcal: Confcal) -> None:
    frame = b'{"event":"conferenceList","cnt":2,"conferences":[' + SOUND + b"]}"
    number = number_of(replace(FRAME, account=str(ROOM), raw=frame))

    assert confcal("rejected", "retry", number).text == f"number {number} is understood now: 1 conference\n"


def test_what_is_not_understood_stays_kept(confcal: Confcal) -> None:
    heard(listed_by(conference("7", "As it was")))
    number = number_of(CONFERENCE)

    done = confcal("rejected", "retry", number)

    assert done.code == 1
    assert done.err == f"confcal: number {number} is still not understood: 7: schedule_type: missing\n"
    assert [each.number for each in kept()] == [number]
    assert known().account(ROOM).reported["7"].topic == "As it was"


def test_of_a_conference_that_was_listed_twice_it_is_not_known_which_was_meant(confcal: Confcal) -> None:
    twice = b"[" + SOUND + b"," + SOUND.replace(b"again", b"anew") + b"]"
    number = number_of(replace(CONFERENCE, field="id", raw=twice))

    assert "listed twice with different content" in confcal("rejected", "retry", number).err


@pytest.mark.parametrize(
    ("each", "reason"),
    [
        (replace(CONFERENCE, account=""), "it is not known whose list number 1 was"),
        (replace(CONFERENCE, raw=b" " * MAX_RAW), "number 1 was too large to be kept whole"),
        (
            replace(
                FRAME, account=str(ROOM), field="peerId", raw=b'{"event":"conferenceList","conferences":[]}'
            ),
            "number 1 is of a user whose lists were not taken",
        ),
    ],
)
def test_what_cannot_be_tried_again_says_why(confcal: Confcal, each: RejectedInput, reason: str) -> None:
    kept(each)

    done = confcal("rejected", "retry", 1)

    assert done.code == 1
    assert done.err.startswith(f"confcal: {reason}")
