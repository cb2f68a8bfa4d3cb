"""
A directory of calendars as a test gives it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from service.app.calendar_collections import CalendarDirectory
from service.calendars.calendar import Calendar
from service.core.account_state import Entry
from service.core.state import State


def _nothing(_calendar: Calendar) -> Iterable[Entry]:
    return ()


@dataclass
class GivenDirectory(CalendarDirectory):
    """
    Knows the calendars that it is given, and asks the test what is in them.
    """

    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    find: Callable[[Calendar], Iterable[Entry]] = _nothing

    @property
    def state(self) -> State:
        """Nothing: tests ask for entries."""
        return State()

    def entries(self, calendar: Calendar) -> Iterable[Entry]:
        """Return the conferences in a calendar."""
        return self.find(calendar)
