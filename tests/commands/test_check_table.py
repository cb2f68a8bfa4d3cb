"""
The table of `confcal check`: order, colour, wrapping, languages, JSON.
"""

import asyncio
import json
from pathlib import Path

import click
import pytest

from service.app.findings import CheckReport, Finding, Verdict
from service.commands.speech import terminal_language
from service.commands.table import render_table, summarize
from service.core.vevent import no_translation
from service.language import translator
from service.simulator.server import Simulator, SimulatorOptions
from tests.caldav.loopback import free_port
from tests.commands.conftest import Confcal
from tests.commands.sentences import is_prose

REPORT = CheckReport.of(
    [
        Finding("settings", Verdict.GOOD, ("12 are given",)),
        Finding("settings", Verdict.WARNING, ("CONFCAL_TRUSTED_PROXIES covers every address",)),
        Finding("source", Verdict.FAILED, ("one two three four five six seven", "more"), "lobby"),
    ]
)


DAEMON = Finding("daemon", Verdict.GOOD, ("it runs",))


def plain(report: CheckReport, width: int | None = None) -> list[str]:
    return [click.unstyle(line) for line in render_table(report, width, no_translation)]


def test_each_thing_has_one_row_and_what_else_is_said_stands_below_it() -> None:
    assert plain(REPORT) == [
        "settings      good     12 are given",
        "              warning  CONFCAL_TRUSTED_PROXIES covers every address",
        "source lobby  FAILED   one two three four five six seven",
        "                       more",
    ]


def test_many_good_sources_are_one_line_below_those_with_something_to_correct() -> None:
    rooms = [Finding("source", Verdict.GOOD, ("3 conferences",), f"room{number}") for number in range(2998)]
    silent = Finding("source", Verdict.FAILED, ("no list came",), "lobby")
    quiet = Finding("source", Verdict.NOTICE, ("quiet by its hours",), "desk")
    report = CheckReport.of([*REPORT.findings[:1], *rooms[:9], silent, *rooms[9:], quiet, DAEMON])

    assert plain(report) == [
        "settings      good     12 are given",
        "source lobby  FAILED   no list came",
        "source desk   notice   quiet by its hours",
        "sources       good     2,998 in order; --json names each",
        "daemon        good     it runs",
    ]
    assert click.unstyle(summarize(report, no_translation)) == "Result: 3000 good, 1 notice, 1 FAILED"
    assert len(report.as_dict("1")["findings"]) == len(rooms) + 4


def test_a_few_good_sources_have_a_line_each() -> None:
    rooms = [Finding("source", Verdict.GOOD, ("3 conferences",), f"room{number}") for number in range(20)]

    assert len(plain(CheckReport.of([*rooms, DAEMON]))) == 21


def test_long_lines_break_between_words() -> None:
    assert plain(REPORT, 45)[-3:] == [
        "source lobby  FAILED   one two three four",
        "                       five six seven",
        "                       more",
    ]


def test_a_name_longer_than_the_terminal_stays_whole() -> None:
    assert any("CONFCAL_TRUSTED_PROXIES" in line for line in plain(REPORT, 30))


def test_the_summary_counts_each_verdict() -> None:
    assert click.unstyle(summarize(REPORT, no_translation)) == "Result: 1 good, 1 warning, 1 FAILED"
    assert not REPORT.good


def test_the_table_speaks_russian() -> None:
    rows = list(render_table(REPORT, None, translator("ru")))

    assert click.unstyle(rows[0]).startswith("настройки")
    assert "ОШИБКА" in rows[2]


