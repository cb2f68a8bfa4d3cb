"""
A warning where others in the network could read along.
"""

import pytest

from service.environment import load_settings
from service.places import exposure_warnings


@pytest.mark.parametrize(
    ("host", "url", "warned"),
    [
        ("0.0.0.0", "http://127.0.0.1:8080", True),
        ("::", "http://[::1]:8080", True),
        ("", "http://127.0.0.1:8080", True),
        ("10.0.0.7", "http://10.0.0.7:8080", True),
        ("calendars.lan", "http://calendars.lan", True),
        ("0.0.0.0", "https://calendars.example.com", False),
        ("127.0.0.1", "http://127.0.0.1:8080", False),
        ("127.0.0.2", "http://127.0.0.2:8080", False),
        ("::1", "http://[::1]:8080", False),
        ("localhost", "http://localhost:8080", False),
    ],
)
def test_plain_http_that_others_reach_is_warned_of(host: str, url: str, *, warned: bool) -> None:
    warnings = exposure_warnings(load_settings({"CONFCAL_HOST": host}), url)

    assert bool(warnings) is warned
    assert all("CONFCAL_PUBLIC_URL=https://" in warning for warning in warnings)
