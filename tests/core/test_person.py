"""
What people are called, whatever TrueConf sends as their name.
"""

import pytest

from service.core.person import LONGEST_NAME, name_of, name_with_id


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Анна Петрова", "Анна Петрова"),
        ("", "anna"),
        ("  \t ", "anna"),
        ("\u200b\u2060\ufeff", "anna"),
        ("\u200d", "anna"),
        ("\u202eavortep\u202c \u2066Anna\u2069", "avortep Anna"),
        ("Anna\nPetrova\x1b[31m", "Anna Petrova[31m"),
        ("<b>Anna</b>", "<b>Anna</b>"),
        ("Anna   Petrova ", "Anna Petrova"),
        ("👩\u200d💻 Anna", "👩\u200d💻 Anna"),
        ("نیک\u200cنام", "نیک\u200cنام"),
    ],
)
def test_a_name_is_shown_without_what_hides_or_turns_text(sent: str, shown: str) -> None:
    assert name_of("anna", sent) == shown


def test_an_endless_name_is_cut() -> None:
    name = name_of("anna", "A" * 300)

    assert len(name) == LONGEST_NAME
    assert name.endswith("A…")


def test_an_id_follows_the_name_unless_it_is_the_name() -> None:
    assert name_with_id("Anna", "anna@video.example.com") == "Anna (anna@video.example.com)"
    assert name_with_id("anna", "anna") == "anna"
