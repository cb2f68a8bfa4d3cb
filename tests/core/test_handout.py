"""
The text that goes out with the page of a calendar.
"""

from service.core.handout import write_handout
from service.core.vevent import no_translation

PAGE = "https://calendars.example.com/calendars/secret"


def test_it_names_the_calendar_and_its_page_in_the_first_line_and_says_how_in_the_second() -> None:
    first, second = write_handout(no_translation, "Board", PAGE).split("\n")

    assert "Board" in first
    assert first.endswith(PAGE), "a program that finds links takes what follows for a part of it"
    assert second.count(".") == 2


def test_a_title_stays_one_line_and_is_no_placeholder() -> None:
    text = write_handout(no_translation, "a {page}\nb", PAGE)

    assert "“a {page} b”" in text
    assert text.count(PAGE) == 1
