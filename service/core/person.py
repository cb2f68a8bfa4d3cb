"""
What a person is called: the display name that TrueConf reports, made safe to show, else the ID.
"""

from typing import Final
from unicodedata import category

from service.core.text import cut, one_line

LONGEST_NAME: Final = 80
_JOINERS: Final = frozenset("\u200c\u200d")
"""Without a width, but of some scripts and emoji."""

_VISIBLE: Final = frozenset("LNPS")
"""The letters, numbers, punctuation and symbols among the general categories of Unicode."""


def name_of(id_: str, display_name: str) -> str:
    """
    Return what a person is called: the display name, or the ID if that shows nothing.

    Signs that turn the direction of text, or hide in it, are left out: a name must not pass for another one
    nor move what stands beside it.
    """
    name = display_name
    if not name.isprintable():
        name = one_line("".join(each for each in name if category(each) != "Cf" or each in _JOINERS))
    name = cut(" ".join(name.split()), LONGEST_NAME)
    return name if any(category(each)[0] in _VISIBLE for each in name) else id_


def name_with_id(name: str, id_: str) -> str:
    """Return a name with the ID behind it, for plain text; the ID alone where it is the name."""
    return f"{name} ({id_})" if name != id_ else id_
