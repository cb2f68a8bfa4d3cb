"""
Every text that is translated has a Russian translation, which says as much as the source does.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from hatch_build import compiled
from service.core.vevent import access_in_words, mode_in_words, no_translation
from service.language import CatalogueMissing, translator
from tests.web.catalogues import extracted

SERVICE = Path(__file__).parent.parent.parent / "service"
PO = SERVICE / "locale" / "ru" / "LC_MESSAGES" / "confcal.po"
POT = SERVICE / "locale" / "confcal.pot"


def texts_of(folder: str) -> set[str]:
    """Return every text of the source in a folder of the package."""
    return {
        _singular(message.id)
        for message in extracted()
        if any(name.startswith(f"{folder}/") for name, _ in message.locations)
    }


def translations_in(catalogue: Path) -> dict[str, list[str]]:
    """Return the translations of each text: several where they depend on a number."""
    with catalogue.open("rb") as file:
        catalog = read_po(file, locale="ru")
    return {
        _singular(message.id): [message.string]
        if isinstance(message.string, str)
        else list(message.string or ())
        for message in catalog
        if message.id and not message.fuzzy
    }


def _singular(text: str | Sequence[str]) -> str:
    return text if isinstance(text, str) else text[0]


def install(locales: Path, source: Path = PO) -> Path:
    target = locales / "ru" / "LC_MESSAGES" / "confcal.po"
    target.parent.mkdir(parents=True)
    target.write_bytes(source.read_bytes())
    return target


@pytest.mark.parametrize(("folder", "among"), [("core", "Busy"), ("web", "%(num)d upcoming conference")])
def test_every_text_of_vevents_and_pages_has_a_translation(folder: str, among: str) -> None:
    russian, texts = translations_in(PO), texts_of(folder)

    assert among in texts
    assert {text for text in texts if not all(russian.get(text, [""]))} == set()


def test_every_text_of_the_source_is_translated_and_no_other() -> None:
    assert {_singular(message.id) for message in extracted() if message.id} == translations_in(PO).keys()


def test_the_template_for_translators_lists_every_text_of_the_source() -> None:
    assert {_singular(message.id) for message in extracted() if message.id} == translations_in(POT).keys()


def test_a_catalogue_begins_with_the_header_that_programs_of_translators_read() -> None:
    header = PO.read_text("utf-8").partition("\n\n")[0]

    assert {"Language: ru", "Plural-Forms: ", "charset=utf-8"} <= set(
        re.findall(r"Language: ru|Plural-Forms: |charset=utf-8", header)
    )


def test_placeholders_are_the_same_in_both_languages() -> None:
    def names(text: str) -> set[str]:
        return set(re.findall(r"{\w*}|%\(\w+\)", text))

    differing = [
        text
        for text, translated in translations_in(PO).items()
        if any(names(one) != names(text) for one in translated if one)
    ]
    assert differing == []


def test_the_source_is_english() -> None:
    assert translator("en") is no_translation


def test_words_of_a_vevent_in_russian(tmp_path: Path) -> None:
    compiled(install(tmp_path))
    translate = translator("ru", locales=tmp_path)

    assert translate("Busy") == "Занято"
    assert mode_in_words("S|L", translate) == "ролевая конференция"
    assert access_in_words("private", translate) == "закрытый"
    assert mode_in_words("unknown", translate) == "unknown"


def test_a_text_without_a_translation_stays_as_it_is(tmp_path: Path) -> None:
    compiled(install(tmp_path))

    assert translator("ru", locales=tmp_path)("Nobody translated this") == "Nobody translated this"


def test_a_missing_catalogue_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CatalogueMissing, match="install confcal again, or set CONFCAL_LANGUAGE=en"):
        translator("ru", locales=tmp_path)


def test_a_translation_that_loses_a_placeholder_is_not_built(tmp_path: Path) -> None:
    source = install(tmp_path)
    source.write_text(source.read_text("utf-8").replace("Конференция {id}", "Конференция"), "utf-8")

    with pytest.raises(ValueError, match="braces differ"):
        compiled(source)


def test_a_compiled_catalogue_does_not_tell_when_it_was_built(tmp_path: Path) -> None:
    first = compiled(install(tmp_path / "first")).read_bytes()

    assert b"-Date: 2000-01-01 00:00+0000" in first
    assert first.count(b"-Date: ") == first.count(b"-Date: 2000-01-01 00:00+0000")
    assert compiled(install(tmp_path / "second")).read_bytes() == first
