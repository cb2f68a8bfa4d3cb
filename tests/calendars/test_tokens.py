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


PREVIOUS = b"the secret before it"


def test_what_the_previous_secret_gave_goes_on_working_and_nothing_of_it_is_handed_out() -> None:
    addresses = Addresses.of(SECRET, {"all": 0, "room": 2}, BASE, previous=PREVIOUS)

    assert addresses.find(token_of(PREVIOUS, "all", 0)) == "all"
    assert addresses.find(token_of(PREVIOUS, "room", 2)) == "room"
    assert addresses.tokens == Addresses.of(SECRET, {"all": 0, "room": 2}, BASE).tokens


def test_what_was_rotated_under_the_previous_secret_stays_gone() -> None:
    addresses = Addresses.of(SECRET, {"room": 2}, BASE, previous=PREVIOUS)

    found = [addresses.find(token_of(PREVIOUS, "room", generation)) for generation in range(4)]

    assert found == [LookupFailure.ROTATED, LookupFailure.ROTATED, "room", LookupFailure.UNKNOWN]


def test_a_rotation_ends_the_address_of_the_previous_secret_too() -> None:
    addresses = Addresses.of(SECRET, {"room": 0}, BASE, previous=PREVIOUS)

    rotated = addresses.renew(SECRET, {"room": 1}, previous=PREVIOUS)

    assert rotated.find(token_of(PREVIOUS, "room", 0)) is LookupFailure.ROTATED
    assert rotated.find(token_of(SECRET, "room", 0)) is LookupFailure.ROTATED


def test_a_calendar_that_is_gone_is_gone_under_the_previous_secret_too() -> None:
    addresses = Addresses.of(SECRET, {}, BASE).renew(SECRET, {}, {"room": 1}, previous=PREVIOUS)

    assert addresses.find(token_of(PREVIOUS, "room", 0)) is LookupFailure.ROTATED
    assert addresses.find(token_of(PREVIOUS, "room", 1)) is LookupFailure.UNKNOWN


def test_without_the_previous_secret_its_addresses_lead_nowhere() -> None:
    assert Addresses.of(SECRET, {"all": 0}, BASE).find(token_of(PREVIOUS, "all", 0)) is LookupFailure.UNKNOWN
