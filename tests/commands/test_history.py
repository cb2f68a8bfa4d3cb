import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest

from service.commands.history import parse_since
from service.core.conference import Invitation
from service.core.errors import SettingsError
from tests.commands.conftest import Confcal
from tests.commands.given import heard
from tests.core.given import ROOM, conference, many
from tests.core.given import listed as listed_by

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("11:00", "2026-11-26T08:00"),
        ("14:00", "2026-11-25T11:00"),
        ("2026-11-20", "2026-11-19T21:00"),
        ("2026-11-20T10:00Z", "2026-11-20T10:00"),
    ],
)
def test_a_moment_is_read_in_the_zone_of_the_settings(text: str, moment: str) -> None:
    assert parse_since(text, MOSCOW, NOW) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


def test_what_is_no_moment_is_refused() -> None:
    with pytest.raises(SettingsError, match="write it like 14:00"):
        parse_since("yesterday", MOSCOW, NOW)


def test_history_conferences_and_why_tell_of_what_was_heard(confcal: Confcal) -> None:
    heard(listed_by(*many(2)))

    assert "conference added" in confcal("history").text
    assert [line.split("  ")[0] for line in confcal("conferences", "topic").text.splitlines()] == ["1", "2"]
    assert confcal("why", "1", "all").text.startswith("all holds it: ")
    assert confcal("why", "77", "all").code == 1


def test_feeds_are_chosen_by_a_pattern_and_written_for_a_spreadsheet(confcal: Confcal) -> None:
    heard(listed_by(*many(2)))

    done = confcal("feeds", "al*", "--csv")

    (header, row) = csv.reader(StringIO(done.text[done.text.index("name,person") :], newline=""))
    assert header == ["name", "person", "page", "feed", "text_en", "text_ru"]
    assert row[:2] == ["all", "TrueConf"]
    assert "Open this page" in row[4]
    assert "Откройте" in row[5]


@pytest.mark.parametrize(("language", "begin"), [("en", "Calendar of"), ("ru", "Календарь конференций")])
def test_feeds_print_a_text_to_send_with_the_page(confcal: Confcal, language: str, begin: str) -> None:
    heard(listed_by(*many(2)))

    done = confcal("feeds", "all", "--text", language)

    assert begin in done.text
    assert "/calendars/" in done.text
    assert "/feeds/" not in done.text, "people get the page"


@pytest.mark.parametrize("for_people", ["false", "true"])
def test_people_are_named(confcal: Confcal, monkeypatch: pytest.MonkeyPatch, for_people: str) -> None:
    monkeypatch.setenv("CONFCAL_CALENDARS_FOR_PEOPLE", for_people)
    people = (Invitation("lobby", "Big hall"), Invitation("ivanov", "Ivan Ivanov"))
    heard(listed_by(replace(conference("100"), owner="ivanov", invitations=people), *many(1)))
    hall = f"Big hall ({ROOM})"

    table = list(csv.reader(StringIO(confcal("feeds", "big*", "--csv").text)))
    (entry, *_) = json.loads(confcal("history", "--json").out)

    assert confcal("feeds", "big hall").text.rstrip().endswith("  Big hall")
    assert [row[:2] for row in table[1:]] == [[str(ROOM), "Big hall"]]
    assert "“Big hall”" in confcal("feeds", str(ROOM), "--text", "en").text
    assert hall in confcal("history").text
    assert entry["display_name"] == "Big hall"
    assert confcal("why", "100", "all").text == f"all holds it: {hall} lists it\n"
    assert "Ivan Ivanov (ivanov)" in confcal("conferences").text
    assert json.loads(confcal("conferences", "--json").out)[0]["owner_display_name"] == "Ivan Ivanov"
