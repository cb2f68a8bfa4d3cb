"""
The name that somebody may have meant.
"""

import pytest

from service.core.nearest import nearest, suggest

KNOWN = ("all", "board", "people/Ivanov")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("boards", "board"),
        ("BOARD", "board"),
        ("al", "all"),
        ("ivanov", "people/Ivanov"),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_the_most_similar_name_is_found_whatever_its_case(name: str, expected: str | None) -> None:
    assert nearest(name, KNOWN) == expected


def test_a_suggestion_follows_a_sentence_or_is_nothing() -> None:
    assert suggest("Board", KNOWN) == "; did you mean board?"
    assert suggest("xyzzy", KNOWN) == ""
    assert suggest("board", ()) == ""
