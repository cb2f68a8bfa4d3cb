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
    title: str = ""

    def as_dict(self) -> dict[str, str | int]:
        """Return the fields by name, for JSON."""
        fields = asdict(self)
        del fields["title"]
        return fields


def describe_feed(calendar: Calendar, addresses: Addresses, events: int) -> ListedFeed:
    """Return a calendar with its addresses and how many events it has."""
    name = calendar.name
    return ListedFeed(name, addresses.feed_url(name), addresses.page_url(name), events, calendar.title)


def find_public_url(settings: Settings) -> str:
    """Return the address at which people reach the feeds. Raises SettingsError where none is known."""
    if settings.public_url is None and settings.port == 0:
        raise SettingsError("CONFCAL_PUBLIC_URL is missing: with CONFCAL_PORT=0 no address is known")
    return public_url(settings, settings.port)
