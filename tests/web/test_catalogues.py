"""
The tool that writes the catalogues: each begins with its header, and holds every text once.
"""

from collections import Counter
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from service.language import LANGUAGES
from tests.web.catalogues import POT, header_of, po_of

CATALOGUES: dict[str, Path] = {"template": POT, **{each: po_of(each) for each in LANGUAGES[1:]}}
TEXT = '#: core/vevent.py\nmsgid ""\n"Busy"\nmsgstr ""\n"Занято"\n'


@pytest.mark.parametrize("name", CATALOGUES)
def test_a_catalogue_begins_with_its_header(name: str) -> None:
    assert header_of(CATALOGUES[name].read_text("utf-8")).count("msgid") == 1


def test_a_text_is_not_taken_for_the_header() -> None:
    with pytest.raises(ValueError, match="no header"):
        header_of(TEXT + "\n" + TEXT)


@pytest.mark.parametrize("name", CATALOGUES)
def test_a_catalogue_has_each_text_once(name: str) -> None:
    text = CATALOGUES[name].read_text("utf-8")
    with CATALOGUES[name].open("rb") as file:
        texts = len(read_po(file))

    assert Counter(line.partition(" ")[0] for line in text.splitlines())["msgid"] == texts + 1
