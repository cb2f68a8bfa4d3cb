"""
All calendars with their addresses, for a command. Without rules their events are counted, not read.
"""

from service.app.listed_feed import ListedFeed, describe_feed, find_public_url
from service.calendars.calendar import Calendar, calendars_of
from service.calendars.names import Names
from service.calendars.tokens import Addresses
from service.core.shared_map import SharedMap
from service.settings.model import Settings
from service.settings.paths import database_url, secret_of
from service.store.feed_list import FeedList, read_feed_list, read_heard_sources


async def list_feeds(settings: Settings) -> list[ListedFeed]:
    """Return all calendars with their addresses. Raises SettingsError and StoreUnavailable."""
    if settings.calendars or settings.calendars_for_people:
        # A rule can only be applied to whole conferences, and much is imported to read them.
        from service.app.feeds import list_loaded_feeds  # noqa: PLC0415

        return await list_loaded_feeds(settings)
    url = find_public_url(settings)
    found = await read_feed_list(database_url(settings))
    calendars = calendars_of(found.accounts, "")
    generations = {name: found.generations.get(name, 0) for name in calendars}
    addresses = Addresses.of(secret_of(settings), generations, url)
    names = Names(SharedMap(found.recent))
    return [
        describe_feed(
            each,
            addresses,
            _count(each, found),
            names.find(str(each.account)) if each.account else each.title,
        )
        for each in calendars.values()
    ]


async def find_awaited(settings: Settings) -> list[str]:
    """Return the sources whose first list has not come. Raises SettingsError and StoreUnavailable."""
    heard = await read_heard_sources(database_url(settings))
    return [name for name in settings.sources if name not in heard]


def _count(calendar: Calendar, found: FeedList) -> int:
    return found.accounts[calendar.account] if calendar.account else found.everything
