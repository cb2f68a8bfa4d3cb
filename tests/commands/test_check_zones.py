"""
`confcal check` says what an operator should know about zones.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from service.core.zonedata import data_version
from service.simulator.server import Simulator, SimulatorOptions
from tests.commands.conftest import Confcal
from tests.commands.given import heard
from tests.core.given import conference, listed
from tests.core.given import weekly as weekly_schedule
from tests.e2e.given import once, weekly


async def checked(
    confcal: Confcal,
    monkeypatch: pytest.MonkeyPatch,
    *,
    conferences: Sequence[dict[str, Any]] = (),
    **settings: str,
) -> str:
    async with Simulator(SimulatorOptions(conferences=list(conferences))) as room:
        monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__URL", room.url)
        for name, value in settings.items():
            monkeypatch.setenv(f"CONFCAL_{name}", value)

        done = await asyncio.to_thread(confcal, "check")

    # What is told of zones is no failure.
    assert done.code == 0
    return done.squeezed


def test_the_version_of_the_zone_data_is_told(confcal: Confcal) -> None:
    assert f"UTC (zone data: tzdata {data_version()})" in confcal("check").text


async def test_a_zone_that_nobody_set_is_told(confcal: Confcal, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await checked(confcal, monkeypatch, conferences=[weekly("1"), weekly("2"), once("3")])

    assert "notice CONFCAL_TIMEZONE is not set, so weekly conferences (2) are read in UTC" in told


async def test_without_weekly_conferences_no_zone_is_missed(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "CONFCAL_TIMEZONE is not set" not in await checked(confcal, monkeypatch, conferences=[once("3")])


async def test_two_dates_are_told_under_both_settings(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await checked(
        confcal, monkeypatch, conferences=[weekly("1")], SOURCES__LOBBY__TIMEZONE="Europe/Berlin"
    )

    # Mondays and Thursdays at 07:00 in UTC, made in summer.
    assert "Europe/Berlin changes its clocks" in told
    assert "08:00 in winter" in told
    assert "09:00 in summer. With wall:" in told


async def test_settings_that_were_made_are_not_asked_for_again(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await checked(
        confcal, monkeypatch, conferences=[weekly("1")], TIMEZONE="Europe/Berlin", WEEKLY_TIME="utc"
    )

    assert "changes its clocks" not in told


async def test_an_old_name_and_a_named_zone_are_told(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await checked(confcal, monkeypatch, TIMEZONE="US/Pacific", WEEKLY_TIME="wall")

    assert "CONFCAL_TIMEZONE=US/Pacific is an old name of America/Los_Angeles" in told
    assert "names US/Pacific in calendars. Its clocks change every year, last on 20" in told


def test_conferences_of_posted_events_are_known_from_the_database(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFCAL_SOURCES__HALL__INGEST_TOKEN", "the token of the hall")
    monkeypatch.setenv("CONFCAL_SOURCES__HALL__SERVER", "video.example.com")
    before = confcal("check").text
    heard(listed(conference(schedule=weekly_schedule()), source="hall"))
    after = confcal("check").text

    assert "CONFCAL_TIMEZONE is not set" not in before
    assert "CONFCAL_TIMEZONE is not set, so weekly conferences (1)" in after
