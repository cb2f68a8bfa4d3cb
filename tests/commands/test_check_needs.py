"""
What `confcal check` says needs a person: in the order of the dashboard, each with its command.
"""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click
import pytest

from service.app.clock import utc_now
from service.app.findings import CheckReport
from service.commands.need_lines import EventMoment, render_needs
from service.core.needs import find_needs
from service.core.vevent import no_translation
from service.language import translator
from tests.commands.conftest import Confcal
from tests.commands.given import heard, held, kept
from tests.commands.test_rejected import CONFERENCE
from tests.core.given import HOUR, NOW, ROOM, conference, listed
from tests.core.test_needs import ONE_OF_EACH, everything

NOTHING = "ws://127.0.0.1:9"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CONFCAL_TIMEZONE", "UTC")


def test_each_is_numbered_and_has_its_commands_below_it() -> None:
    report = CheckReport((), find_needs(everything(), NOW))
    moment = EventMoment.of("Europe/Moscow")

    lines = [click.unstyle(line) for line in render_needs(report, None, no_translation, moment)]

    numbered = [line for line in lines if line[:2].strip().isdigit()]
    assert [line[:3] for line in numbered] == [f"{number:>2}." for number in range(1, len(ONE_OF_EACH) + 1)]
    assert lines[1] == "What needs you"
    after = lines.index(numbered[0]) + 1
    assert lines[after : after + 2] == [
        "    confcal keep ivanov@v.example",
        "    confcal approve ivanov@v.example",
    ]
    assert "    confcal rejected dismiss 7" in lines


def test_long_lines_break_between_words_and_stay_in_their_column() -> None:
    report = CheckReport((), ONE_OF_EACH)

    lines = [
        click.unstyle(line) for line in render_needs(report, 60, translator("ru"), EventMoment.of("UTC"))
    ]

    sentences = [line for line in lines if " " in line.strip() and "confcal" not in line]
    assert max(map(len, sentences)) <= 60
    assert all(line[:4].strip().rstrip(".").isdigit() or line.startswith("    ") for line in lines[2:-1])


def test_where_nothing_needs_anybody_nothing_is_said() -> None:
    assert list(render_needs(CheckReport(()), None, no_translation, EventMoment.of("UTC"))) == []


def test_a_held_list_and_rejected_input_of_the_database_are_listed(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    held()
    monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__URL", NOTHING)
    kept(replace(CONFERENCE, last_at=NOW.replace(year=NOW.year + 10)))

    needs = json.loads(confcal("check", "--json").out)["needs"]
    text = confcal("check").text

    assert [each["kind"] for each in needs] == ["held", "room", "rejected"]
    assert needs[0]["name"] == str(ROOM)
    assert [each["topic"] for each in needs[0]["missing"]] == ["Планёрка", "Review"]
    assert all(each["start"] for each in needs[0]["missing"])
    assert needs[0]["applied_at"]
    places = [
        text.index(each) for each in (f"Held list of {ROOM}", "Room lobby: unreachable", "Conference 7")
    ]
    assert places == sorted(places)
    assert f"confcal keep {ROOM}" in text


def test_what_a_later_list_cured_is_not_listed(confcal: Confcal) -> None:
    held()
    kept(replace(CONFERENCE, last_at=NOW.replace(year=NOW.year - 1)))

    assert "Conference 7" not in confcal("check").text


def test_what_is_kept_needs_nobody(confcal: Confcal) -> None:
    held()
    confcal("keep")

    assert "Held list" not in confcal("check").text


def test_a_file_with_secrets_that_others_read_is_listed(
    confcal: Confcal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    confcal("migrate")
    (tmp_path / "data").chmod(0o755)
    monkeypatch.delenv("CONFCAL_SECRET", raising=False)

    needs = json.loads(confcal("check", "--json").out)["needs"]

    assert [each["name"] for each in needs if each["kind"] == "open_secret"] == [str(tmp_path / "data")]


def test_rejected_input_is_dismissed_and_the_history_says_so(confcal: Confcal) -> None:
    (each,) = kept(CONFERENCE)

    assert confcal("rejected", "dismiss", each.number).text == f"Number {each.number} is dismissed.\n"
    assert confcal("rejected").text == "Nothing was rejected.\n"
    assert "rejected dismissed" in confcal("history").text
    gone = confcal("rejected", "dismiss", each.number)
    assert gone.code != 0
    assert "nothing rejected has the number" in gone.err


def test_a_room_that_is_off_in_its_quiet_hours_is_no_failure(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    now = utc_now()
    monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__URL", f"ws://127.0.0.1:{unused_tcp_port}")
    heard(listed(conference(), at=now - timedelta(minutes=40)))
    monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__QUIET", f"{now - HOUR:%H:%M}-{now + 2 * HOUR:%H:%M}")
    quiet = confcal("check")
    monkeypatch.delenv("CONFCAL_SOURCES__LOBBY__QUIET")
    loud = confcal("check")

    assert "source lobby notice quiet by its hours: " in quiet.squeezed
    assert "Room lobby" not in quiet.squeezed
    assert quiet.code == 0
    assert "Room lobby: unreachable" in loud.squeezed
    assert loud.code == 1
