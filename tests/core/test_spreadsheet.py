import csv
from io import StringIO

import pytest

from service.core.spreadsheet import LINK_COLUMNS, write_csv

PAGE = "https://calendar.example.com/calendars/secret"
FEED = "https://calendar.example.com/feeds/secret/anna.ics"


@pytest.mark.parametrize(
    "title",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u00a0=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff201",
    ],
)
def test_a_display_name_is_no_formula_in_a_spreadsheet(title: str) -> None:
    assert _read(title)[1] == ["anna@video.example.com", f"'{title}", PAGE, FEED, "Hi", "Привет"]


@pytest.mark.parametrize("title", ["Анна Иванова", "Anna, the first", 'Anna "A" B', "a=b", "Anna-Maria", ""])
def test_a_usual_display_name_is_written_as_it_is(title: str) -> None:
    assert _read(title) == [
        ["name", "person", "page", "feed", "text_en", "text_ru"],
        ["anna@video.example.com", title, PAGE, FEED, "Hi", "Привет"],
    ]


def _read(title: str) -> list[list[str]]:
    text = write_csv(LINK_COLUMNS, [("anna@video.example.com", title, PAGE, FEED, "Hi", "Привет")])
    return list(csv.reader(StringIO(text, newline="")))
