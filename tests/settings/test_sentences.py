"""
What is said of a value that cannot work: what was meant, and nothing that may be a secret.
"""

import pytest

from service.core.errors import SettingsError
from service.settings.load import load_settings

SOURCE = "CONFCAL_SOURCES__LOBBY__"


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("5m", "PT5M"),
        ("5 min", "PT5M"),
        ("1h30m", "PT1H30M"),
        ("1d 12h", "PT36H"),
        ("1y", "P365D"),
        ("5 мин", "PT5M"),
        ("0:30", "PT30M"),
        ("pt5m", "PT5M"),
        ("999999999y", ""),
        ("5 parsecs", ""),
        ("pm", ""),
    ],
)
def test_a_duration_as_other_programs_write_it_is_told_in_ours(written: str, meant: str) -> None:
    name = "REMOVAL__KEEP_ENDED"
    hint = f"; did you mean {meant}?" if meant else ""
    assert refusal({f"CONFCAL_{name}": written}) == (
        f"CONFCAL_{name}: write seconds, or ISO 8601 like PT15M{hint} (given: {written!r})"
    )


@pytest.mark.parametrize("port", ["0", "99999", "https"])
def test_a_port_of_a_target_that_is_none_is_told_without_the_words_of_a_parser(port: str) -> None:
    told = refusal({"CONFCAL_TARGETS__CLOUD__URL": f"https://cloud.example.com:{port}/dav"})

    assert "CONFCAL_TARGETS__CLOUD__URL: its port is none; write one from 1 to 65535, or leave it out" in told


@pytest.mark.parametrize(
    "address",
    [
        "10.1.1.10:80/ABC123",
        "http://10.1.1.10:99999/ABC123",
        "ws://10.1.1.10/ABC123",
        "http:/10.1.1.10/ABC123",
        "http:\\\\10.1.1.10\\ABC123",
        "http://10.1.1.10 ABC123",
        "http://10.1.1.10:8a/ABC123",
        "http://10.1.1.10?ABC123",
        "http://10.1.1.10#ABC123",
        "ABC123",
    ],
)
def test_the_pin_in_an_address_that_cannot_work_is_not_repeated(address: str) -> None:
    told = refusal({f"{SOURCE}URL": address})

    assert told.startswith(f"{SOURCE}URL: ")
    assert "ABC123" not in told


def test_an_address_that_cannot_work_is_told_with_its_host() -> None:
    assert refusal({f"{SOURCE}URL": "10.1.1.10:80/ABC123"}).endswith("(given: '10.1.1.10:80/***')")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PORT", "http", "write a whole number, like 15 (given: 'http')"),
        ("PORT", "80.5", "write a whole number, like 15 (given: '80.5')"),
        ("PORT", "65536", "write 65535 or less (given: '65536')"),
        ("REMOVAL__HOLD_SHARE", "half", "write a number, like 0.5 (given: 'half')"),
        ("REMOVAL__HOLD_SHARE", "1.5", "write 1.0 or less (given: '1.5')"),
        ("REMOVAL__MISSING_LISTS", "0", "write 1 or more (given: '0')"),
        ("CALENDARS_FOR_PEOPLE", "maybe", "write true or false (given: 'maybe')"),
        ("POLL_EVERY", "0.5", "write 1 second or more"),
        ("REMOVAL__MISSING_FOR", "soon", "write seconds, or ISO 8601 like PT15M (given: 'soon')"),
        (
            "LOG_LEVEL",
            "warn",
            "write debug, info, warning or error; did you mean warning? (given: 'warn')",
        ),
        ("LANGUAGE", "de", "write en or ru (given: 'de')"),
        ("PORT", ":8080", "write a whole number, like 15; did you mean 8080? (given: ':8080')"),
        ("PORT", "8080/tcp", "write a whole number, like 15; did you mean 8080? (given: '8080/tcp')"),
        ("REMOVAL__HOLD_SHARE", "50%", "write a number, like 0.5; did you mean 0.5? (given: '50%')"),
        ("REMOVAL__HOLD_SHARE", "0,25", "write a number, like 0.5; did you mean 0.25? (given: '0,25')"),
        ("CALENDARS_FOR_PEOPLE", "enabled", "write true or false; did you mean true? (given: 'enabled')"),
        ("LANGUAGE", "Russian", "write en or ru; did you mean ru? (given: 'russian')"),
        ("LANGUAGE", "ru_RU.UTF-8", "write en or ru; did you mean ru? (given: 'ru_ru.utf-8')"),
        (
            "LOG_LEVEL",
            "verbose",
            "write debug, info, warning or error; did you mean debug? (given: 'verbose')",
        ),
    ],
)
def test_what_cannot_work_is_told_in_our_own_words(name: str, value: str, told: str) -> None:
    assert refusal({f"CONFCAL_{name}": value}) == f"CONFCAL_{name}: {told}"
