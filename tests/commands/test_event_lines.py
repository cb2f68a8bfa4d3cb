"""
How a terminal names conferences: date, topic, language.
"""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.commands.event_lines import EventLines
from service.core.conference import Conference
from service.core.revision import Policy
from tests.core.given import conference, listed, once, weekly
from tests.core.story import Story

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def lines_of(*conferences: Conference, timezone: str = "UTC") -> tuple[EventLines, list[str]]:
    story = Story()
    story.records(listed(*conferences, at=NOW))
    lines = EventLines.of(story.state, Policy(), timezone, NOW)
    return lines, [" ".join(lines.write(entry).split()) for entry in story.state.entries.values()]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFCAL_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def test_a_date_is_told_in_the_zone_of_the_organization() -> None:
    _, (line,) = lines_of(conference("1", "Планёрка", once("2026-11-26 06:00")), timezone="Europe/Moscow")

    assert line == "Thu 26 Nov 09:00 Планёрка"


def test_another_year_is_named() -> None:
    _, (line,) = lines_of(conference("1", "Review", once("2027-01-04 06:00")))

    assert line == "Mon 4 Jan 2027 06:00 Review"


def test_a_series_is_told_with_its_next_date() -> None:
    _, (line,) = lines_of(conference("1", "Stand-up", weekly()))

    assert line.endswith("Stand-up (every week)")
    assert " 2026 " not in line


def test_the_terminal_is_spoken_to_in_russian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")

    _, (line,) = lines_of(conference("1", "", once("2026-11-26 06:00")))

    assert line == "чт 26 нояб. 06:00 Конференция 1"


def test_a_conference_that_nobody_knows_any_more_is_told_by_its_list() -> None:
    lines, _ = lines_of()
    gone = replace(conference("9", "Old", once("2026-12-01 10:00")))

    assert " ".join(lines.write_listed("video.example.com", gone).split()) == "Tue 1 Dec 10:00 Old"
