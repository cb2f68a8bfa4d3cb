"""
What somebody probably meant who wrote a name that there is not.
"""

import difflib
from collections.abc import Iterable

_ALIKE = 0.5


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like `name`, whatever the case, or None where none is like it."""
    folded = {each.casefold(): each for each in known}
    if name.casefold() in folded:
        return folded[name.casefold()]
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=_ALIKE)
    return folded[found[0]] if found else None


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the nearest known name as a question to put behind a sentence, empty where none is like it."""
    near = nearest(name, known)
    return f"; did you mean {near}?" if near else ""