@pytest.mark.parametrize(
    ("environ", "word"),
    [
        ({}, "database"),
        ({"LC_ALL": "ru_RU.UTF-8"}, "база данных"),
        ({"LANG": "ru_RU.UTF-8"}, "база данных"),
        ({"LC_ALL": "C.UTF-8", "LANG": "ru_RU.UTF-8"}, "database"),
        ({"CONFCAL_LANGUAGE": "en", "LC_ALL": "ru_RU.UTF-8"}, "database"),
        ({"CONFCAL_LANGUAGE": "ru"}, "база данных"),
        ({"LANG": "de_DE.UTF-8"}, "database"),
    ],
)
def test_the_terminal_speaks_the_language_of_the_setting_or_of_the_locale(
    environ: dict[str, str], word: str
) -> None:
    assert terminal_language(environ)("database") == word


async def test_whatever_is_wrong_a_russian_terminal_shows_no_english_sentence(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pin").write_text("123456")
    (tmp_path / "pin").chmod(0o644)
    (tmp_path / "confcal.db").write_text("this is no database of anybody" * 50)
    async with Simulator(SimulatorOptions(pin="1234")) as room:
        closed = f"127.0.0.1:{free_port()}"
        for name, value in {
            "LC_ALL": "ru_RU.UTF-8",
            "CONFCAL_DATABASE_URL": f"sqlite:///{tmp_path / 'confcal.db'}",
            "CONFCAL_PUBLIC_URL": f"http://{closed}",
            "CONFCAL_TRUSTED_PROXIES": "0.0.0.0/0",
            "CONFCAL_PEOPLE_HEADER": "X-Forwarded-Preferred-Username",
            "CONFCAL_SOURCES__PINLESS__URL": room.url,
            "CONFCAL_SOURCES__WRONG__URL": room.web_url,
            "CONFCAL_SOURCES__WRONG__PIN_FILE": str(tmp_path / "pin"),
            "CONFCAL_SOURCES__CLOSED__URL": f"http://{closed}",
            "CONFCAL_SOURCES__PLAIN__URL": room.url.replace("ws://", "wss://"),
            "CONFCAL_SOURCES__WEB__URL": room.web_url.replace("http://", "ws://"),
            "CONFCAL_SOURCES__NOWHERE__URL": "http://nowhere.invalid",
            "CONFCAL_SOURCES__POSTED__INGEST_TOKEN": "a-token-of-some-length",
            "CONFCAL_SOURCES__POSTED__SERVER": "video.example.com",
            "CONFCAL_TARGETS__CLOUD__URL": f"http://{closed}/dav/",
            "CONFCAL_TARGETS__CLOUD__CALENDAR": "nobody",
        }.items():
            monkeypatch.setenv(name, value)

        done = await asyncio.to_thread(confcal, "check")
        refused = await asyncio.to_thread(confcal, "feeds")

    assert done.code == refused.code == 1
    assert [line for line in done.text.splitlines() if is_prose(line)] == []
    assert not is_prose(refused.err)


async def test_ten_sources_are_told_in_the_order_of_the_settings_each_time(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Simulator() as room:
        names = [f"room{number}" for number in range(10)]
        for name in names:
            monkeypatch.setenv(f"CONFCAL_SOURCES__{name.upper()}__URL", room.url)

        done = await asyncio.to_thread(confcal, "check")

    told = [line.split()[1] for line in done.squeezed.splitlines() if line.startswith("source ")]
    assert told == names
    assert "\x1b" not in done.text


async def test_the_json_says_the_same_for_scripts(confcal: Confcal, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Simulator() as room:
        monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__URL", room.url)

        done = await asyncio.to_thread(confcal, "check", "--json")

    told = json.loads(done.out)
    assert done.code == 0
    assert told["good"]
    assert told["summary"]["failed"] == 0
    parts = [(each["part"], each["name"]) for each in told["findings"]]
    assert parts[:2] == [("settings", ""), ("zone", "")]
    assert ("source", "lobby") in parts
    assert [part for part, _ in parts][-2:] == ["public", "daemon"]


def test_where_settings_come_from_is_told(confcal: Confcal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_TIMEZONE", "Europe/Berlin")

    assert "given: 1 from the environment" in confcal("check").text
