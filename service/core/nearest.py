"""
Suggestions for a name that does not exist.
"""

import difflib
from collections.abc import Iterable

_ALIKE = 0.5


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most similar to `name`, ignoring case; None if none is similar."""
    folded = {each.casefold(): each for each in known}
    if name.casefold() in folded:
        return folded[name.casefold()]
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=_ALIKE)
    return folded[found[0]] if found else None


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the nearest known name as a question that follows a sentence; empty if none is similar."""
    near = nearest(name, known)
    return f"; did you mean {near}?" if near else ""
