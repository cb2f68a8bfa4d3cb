import re

import pytest

from service.calendars.tokens import Addresses, LookupFailure, token_of

SECRET = b"a secret of the tests"
BASE = "https://calendars.example.com"


def test_a_token_is_32_url_safe_characters() -> None:
    assert re.fullmatch("[A-Za-z0-9_-]{32}", token_of(SECRET, "all", 0))


def test_a_token_is_the_same_every_time() -> None:
    assert token_of(SECRET, "all", 0) == token_of(SECRET, "all", 0)


def test_tokens_differ_by_calendar_generation_and_secret() -> None:
    names = ("all", "ivanov@video.example.com", "иванов@video.example.com", "all\n1", "1\nall")
    tokens = {
        token_of(secret, name, generation)
        for secret in (SECRET, b"another one")
        for name in names
        for generation in range(12)
    }

    assert len(tokens) == 2 * len(names) * 12


def test_an_address_leads_back_to_its_calendar() -> None:
    addresses = Addresses.of(SECRET, {"all": 0, "ivanov@video.example.com": 3}, BASE)

    assert {addresses.find(token): name for name, token in addresses.tokens.items()} == {
        "all": "all",
        "ivanov@video.example.com": "ivanov@video.example.com",
    }


@pytest.mark.parametrize("token", ["", "all", "A" * 32, "\ud800", "x" * 100_000])
def test_any_other_token_is_unknown(token: str) -> None:
    assert Addresses.of(SECRET, {"all": 0}, BASE).find(token) is LookupFailure.UNKNOWN


def test_past_generations_are_gone_and_future_ones_unknown() -> None:
    addresses = Addresses.of(SECRET, {"all": 2}, BASE)

    found = [addresses.find(token_of(SECRET, "all", generation)) for generation in range(4)]

    assert found == [LookupFailure.ROTATED, LookupFailure.ROTATED, "all", LookupFailure.UNKNOWN]


@pytest.mark.parametrize(
    ("calendar", "segment"),
    [
        ("all", "all"),
        ("ivanov@video.example.com", "ivanov-video.example.com"),
        ("иванов", "ivanov"),
        ("../../etc", "etc"),
        ('a"b/c?d#e', "a-b-c-d-e"),
    ],
)
def test_the_last_segment_is_a_readable_name_never_the_token(calendar: str, segment: str) -> None:
    addresses = Addresses.of(SECRET, {calendar: 0}, BASE)

    token = addresses.tokens[calendar]
    assert addresses.feed_url(calendar) == f"{BASE}/feeds/{token}/{segment}.ics"
    assert addresses.page_url(calendar) == f"{BASE}/calendars/{token}"
