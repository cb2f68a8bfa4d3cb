"""
The header that names who signed in: one name, that no browser or other program writes by itself.
"""

import pytest

from service.core.errors import SettingsError
from service.settings.load import load_configuration, load_settings
from service.settings.precautions import warnings_of

HEADER = "X-Forwarded-Preferred-Username"


def header_of(value: str) -> str | None:
    return load_settings({"CONFCAL_PEOPLE_HEADER": value}).people_header


@pytest.mark.parametrize("value", [HEADER, f"  {HEADER} ", "Remote-User", "X-Auth-Request-User"])
def test_the_name_of_a_header_is_taken(value: str) -> None:
    assert header_of(value) == value.strip()


@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_one_is_none(value: str) -> None:
    assert header_of(value) is None


@pytest.mark.parametrize(
    "value", ["X Forwarded", "X-User: brown", "X_User", "-X", "X-", "Remote-User,X-User", "Имя", "x" * 65]
)
def test_what_is_no_name_of_a_header_is_refused_with_an_example(value: str) -> None:
    with pytest.raises(SettingsError, match=r"CONFCAL_PEOPLE_HEADER.*X-Forwarded-Preferred-Username"):
        header_of(value)


@pytest.mark.parametrize("value", ["Authorization", "cookie", "X-Forwarded-For", "Host", "From"])
def test_a_header_that_others_write_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=r"CONFCAL_PEOPLE_HEADER.*does not name who signed in"):
        header_of(value)


def warnings(**given: str) -> list[str]:
    named = {f"CONFCAL_{name}": value for name, value in given.items()}
    return [each for each in warnings_of(load_configuration(named)) if "PROXIES" in each]


def test_a_header_that_is_believed_of_nobody_is_told_with_the_remedy() -> None:
    (warning,) = warnings(PEOPLE_HEADER=HEADER)

    assert "/me leads nowhere: set CONFCAL_TRUSTED_PROXIES" in warning


def test_a_header_that_is_believed_of_everybody_is_named() -> None:
    (warning,) = warnings(PEOPLE_HEADER=HEADER, TRUSTED_PROXIES="0.0.0.0/0")

    assert f"by X-Forwarded-For and {HEADER}:" in warning


def test_a_header_of_one_proxy_is_fine() -> None:
    assert warnings(PEOPLE_HEADER=HEADER, TRUSTED_PROXIES="127.0.0.1/32") == []
