"""
TOML files as people write them for the first time.
"""

import re
from pathlib import Path

import pytest

from service.core.errors import SettingsError
from service.settings.addresses import address_map
from service.settings.env_files import variables_of
from service.settings.load import load_settings
from service.settings.toml_text import parse_toml

LOBBY = '[sources.lobby]\nurl = "http://10.0.0.1"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("timezone = Europe/Moscow\n", 'line 1: write the value in quotes, like timezone = "..."'),
        (f"{LOBBY}pin = 0123\n", 'line 3: write the value in quotes, like pin = "..."'),
        (f"{LOBBY}pin = ABC123\r\n", 'line 3: write the value in quotes, like pin = "..."'),
        ("timezone =\n", 'line 1: write the value in quotes, like timezone = "..."'),
        ("timezone = “Europe/Moscow”\n", 'line 1: write straight quotes, like timezone = "..."'),
        ("timezone = «Europe/Moscow»\n", 'line 1: write straight quotes, like timezone = "..."'),
        ("timezone: Europe/Moscow\n", 'line 1: write timezone = "...", with an equals sign'),
        ('timezone = "UTC\nport = 1\n', "line 1: the quote that ends the value of timezone is missing"),
        ('timezone = "UTC', "line 1: the quote that ends the value of timezone is missing"),
        ('data_dir = "C:\\Users"\n', "line 1: write single quotes where backslashes are meant as such"),
        ("port = 1\nport = 2\n", "line 2: it sets port a second time; keep one of them"),
        (f"{LOBBY}{LOBBY}", "line 3: the table [sources.lobby] is there twice"),
        ('{"timezone": "UTC"}', "this is JSON; write one setting to a line"),
        ("timezone\n", 'line 1: write NAME = "value" there, or a heading like [sources.lobby]'),
        ("[sources.lobby\n", 'line 1: write NAME = "value" there, or a heading like [sources.lobby]'),
    ],
)
def test_what_is_wrong_is_told_by_its_line(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(told)}"):
        parse_toml(text.encode())


@pytest.mark.parametrize("secret", ["MARK1", '"MARK1', "“MARK1”", '"MARK1\\U"', "[MARK1", '{a = "MARK1"'])
def test_no_value_is_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="line 1") as caught:
        parse_toml(f"pin = {secret}\n".encode())

    assert "MARK1" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "cp1251"])
def test_another_encoding_is_told_as_that(encoding: str) -> None:
    with pytest.raises(ValueError, match=r"^save it as UTF-8$"):
        parse_toml('# Часовой пояс\ntimezone = "UTC"\n'.encode(encoding))


def test_names_of_variables_are_told_in_the_form_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "confcal.toml"
    file.write_text('CONFCAL_TIMEZONE = "UTC"\n')

    with pytest.raises(SettingsError, match="stand without CONFCAL_; write timezone for CONFCAL_TIMEZONE"):
        load_settings({"CONFCAL_CONFIG_FILE": str(file)})


def test_a_map_of_addresses_is_read_as_notepad_saves_it(tmp_path: Path) -> None:
    for name, text in (("a.toml", '"ivanov" = "i@example.com"'), ("a.json", '{"ivanov": "i@example.com"}')):
        file = tmp_path / name
        file.write_text(text, encoding="utf-8-sig")

        assert dict(address_map("cloud", file)) == {"ivanov": "i@example.com"}


def test_a_toml_file_in_place_of_variables_is_told_where_it_belongs(tmp_path: Path) -> None:
    file = tmp_path / "confcal.toml"
    file.write_text(f'timezone = "UTC"\n{LOBBY}')

    with pytest.raises(
        SettingsError, match=r"is TOML, with \[sources.lobby\] in it; name it in CONFCAL_CONFIG_FILE"
    ):
        list(variables_of(file))


def test_variables_in_another_encoding_are_told_to_be_saved_in_ours(tmp_path: Path) -> None:
    file = tmp_path / "confcal.env"
    file.write_text("CONFCAL_TIMEZONE=UTC\n", encoding="utf-16")

    with pytest.raises(SettingsError, match=r"it is not UTF-8 text\); save it as UTF-8"):
        list(variables_of(file))
