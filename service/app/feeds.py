"""
The feeds that the settings ask for, over all that is known: for the daemon, and for commands that need it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from service.app.clock import utc_now
from service.app.listed_feed import ListedFeed, describe_feed, find_public_url
from service.app.opening import with_store
from service.app.policy import calendars_with_rules, first_variant
from service.calendars.calendar import Calendar
from service.calendars.feeds import FeedRules, Feeds
from service.core.errors import UnknownName
from service.core.nearest import suggest
from service.core.ports import FeedStore
from service.core.state import State
from service.settings.model import Settings
from service.settings.paths import secret_of


def feeds_of(settings: Settings, store: FeedStore, state: Callable[[], State], url: str) -> Feeds:
    """Return the feeds of what `state` gives, whose addresses begin with `url`."""
    rules = FeedRules(
        secret_of(settings),
        url,
        first_variant(settings),
        named=calendars_with_rules(settings),
        for_people=settings.calendars_for_people,
        previous_secret=settings.previous_secret,
    )
    return Feeds(store, rules, state=state, clock=utc_now)


@asynccontextmanager
async def _open_feeds(settings: Settings) -> AsyncIterator[Feeds]:
    async with with_store(settings) as store:
        yield await load_feeds(settings, store, await store.load())


async def load_feeds(settings: Settings, store: FeedStore, state: State) -> Feeds:
    """Return the feeds of a state with their addresses. Raises SettingsError and StoreUnavailable."""
    feeds = feeds_of(settings, store, lambda: state, find_public_url(settings))
    await feeds.start()
    return feeds


def _describe(feeds: Feeds, calendar: Calendar) -> ListedFeed:
    # Without a fingerprint there is no VEVENT: a room without a schedule.
    events = sum(bool(entry.fingerprint) for entry in feeds.directory.entries(calendar))
    return describe_feed(calendar, feeds.addresses, events, feeds.directory.name_calendar(calendar))


async def list_loaded_feeds(settings: Settings) -> list[ListedFeed]:
    """Return all calendars with their addresses. Raises SettingsError and StoreUnavailable."""
    async with _open_feeds(settings) as feeds:
        return [_describe(feeds, calendar) for calendar in feeds.calendars.values()]


async def rotate_feed(settings: Settings, name: str) -> ListedFeed:
    """
    Give a calendar a new address, and return it. Raises UnknownName, SettingsError and StoreUnavailable.
    """
    async with _open_feeds(settings) as feeds:
        try:
            await feeds.directory.rotate(name, utc_now())
        except KeyError as error:
            hint = suggest(name, feeds.calendars) or "; `confcal feeds` lists them"
            raise UnknownName(f"there is no calendar {name!r}{hint}") from error
        return _describe(feeds, feeds.calendars[name])
