"""
The calendar of a person, found by the name under which they signed in elsewhere.
"""

from collections.abc import Iterable
from unicodedata import is_normalized

from service.calendars.calendar import Calendar
from service.calendars.directory import Directory
from service.calendars.participants import is_person
from service.core.trueconf_id import TrueConfId

_LONGEST = 512
_NO_PART_OF_A_USER = frozenset('/,;"<>\\')
"""An instance, a list, or a display name beside the ID: then it is not one ID alone."""

_FINAL_SIGMA = "\N{GREEK SMALL LETTER FINAL SIGMA}"
"""Of names in plain Greek."""


def parse_person(text: str, servers: Iterable[str]) -> str | None:
    """
    Return the full ID of the person whom a text names, or None.

    A name without a server is one of the only server in `servers`; with several it could be two people's.
    """
    if len(text) > _LONGEST or not text.isprintable() or not is_normalized("NFC", text):
        return None
    if any(_is_foreign(letter) for letter in text):
        return None
    named = TrueConfId.parse(text)
    if not named.user or text != text.strip() or text.count("@") != bool(named.server):
        return None
    if not named.server:
        known = {server.lower() for server in servers}
        if len(known) != 1:
            return None
        named = named.at(known.pop())
    return named.folded if is_person(named.folded) and not named.fault else None


def find_own(directory: Directory, person: str) -> Calendar | None:
    """Return the calendar of a person: of the account with this ID, or the one made for the person."""
    # Only accounts and people have an @ in the name of their calendar.
    own = [each for each in directory.calendars.values() if "@" in each.name and _owner(each) == person]
    return own[0] if len(own) == 1 else None


def _owner(calendar: Calendar) -> str:
    return TrueConfId.parse(calendar.name).folded


def _is_foreign(letter: str) -> bool:
    """
    Return whether a letter counts as another without case, though a sign-in takes it for one of its own.

    A long s folds to `s`, a sharp s to `ss`, a rounded Cyrillic ve to `в`: whoever registers such a name
    elsewhere would get the calendar of somebody else.
    """
    folded = letter.casefold()
    own = letter in {folded, folded.upper(), folded.title(), _FINAL_SIGMA}
    return not own or letter in _NO_PART_OF_A_USER
