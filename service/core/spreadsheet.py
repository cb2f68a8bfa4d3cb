"""
CSV (RFC 4180) that people open in a spreadsheet: no text in it is a formula.
"""

import csv
from collections.abc import Iterable
from io import StringIO

LINK_COLUMNS = ("name", "person", "page", "feed", "text_en", "text_ru")
"""
What a file of links holds of each calendar: its name, whom or what it is of, both addresses, texts to send.
"""

_FORMULA_SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With their full-width forms, read alike by some spreadsheets. Spaces before them change nothing."""


def write_csv(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table below the names of its columns. What a spreadsheet would compute begins with `'`."""
    table = StringIO()
    writer = csv.writer(table)
    writer.writerow(columns)
    writer.writerows(tuple(map(_disarm, row)) for row in rows)
    return table.getvalue()


def _disarm(text: str) -> str:
    begins = text.lstrip().startswith(_FORMULA_SIGNS) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if begins else text
