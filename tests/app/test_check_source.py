"""
Asking the sources once, for `confcal check`.
"""

from structlog.testing import capture_logs

from service.app.check_source import SourceReport, report_of
from service.app.fetching import http_fetch
from service.settings.load import load_settings
from service.settings.model import Settings, SourceSettings
from service.simulator.server import Simulator, SimulatorOptions

LIST = SimulatorOptions(conferences=[{"id": "1", "schedule_type": "none"}])


def settings(url: str) -> Settings:
    return load_settings({"CONFCAL_SOURCES__LOBBY__URL": url})


async def ask_lobby(given: Settings) -> SourceReport:
    async with http_fetch() as fetch:
        return await report_of("lobby", given.sources["lobby"], fetch, 10)


async def test_a_source_that_answers_is_good() -> None:
    async with Simulator(LIST) as room:
        report = await ask_lobby(settings(room.url))

    assert report.good
    assert report.text == "room1@video.example.com, 1 conferences"


async def test_a_source_that_shows_another_user_than_its_account_fails_with_what_to_do() -> None:
    async with Simulator(LIST) as room:
        pinned = load_settings(
            {
                "CONFCAL_SOURCES__LOBBY__URL": room.url,
                "CONFCAL_SOURCES__LOBBY__ACCOUNT": "lobby@video.example.com",
            }
        )
        report = await ask_lobby(pinned)

    assert not report.good
    assert (
        "the list is of room1@video.example.com, another user than ACCOUNT; log in as lobby@" in report.text
    )


async def test_an_address_that_cannot_be_looked_up_is_reported_as_that() -> None:
    report = await ask_lobby(settings("http://☃.net"))

    assert not report.good
    assert "Invalid IDNA hostname" in report.text


async def test_what_nobody_foresaw_is_not_reported_as_a_silent_source() -> None:
    async def broken(url: str) -> bytes:
        raise ZeroDivisionError(url)

    with capture_logs() as logs:
        report = await report_of("lobby", SourceSettings(url="http://10.0.0.5"), broken, 60)

    assert not report.good
    assert "answers with something unreadable (ZeroDivisionError)" in report.text
    assert isinstance(logs[0]["exc_info"], ZeroDivisionError)
