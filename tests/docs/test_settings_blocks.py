"""
The settings that pages show: the real loader takes each of them, alone or as one of several choices.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.settings.addresses import address_map
from service.settings.env_files import variables_of
from service.settings.load import load_settings
from tests.docs.blocks import ROOT, Block, Kind, blocks
from tests.docs.stand_ins import Machine

PAGES = {
    str(page.relative_to(ROOT)): page for page in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
}
SHOWN = [
    pytest.param(block, page, id=f"{name}-{number}")
    for name, page in PAGES.items()
    for number, block in enumerate(blocks(page))
    if block.kind is Kind.SETTINGS
]
IN_PROSE = sorted(
    {
        setting
        for page in PAGES.values()
        for setting in re.findall(r"`(CONFCAL_(?!TEST_)[A-Z_<>]+=[^`]+)`", page.read_text("utf-8"))
    }
)
TABLES = [page for page in PAGES.values() if any(each.kind is Kind.TOML for each in blocks(page))]

BASE = {
    "CONFCAL_SOURCES__LOBBY__URL": "http://10.0.0.15",
    "CONFCAL_TARGETS__CLOUD__URL": "https://cloud.example.com/dav/",
    "CONFCAL_TARGETS__CLOUD__CALENDAR": "all",
}
"""What a block adds to, where it says more about a source or a target."""


def machine_in(folder: Path, page: Path) -> Machine:
    """Return a machine with a file at each path that the blocks of a page name."""
    machine = Machine(folder, {})
    for block in blocks(page):
        for path in re.findall(r"=(/[\w./-]+)", block.text):
            machine.write(f".{path}", "json://a.host.of.the.tests/and-long-enough")
    return machine


def choices(machine: Machine, block: Block) -> Iterator[dict[str, str]]:
    """Yield the variables of a block; where it names one twice, each is a choice."""
    machine.write("shown.env", re.sub(r"=(?=/)", f"={machine.folder}", block.text))
    chosen: dict[str, str] = {}
    for name, value in variables_of(machine.folder / "shown.env"):
        if name in chosen:
            yield dict(chosen)
        chosen[name] = value
    yield chosen


@pytest.mark.parametrize(("block", "page"), SHOWN)
def test_the_loader_takes_what_a_page_shows(block: Block, page: Path, tmp_path: Path) -> None:
    for chosen in choices(machine_in(tmp_path, page), block):
        settings = load_settings({**BASE, **chosen})

        assert settings.model_fields_set


@pytest.mark.parametrize("setting", IN_PROSE)
def test_the_loader_takes_a_setting_named_in_a_sentence(setting: str, tmp_path: Path) -> None:
    name, _, value = setting.replace("<NAME>", "LOBBY").partition("=")
    if value.startswith("/"):
        Machine(tmp_path, {}).write(f".{value}", "a secret that is long enough")
        value = f"{tmp_path}{value}"

    settings = load_settings({**BASE, name: value})

    assert settings.model_fields_set


@pytest.mark.parametrize("page", TABLES, ids=[page.name for page in TABLES])
def test_a_file_that_a_page_shows_is_read(page: Path, tmp_path: Path) -> None:
    (table,) = (each for each in blocks(page) if each.kind is Kind.TOML)
    file = tmp_path / "addresses.toml"
    file.write_text(table.text, "utf-8")

    assert address_map("cloud", file) == {
        name.casefold(): address for name, address in tomllib.loads(table.text).items()
    }
