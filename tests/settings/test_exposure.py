"""
A warning where others in the network could read along.
"""

import pytest

from service.settings.load import load_settings
from service.settings.paths import exposure
from tests.web.catalogues import catalogues


@pytest.mark.parametrize(
    ("host", "url", "warned"),
    [
        ("0.0.0.0", "http://127.0.0.1:8080", True),
        ("::", "http://[::1]:8080", True),
        ("", "http://127.0.0.1:8080", True),
        ("*", "http://127.0.0.1:8080", True),
        ("127.0.0.1,10.0.0.7", "http://127.0.0.1:8080", True),
        ("::ffff:10.0.0.7", "http://[::ffff:10.0.0.7]:8080", True),
        ("10.0.0.7", "http://10.0.0.7:8080", True),
        ("calendars.lan", "http://calendars.lan", True),
        ("0.0.0.0", "https://calendars.example.com", False),
        ("127.0.0.1", "http://127.0.0.1:8080", False),
        ("127.0.0.2", "http://127.0.0.2:8080", False),
        ("::1", "http://[::1]:8080", False),
        ("localhost", "http://localhost:8080", False),
        ("127.0.0.1,::1,localhost", "http://127.0.0.1:8080", False),
    ],
)
def test_plain_http_that_others_reach_is_warned_of(host: str, url: str, *, warned: bool) -> None:
    found = exposure(load_settings({"CONFCAL_HOST": host}), url)

    assert bool(found) is warned
    assert not found or "CONFCAL_PUBLIC_URL=https://" in found.describe()


def test_the_warning_is_told_in_the_readers_language() -> None:
    found = exposure(load_settings({"CONFCAL_HOST": "10.0.0.7"}), "http://10.0.0.7:8080")
    assert found

    english, russian = found.describe(), found.describe(catalogues()["ru"].gettext)

    assert "confcal listens on 10.0.0.7 and hands out plain http://10.0.0.7:8080" in english
    assert "confcal доступен по адресу 10.0.0.7" in russian
    assert "http://10.0.0.7:8080" in russian
