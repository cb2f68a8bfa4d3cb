"""
What a subscriber may choose in the address of a feed: a reminder, and whether the time counts as free.

The names and values are few and fixed, so that a calendar has a bounded number of feeds.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode

from service.core.changes import RenderedVEvent
from service.core.presentation import Presentation, present

REMINDER_MINUTES = (0, 5, 10, 15, 30, 60)
_REMINDERS: dict[str, int | None] = {
    "none": None,
    **{str(minutes): minutes for minutes in REMINDER_MINUTES},
    **{f"PT{minutes}M": minutes for minutes in REMINDER_MINUTES},
    "PT0S": 0,
    "PT1H": 60,
}
_FREE: dict[str, bool] = {"1": True, "0": False}
_LONGEST = 256
"""A longer query chooses nothing, and costs nothing to read."""

# No text holds a whole line: its line ends are escaped, and a folded line goes on behind a blank.
_VEVENT = re.compile(rb"(?<=\r\n)BEGIN:VEVENT\r\n.*?\r\nEND:VEVENT\r\n", re.DOTALL)
_TRANSPARENT, _OPAQUE = b"\r\nTRANSP:TRANSPARENT\r\n", b"\r\nTRANSP:OPAQUE\r\n"
_FREE_IN_OUTLOOK = b"\r\nX-MICROSOFT-CDO-BUSYSTATUS:FREE\r\n"


@dataclass(frozen=True, slots=True)
class Choice:
    """
    One subscriber's choice; the default is the feed as the calendar gives it.
    """

    reminder: int | None = None
    """Minutes before the start; None for no reminder."""

    free: bool | None = None
    """Whether the time counts as free; None for what the calendar says."""


AS_GIVEN = Choice()


def choice_of(query: bytes) -> Choice:
    """Return the choice in a query; what is none is ignored, and of a repeated name the last counts."""
    return _read(query) if 0 < len(query) <= _LONGEST else AS_GIVEN


def query_of(choice: Choice) -> str:
    """Return the query that asks for a choice, the same for the same choice; empty for the feed as given."""
    asked = {"reminder": choice.reminder, "free": None if choice.free is None else int(choice.free)}
    return urlencode({name: value for name, value in asked.items() if value is not None})


@lru_cache(maxsize=1024)
def _read(query: bytes) -> Choice:
    reminder, free = AS_GIVEN.reminder, AS_GIVEN.free
    for name, value in parse_qsl(query.decode("latin-1")):
        if name == "reminder":
            reminder = _REMINDERS.get(value, reminder)
        elif name == "free":
            free = _FREE.get(value, free)
    return Choice(reminder, free)


def apply_choice(feed: bytes, choice: Choice) -> bytes:
    """Return the iCalendar object of a feed as `choice` asks; the same bytes for the same arguments."""
    reminders = () if choice.reminder is None else (timedelta(minutes=choice.reminder),)
    presentation = Presentation(free=bool(choice.free), reminders=reminders)

    def chosen(found: re.Match[bytes]) -> bytes:
        body = found[0] if choice.free is None else _show_as_busy(found[0])
        return present(RenderedVEvent("", "", body), presentation).body

    return _VEVENT.sub(chosen, feed)


def _show_as_busy(vevent: bytes) -> bytes:
    return vevent.replace(_TRANSPARENT, _OPAQUE).replace(_FREE_IN_OUTLOOK, b"\r\n")
