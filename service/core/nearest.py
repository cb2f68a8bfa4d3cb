"""
Suggestions for a name that does not exist.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher

_ALIKE = 0.5


def nearest(name: str, known: Iterable[str]) -> str | None:
    """
    Return the known name that is most similar to `name`, ignoring case; None if none is similar.

    Of `user@server` both parts must be similar, because most accounts share a server; `user` alone will do.
    """
    folded = {each.casefold(): each for each in known}
    wanted = name.casefold()
    if wanted in folded:
        return folded[wanted]
    likeness, near = max(((_likeness(wanted, each), each) for each in folded), default=(0.0, ""))
    return folded[near] if likeness >= _ALIKE else None


def _likeness(first: str, second: str) -> float:
    user, _, server = first.partition("@")
    other_user, _, other_server = second.partition("@")
    likeness = _ratio(user, other_user)
    return min(likeness, _ratio(server, other_server)) if server and other_server else likeness


def _ratio(first: str, second: str) -> float:
    return SequenceMatcher(None, second, first).ratio()


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the nearest known name as a question that follows a sentence; empty if none is similar."""
    near = nearest(name, known)
    return f"; did you mean {near}?" if near else ""
