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


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lobbi@video.example.com", "lobby@video.example.com"),
        ("lobby@video.example.co", "lobby@video.example.com"),
        ("lobby", "lobby@video.example.com"),
        ("Hal", "hall@video.example.com"),
        ("brown@video.example.com", None),
        ("lobby@another.org", None),
    ],
)
def test_accounts_are_not_alike_because_they_share_a_server(name: str, expected: str | None) -> None:
    assert nearest(name, ["hall@video.example.com", "lobby@video.example.com"]) == expected


def test_a_suggestion_follows_a_sentence_or_is_nothing() -> None:
    assert suggest("Board", KNOWN) == "; did you mean board?"
    assert suggest("xyzzy", KNOWN) == ""
    assert suggest("board", ()) == ""
