"""
The feeds that the settings ask for, over all that is known: for the daemon, and for commands that need it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from service.app.clock import utc_now
from service.app.listed_feed import ListedFeed, describe_feed, find_public_url
from service.app.opening import with_store
from service.app.placements import Placements
from service.app.policy import calendars_with_rules, first_variant
from service.calendars.calendar import Calendar
from service.calendars.explain import explain
from service.calendars.feeds import FeedRules, Feeds
from service.core.errors import UnknownName
from service.core.nearest import suggest
from service.core.ports import FeedStore, Store
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
        yield await _load(settings, store)


async def _load(settings: Settings, store: Store) -> Feeds:
    state = await store.load()
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


async def explain_conference(settings: Settings, conference_id: str, calendar: str | None) -> list[str]:
    """
    Return sentences that say why a conference is in a calendar or not.

    After them come those about targets. Without a calendar's name they cover all calendars.

    Raises UnknownName, SettingsError and StoreUnavailable.
    """
    async with with_store(settings) as store:
        feeds = await _load(settings, store)
        state = feeds.directory.state
        keys = sorted(key for key in state.entries if (key.id, key.part) == (conference_id, 0))
        found = [state.entries[key] for key in keys]
        if not found:
            raise UnknownName(
                f"no conference has the id {conference_id!r}; `confcal conferences` lists them, and "
                "`confcal rejected` what could not be understood"
            )
        if calendar is not None and calendar not in feeds.calendars:
            hint = suggest(calendar, feeds.calendars) or "; `confcal feeds` lists them"
            raise UnknownName(f"there is no calendar {calendar!r}{hint}")
        chosen = [feeds.calendars[calendar]] if calendar else list(feeds.calendars.values())
        placements = Placements(settings.targets, feeds.calendars, store, state)
        sentences = []
        for entry in found:
            beginning = f"{entry.key.server}: " if len(found) > 1 else ""
            sentences += [
                f"{beginning}{explain(each, entry, state).describe(feeds.directory.names.describe)}"
                for each in chosen
            ]
            sentences += [
                f"{beginning}{each.describe()}"
                for each in await placements.find(entry, utc_now())
                if calendar in (None, each.calendar)
            ]
        return sentences
