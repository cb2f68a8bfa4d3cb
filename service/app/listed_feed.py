"""
One calendar as a list for people and scripts shows it.
"""

from dataclasses import asdict, dataclass

from service.calendars.calendar import Calendar
from service.calendars.tokens import Addresses
from service.core.errors import SettingsError
from service.settings.model import Settings
from service.settings.paths import public_url


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """
    One calendar with its addresses.
    """

    calendar: str
    feed_url: str
    page_url: str
    events: int
    display_name: str = ""
    """What the person or account is called that it is of, else the title."""

    def as_dict(self) -> dict[str, str | int]:
        """Return the fields by name, for JSON."""
        fields = asdict(self)
        del fields["display_name"]
        return fields


def describe_feed(calendar: Calendar, addresses: Addresses, events: int, called: str) -> ListedFeed:
    """Return a calendar with its addresses, how many events it has, and what it is called."""
    name = calendar.name
    return ListedFeed(name, addresses.feed_url(name), addresses.page_url(name), events, called)


def find_public_url(settings: Settings) -> str:
    """Return the address at which people reach the feeds. Raises SettingsError where none is known."""
    if settings.public_url is None and settings.port == 0:
        raise SettingsError("CONFCAL_PUBLIC_URL is missing: with CONFCAL_PORT=0 no address is known")
    return public_url(settings, settings.port)
