"""
What the composition root reports to the dashboard.
"""

from dataclasses import replace
from datetime import timedelta

from pydantic import SecretStr

from service.app.reports import find_running
from service.app.views import endpoint_view
from service.core.conference import Account
from service.core.sources import SourceState
from service.settings.accounts import account_of_source
from service.settings.model import SourceSettings
from service.sources.status import SourceStatus
from tests.core.given import DESK, NOW, ROOM, SERVER, conference, listed
from tests.web.administered import administered

HOUR = timedelta(hours=1)


def test_the_next_poll_is_told_of_a_source_that_listens() -> None:
    listening = SourceStatus("lobby", SourceState.LISTENING, ROOM, NOW, "", NOW)
    away = replace(listening, state=SourceState.UNREACHABLE, account=None, error="10.0.0.15 does not answer")

    assert endpoint_view(listening, NOW + HOUR).next_poll_at == NOW + HOUR
    assert endpoint_view(away, NOW + HOUR).next_poll_at is None
    assert endpoint_view(away, None).account == ""
    assert endpoint_view(away, None, "10.0.0.15:8765").place == "10.0.0.15:8765"
    assert endpoint_view(away, None).error == "10.0.0.15 does not answer"


async def test_what_runs_is_what_the_last_list_of_each_source_says() -> None:
    async with administered() as site:
        running = replace(conference("1"), state="running")
        await site.accept(listed(running, conference("2"), source="lobby"))
        await site.accept(listed(replace(conference("3"), state="Running"), account=DESK, source="desk"))
        both = sorted(each.id for _, each in find_running(site.synchronizer))
        await site.accept(listed(conference("1"), conference("2"), source="lobby"))

        assert both == ["1", "3"]
        assert [each.id for _, each in find_running(site.synchronizer)] == ["3"]


def test_a_posted_list_belongs_to_the_sources_name_on_its_server() -> None:
    with_server = SourceSettings(ingest_token=SecretStr("0123456789abcdef"), server="Video.Example.com")
    with_url = SourceSettings(ingest_token=SecretStr("0123456789abcdef"), url="ws://10.0.0.15:8765")

    assert str(account_of_source("hall", with_server)) == "hall@video.example.com"
    assert str(account_of_source("hall", with_url)) == "hall@10.0.0.15"


async def test_a_source_that_shows_many_users_is_shown_as_odd() -> None:
    async with administered(
        SOURCES__HALL__INGEST_TOKEN="0123456789abcdef", SOURCES__HALL__SERVER=SERVER
    ) as site:
        for number in range(21):
            await site.accept(listed(account=Account(f"user{number}", SERVER), source="hall"))
        (source,) = [each for each in site.reporter.sources() if each.name == "hall"]

        assert source.error.startswith("it showed 21 different users within a day")
