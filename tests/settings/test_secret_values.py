"""
The secrets that a crash must not show.
"""

import pytest

from service.settings.load import load_settings
from service.settings.secret_values import find_secrets, find_secrets_of_process, hide_secrets

GIVEN = {
    "CONFCAL_SECRET": "MARK1 of the feeds",
    "CONFCAL_DATABASE_URL": "postgresql://confcal:MARK2%2Fpass@db/confcal",
    "CONFCAL_SOURCES__LOBBY__URL": "http://10.1.1.10:80/MARK3pin",
    "CONFCAL_SOURCES__ANNEX__URL": "http://10.1.1.11",
    "CONFCAL_SOURCES__ANNEX__PIN": "MARK4",
    "CONFCAL_TARGETS__CLOUD__URL": "https://cloud.example.com/",
    "CONFCAL_TARGETS__CLOUD__USERNAME": "confcal",
    "CONFCAL_TARGETS__CLOUD__PASSWORD": "MARK5 'quoted'",
    "CONFCAL_NOTIFY__OPS__URL": "tgram://123456:MARK6-of-the-bot/MARK7-of-the-chat",
}


@pytest.mark.parametrize(
    "quoted",
    [
        "KeyError: 'MARK1 of the feeds'",
        "nonnumeric port: 'MARK2%2Fpass@db'",
        "password MARK2/pass",
        "GET http://10.1.1.10:80/MARK3pin/public/default/config.json",
        "credentials='MARK4'",
        repr("MARK5 'quoted'\n"),
        "GET /?p=MARK5%20%27quoted%27",
        "https://api.telegram.org/bot123456:MARK6-of-the-bot/MARK7-of-the-chat",
    ],
)
def test_no_secret_is_left_however_a_library_quotes_it(quoted: str) -> None:
    hidden = hide_secrets(quoted, find_secrets(load_settings(GIVEN)))

    assert "MARK" not in hidden
    assert "***" in hidden


def test_what_is_no_secret_stays() -> None:
    text = "ValueError: 10.1.1.10 of lobby at https://cloud.example.com/ as confcal"

    assert hide_secrets(text, find_secrets(load_settings(GIVEN))) == text


def test_a_very_short_secret_does_not_blot_the_words_out() -> None:
    settings = load_settings({"CONFCAL_SOURCES__LOBBY__URL": "ws://h:1", "CONFCAL_SOURCES__LOBBY__PIN": "1"})

    assert hide_secrets("line 1 of 11", find_secrets(settings)) == "line 1 of 11"


def test_settings_that_are_not_valid_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_NOTHING", "x")

    assert find_secrets_of_process() == frozenset()
