"""
What the pages say beside their commands: settings that exist, and the same headings in both languages.
"""

import re
from pathlib import Path

import pytest

from service.settings.model import Settings
from service.settings.names import FILE, annotation_of, is_secret, place_of
from tests.docs.blocks import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
RUSSIAN = [page for page in PAGES if page.name.endswith(".ru.md")]
OPERATIONS = [page for page in sorted(ROOT.glob("docs/operations/*.md")) if page not in RUSSIAN]
GENERATED = "log-events.md"
"""It is made from the names in the code, and README.ru.md says that it is in English."""

_SETTING = re.compile(r"\bCONFCAL_(?!TEST_)[A-Z0-9_]*[A-Z0-9]\b(?!__|_?<|\*|_\*)")


def exists(name: str) -> bool:
    """Return whether a variable is a setting, or names the file of a secret one."""
    target = name.removesuffix(FILE)
    return annotation_of(Settings, place_of(name)) is not None or (
        target != name and is_secret(annotation_of(Settings, place_of(target)))
    )


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_setting_that_a_page_names_exists(page: Path) -> None:
    named = set(_SETTING.findall(page.read_text("utf-8")))

    assert [name for name in sorted(named) if not exists(name)] == []


@pytest.mark.parametrize("page", RUSSIAN, ids=[str(page.relative_to(ROOT)) for page in RUSSIAN])
def test_a_page_has_the_same_headings_in_both_languages(page: Path) -> None:
    def levels(text: str) -> list[str]:
        prose = "".join(text.split("```")[::2])
        return re.findall(r"^(#+) ", prose, re.MULTILINE)

    english = page.with_name(page.name.replace(".ru.md", ".md"))

    assert levels(page.read_text("utf-8")) == levels(english.read_text("utf-8"))


@pytest.mark.parametrize("page", OPERATIONS, ids=[page.name for page in OPERATIONS])
def test_a_page_for_operators_and_its_russian_one_lead_to_each_other(page: Path) -> None:
    if page.name == GENERATED:
        return
    russian = page.with_name(page.name.replace(".md", ".ru.md"))

    assert f"*[По-русски]({russian.name})*" in page.read_text("utf-8").splitlines()
    assert f"*[In English]({page.name})*" in russian.read_text("utf-8").splitlines()


@pytest.mark.parametrize("page", RUSSIAN, ids=[str(page.relative_to(ROOT)) for page in RUSSIAN])
def test_a_russian_page_leads_to_russian_pages(page: Path) -> None:
    links = [
        page.parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+\.md)", page.read_text("utf-8"))
    ]
    english = page.with_name(page.name.replace(".ru.md", ".md"))

    missed = [link for link in links if link.with_name(link.name.replace(".md", ".ru.md")).exists()]

    assert missed == [english]
