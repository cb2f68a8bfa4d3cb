"""
docs/settings.md: every setting, as the model has it.
"""

import re
from pathlib import Path

from service.settings.reference import reference
from service.settings.show import example

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def rows() -> dict[str, list[str]]:
    """Return the cells behind each setting."""
    lines = [line for line in reference().splitlines() if line.startswith("| `CONFCAL_")]
    cells = [re.split(r"(?<!\\) ?\| ?", line.strip("| ")) for line in lines]
    return {name.strip("`"): rest for name, *rest in cells}


def test_the_page_is_what_the_settings_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run `make docs`"


def test_every_setting_of_the_example_file_has_a_row_with_its_kind_and_the_version_that_brought_it() -> None:
    known = set(re.findall(r"^#(CONFCAL_\w+)=", example(), re.MULTILINE))

    found = rows()

    assert set(found) == known
    for name, (text, kind, _default, shown, version) in found.items():
        assert text, name
        assert kind, name
        assert shown, name
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name


def test_kinds_tell_choices_secrets_and_limits() -> None:
    found = rows()

    assert found["CONFCAL_LOG_LEVEL"][1] == "one of `debug`, `info`, `warning`, `error`"
    assert found["CONFCAL_SECRET"][1] == "secret, 16 characters or more"
    assert found["CONFCAL_PORT"][1:3] == ["whole number, from 0, to 65535", "`8080`"]
    assert found["CONFCAL_TARGETS__CLOUD__AUDIT_EVERY"][1:3] == ["duration, from PT1M", "`PT1H`"]
    assert found["CONFCAL_CALENDARS__BOARD__MODE"][1:4:2] == ["list", "`PxP,S\\|L`"]
