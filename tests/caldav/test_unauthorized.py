"""
Status 401, by what was shown and what the server offers.
"""

from datetime import UTC, datetime

import httpx
import pytest

from service.caldav.credentials import Anonymous, Basic, Bearer, Credentials, Digest, http_auth
from service.caldav.protocol import Response
from service.caldav.unauthorized import explain_unauthorized

NOW = datetime(2031, 6, 2, 7, tzinfo=UTC)
PASSWORD = Basic("alice", "wonderland-42")


def explained(offered: str, credentials: Credentials) -> str:
    response = Response(401, "https://cloud.example.com/dav", NOW, {"www-authenticate": offered})
    return explain_unauthorized(response, http_auth(credentials, lambda: NOW))


@pytest.mark.parametrize(
    ("offered", "credentials", "told"),
    [
        ("", Anonymous(), "asks for a user, and none is set: set USERNAME and PASSWORD"),
        ('Basic realm="r"', Anonymous(), "asks for a user, and none is set: set USERNAME and PASSWORD"),
        ("Bearer", Anonymous(), "asks for a token, and none is set: set AUTH=bearer and TOKEN"),
        ('Basic realm="r"', PASSWORD, "refuses the user name or the password: correct them"),
        ("", PASSWORD, "refuses the user name or the password: correct them"),
        ('Digest realm="r", nonce="1"', PASSWORD, "set AUTH=digest"),
        ('Digest realm="r", nonce="1", Basic realm="r"', PASSWORD, "refuses the user name or the password"),
        ("Bearer", PASSWORD, "takes a token in place of a password: set AUTH=bearer"),
        (
            "Negotiate, NTLM",
            PASSWORD,
            "(it offers negotiate, ntlm): have Basic, Digest or",
        ),
        ("Negotiate", Anonymous(), "(it offers negotiate)"),
        ("Negotiate, Basic realm=r", PASSWORD, "refuses the user name or the password: correct them"),
        ("Bearer", Bearer("a-token"), "refuses the token: renew TOKEN"),
        ('Digest realm="r"', Digest("alice", "wonderland-42"), "refuses the user name or the password"),
    ],
)
def test_the_setting_to_correct_is_named(offered: str, credentials: Credentials, told: str) -> None:
    text = explained(offered, credentials)

    assert text.startswith("cloud.example.com ")
    assert told in text


def test_a_challenge_that_is_too_long_is_told_like_none() -> None:
    assert "refuses the user name or the password" in explained("x" * 20_000, PASSWORD)


def test_no_secret_is_told() -> None:
    for credentials in (PASSWORD, Bearer("wonderland-42")):
        assert "wonderland" not in explained("Bearer", credentials)


def test_an_unknown_kind_of_credentials_is_taken_for_a_token() -> None:
    response = Response(401, "https://cloud.example.com/dav", NOW)

    assert "refuses the token" in explain_unauthorized(response, httpx.Auth())
