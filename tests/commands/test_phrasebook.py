"""
A sentence is known by its form, whatever varies in it.
"""

import re

import pytest

from service.commands.phrasebook import Phrasebook, phrasebook
from tests.commands.sentences import is_prose

BOOK = Phrasebook(
    {
        "{1} cannot be reached: {2}": "{1}: нет связи: {2}",
        "{1} cannot be reached": "{1}: нет связи",
        "there is no route": "нет пути",
        "{1} sends us on to {2}": "{1} направляет на {2}",
    }
)


def test_what_varies_stays_and_is_translated_where_it_is_a_sentence_too() -> None:
    assert BOOK.translate("dav:5232 cannot be reached: there is no route") == "dav:5232: нет связи: нет пути"


def test_the_form_with_most_fixed_words_fits_best() -> None:
    assert BOOK.translate("a cannot be reached") == "a: нет связи"
    assert BOOK.translate("a sends us on to b cannot be reached") == "a направляет на b: нет связи"


def test_a_sentence_without_a_form_is_translated_in_parts() -> None:
    assert BOOK.translate("cloud: there is no route; see the log") == "cloud: нет пути; see the log"


def test_lines_are_translated_each_for_itself() -> None:
    assert BOOK.translate("there is no route\n\nTopic") == "нет пути\n\nTopic"


@pytest.mark.parametrize(
    ("english", "russian"),
    [
        (
            "CONFCAL_SOURCES__LOBBY__URL: it names no host; write it as ws://10.0.0.5:8765 (given: 'ws://')",
            "CONFCAL_SOURCES__LOBBY__URL: в нём нет узла; пишите так: ws://10.0.0.5:8765 (задано: 'ws://')",
        ),
        (
            "C: it is not a CSS3 color name; write one like steelblue, seagreen or firebrick",
            "C: это не название цвета из CSS3; пишите, например, steelblue, seagreen или firebrick",
        ),
        (
            "The database confcal on db.example.org is on a full disk: free some space",
            "База данных confcal на db.example.org на заполненном диске: освободите место",
        ),
        (
            "--list: a.json cannot be used: [Errno 2] No such file or directory: 'a.json'",
            "--list: a.json нельзя использовать: нет такого файла или папки: 'a.json'",
        ),
        ("check the port on the way and more", "check the port on the way and more"),
    ],
)
def test_what_sentences_are_joined_of_is_recognized(english: str, russian: str) -> None:
    assert phrasebook("ru").translate(english) == russian


@pytest.mark.parametrize("line", [": " * 5_000, "; " * 5_000, "a (b); c: d " * 1_000, "there is no " * 1_000])
def test_a_line_that_nobody_wrote_ends_soon_and_stays_as_it_is(line: str) -> None:
    # Where a long line took longer for what it holds, this would take hours.
    assert phrasebook("ru").translate(line) == line


def test_english_stays_as_it_is() -> None:
    assert phrasebook("en").translate("it is not text") == "it is not text"


def test_signs_of_regular_expressions_mean_themselves() -> None:
    assert Phrasebook({"a (b)? {1}": "в {1}"}).translate("a (b)? c") == "в c"


@pytest.mark.parametrize("text", ["nothing rejected has the number X1", "`a b c` fails"])
def test_prose_is_words_in_a_row_that_are_no_code(text: str) -> None:
    assert is_prose(text) == (not text.startswith("`"))


def test_no_form_hides_another() -> None:
    book = phrasebook("ru")
    hidden = []
    for english, translation in book.translations.items():
        filled = re.sub(r"\{(\d+)\}", r"Q\1", english)
        if book.translate(filled) != re.sub(r"\{(\d+)\}", r"Q\1", translation):
            hidden.append(english)
    assert hidden == []
