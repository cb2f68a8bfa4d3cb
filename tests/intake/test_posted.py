"""
Whose lists the posted ones are, and how a source of them is doing.
"""

from datetime import UTC, datetime, timedelta

import pytest

from service.core.conference import Account, Snapshot
from service.intake.posted import Intake, account_of_source
from service.settings import SourceSettings
from service.trueconf.taps import Taps

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("settings", "server"),
    [
        (SourceSettings(url="http://10.0.0.5:80"), "10.0.0.5"),
        (SourceSettings(url="ws://[FE80::1]:8765"), "fe80::1"),
        (SourceSettings(url="http://10.0.0.5", server="Video.Example.com"), "video.example.com"),
    ],
)
def test_who_is_not_named_is_the_user_of_the_sources_name_on_its_server(
    settings: SourceSettings, server: str
) -> None:
    assert account_of_source("lobby", settings) == Account("lobby", server)


async def test_a_source_is_listening_since_its_first_list() -> None:
    moments = [NOON]

    async def deliver(_snapshot: Snapshot) -> None:
        pass

    intake = Intake({"lobby": Account("lobby", "h")}, deliver, Taps(), clock=lambda: moments[0])
    for minute in (5, 10):
        moments[0] = NOON + timedelta(minutes=minute)
        await intake.accept("lobby", b'{"event":"conferenceList","cnt":0,"conferences":[]}')

    (status,) = intake.statuses
    assert status.since == NOON + timedelta(minutes=5)
    assert status.last_list_at == NOON + timedelta(minutes=10)
