"""
The file name of a calendar: the last segment of its address, readable in any script.

Thunderbird and GNOME show it as the calendar's name. It grants no access; the token does, whatever name
follows it.
"""

import re
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from anyascii import anyascii

_EMPTY: Final = "calendar"
_LONGEST: Final = 100
_SUFFIX: Final = 6
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")


def stem_of(calendar: str) -> str:
    """Return a calendar's name in ASCII letters, digits, dots, dashes and underscores, never empty."""
    stem = _UNFIT.sub("-", calendar if calendar.isascii() else anyascii(calendar))
    return stem[:_LONGEST].strip("-.") or _EMPTY


def distinct(stems: Mapping[str, str]) -> dict[str, str]:
    """
    Return a file name for each calendar. No two are equal on a disk that ignores case.

    Calendars with equal stems get a suffix made from their names. It depends neither on their order nor on
    their number.
    """
    shared = Counter(stem.casefold() for stem in stems.values())
    return {
        calendar: f"{stem if shared[stem.casefold()] == 1 else _mark(stem, calendar)}.ics"
        for calendar, stem in stems.items()
    }


def _mark(stem: str, calendar: str) -> str:
    # A lone surrogate, which JSON can carry, has no UTF-8 form.
    encoded = calendar.encode(errors="surrogatepass")
    return f"{stem}-{sha256(encoded).hexdigest()[:_SUFFIX]}"
