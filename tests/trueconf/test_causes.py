"""
What another server than an endpoint answers.
"""

import pytest

from service.trueconf.causes import describe_status


@pytest.mark.parametrize(
    ("status", "location", "told"),
    [
        (404, "", "it answered with status 404"),
        (404, "http://elsewhere/", "it answered with status 404"),
        (
            301,
            "https://other.example.com/ABC123",
            "it answered with status 301, and sends us on to https://other.example.com",
        ),
        (302, "http://[fd00::5]:81/", "it answered with status 302, and sends us on to http://[fd00::5]:81"),
        (302, "/login", "it answered with status 302, and sends us on to a page of its own"),
        (302, "http://host:x/", "it answered with status 302"),
        (307, "http://user:PASSWORD@host/", "it answered with status 307, and sends us on to http://host"),
    ],
)
def test_a_redirect_is_told_without_its_path(status: int, location: str, told: str) -> None:
    assert describe_status(status, location) == told
