"""
Whose lists the posted ones are.
"""

import pytest

from service.core.conference import Account
from service.intake.posted import account_of_source
from service.settings import SourceSettings


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
