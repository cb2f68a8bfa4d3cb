"""
Text from outside is made fit for a calendar without losing what a person wrote.
"""

import pytest

from service.core.text import clean, cut, one_line


@pytest.mark.parametrize(
    "end", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_whatever_some_reader_takes_for_a_line_end_is_a_line_feed(end: str) -> None:
    assert clean(f"one{end}two") == "one\ntwo"
    assert one_line(f"one{end}two") == "one two"


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x1f", "\x7f", "\x80", "\x9f", "\ufeff"])
def test_controls_and_byte_order_marks_go(character: str) -> None:
    assert clean(f"Plan{character}ning{character}") == "Planning"


@pytest.mark.parametrize("character", [*map(chr, (0xD800, 0xDFFF, 0xFFFE, 0xFFFF))])
def test_what_is_no_character_becomes_the_replacement_character(character: str) -> None:
    assert clean(f"a{character}b") == "a\ufffdb"


@pytest.mark.parametrize(
    "text",
    [
        "a\tb",
        "\u202eright to left\u202c x",
        "\u200fשלום",
        "👨‍👩‍👧",
        "Планёрка «Запуск»",
        'C:\\Name; "x", ^n',
        "\ue000",
    ],
)
def test_all_else_stays(text: str) -> None:
    assert clean(text) == text


def test_blanks_at_both_ends_go() -> None:
    assert clean(" \u00a0 Planning \r\n ") == "Planning"
    assert clean("   ") == ""


def test_cleaning_twice_is_cleaning_once() -> None:
    text = " \ufeff \x00 a\r\x00\nb \u2028 \ud800"

    assert clean(clean(text)) == clean(text)


def test_one_line_has_single_blanks() -> None:
    assert one_line("  Ivan \t  Ivanov ") == "Ivan Ivanov"


def test_a_short_text_is_not_cut() -> None:
    assert cut("Planning", 8) == "Planning"


def test_a_long_text_ends_with_an_ellipsis_within_the_limit() -> None:
    assert cut("Planning the week", 10) == "Planning…"
    assert cut("Planningtheweek", 10) == "Planningt…"


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("abe\u0301cd", 4, "ab…"),
        ("ab👨\u200d👩\u200d👧cdefgh", 5, "ab…"),
        ("ab👍🏽cdef", 4, "ab…"),
        ("ab❤\ufe0fcdef", 4, "ab…"),
        ("\u0301" * 9, 4, "…"),
    ],
)
def test_a_letter_keeps_its_marks_and_a_joined_emoji_its_parts(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected
