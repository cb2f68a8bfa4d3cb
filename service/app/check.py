"""
What commands ask without a running daemon: the feeds, and whether sources answer.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

from service.app.build import feeds_of, open_existing_store
from service.app.clock import utc_now
from service.app.policy import policy_of
from service.app.sources import make_source
from service.app.synchronizer import Synchronizer
from service.calendars.calendar import Calendar
from service.calendars.explain import explain
from service.calendars.feeds import Feeds
from service.core.conference import Conference, Snapshot
from service.core.errors import SettingsError, UnknownName
from service.core.nearest import suggest
from service.core.sources import IN_TROUBLE
from service.settings.model import Settings, SourceSettings
from service.settings.paths import public_url
from service.sources.hooks import NoHooks, SnapshotSink
from service.sources.status import SourceStatus
from service.sources.turns import LargeFrames
from service.trueconf.discovery import Fetch

_SILENT = "no list came in time; see whether somebody is signed in there, or raise --timeout"


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


@asynccontextmanager
async def _feeds(settings: Settings) -> AsyncIterator[Feeds]:
    if settings.public_url is None and settings.port == 0:
        raise SettingsError("CONFCAL_PUBLIC_URL is missing: with CONFCAL_PORT=0 no address is known")
    store = await open_existing_store(settings)
    try:
        synchronizer = Synchronizer(store, policy_of(settings))
        await synchronizer.refresh()
        feeds = feeds_of(settings, store, synchronizer, public_url(settings, settings.port))
        await feeds.start()
        yield feeds
    finally:
        await store.close()


def _describe_feed(feeds: Feeds, calendar: Calendar) -> ListedFeed:
    urls = feeds.addresses
    # Without a fingerprint there is no VEVENT: a room without a schedule.
    events = sum(bool(entry.fingerprint) for entry in feeds.directory.entries(calendar))
    return ListedFeed(
        calendar.name, urls.feed_url(calendar.name), urls.page_url(calendar.name), events, calendar.title
    )


async def list_feeds(settings: Settings) -> list[ListedFeed]:
    """
    Return all calendars with their addresses. Raises SettingsError and StoreUnavailable.
    """
    async with _feeds(settings) as feeds:
        return [_describe_feed(feeds, calendar) for calendar in feeds.calendars.values()]


async def find_awaited(settings: Settings) -> list[str]:
    """Return the sources whose first list has not come. Raises SettingsError and StoreUnavailable."""
    store = await open_existing_store(settings)
    try:
        state = await store.load()
    finally:
        await store.close()
    return [name for name in settings.sources if state.latest_from(name) is None]


async def rotate_feed(settings: Settings, name: str) -> ListedFeed:
    """
    Give a calendar a new address, and return it. Raises UnknownName, SettingsError and StoreUnavailable.
    """
    async with _feeds(settings) as feeds:
        try:
            await feeds.directory.rotate(name, utc_now())
        except KeyError as error:
            hint = suggest(name, feeds.calendars) or "; `confcal feeds` lists them"
            raise UnknownName(f"there is no calendar {name!r}{hint}") from error
        return _describe_feed(feeds, feeds.calendars[name])


async def explain_conference(settings: Settings, conference_id: str, calendar: str | None) -> list[str]:
    """
    Return sentences that say why a conference is in a calendar or not.

    Without a calendar's name they cover all calendars.

    Raises UnknownName, SettingsError and StoreUnavailable.
    """
    async with _feeds(settings) as feeds:
        state = feeds.directory.state
        found = [entry for key, entry in state.entries.items() if (key.id, key.part) == (conference_id, 0)]
        if not found:
            raise UnknownName(
                f"no conference has the id {conference_id!r}; `confcal conferences` lists them, and "
                "`confcal rejected` what could not be understood"
            )
        if calendar is not None and calendar not in feeds.calendars:
            hint = suggest(calendar, feeds.calendars) or "; `confcal feeds` lists them"
            raise UnknownName(f"there is no calendar {calendar!r}{hint}")
        chosen = [feeds.calendars[calendar]] if calendar else list(feeds.calendars.values())
        return [
            f"{entry.key.server}: {explain(each, entry, state).describe()}"
            if len(found) > 1
            else explain(each, entry, state).describe()
            for entry in found
            for each in chosen
        ]


@dataclass(frozen=True, slots=True)
class SourceReport:
    """
    The result of asking one source for its list.
    """

    name: str
    good: bool
    text: str
    conferences: tuple[Conference, ...] | None = None
    """What it listed; None where no list came."""


class _Trial(SnapshotSink, NoHooks):
    """Waits for the first list of a source, or for trouble with it."""

    def __init__(self) -> None:
        self.settled = asyncio.Event()
        self.snapshot: Snapshot | None = None

    async def accept(self, snapshot: Snapshot) -> None:
        self.snapshot = self.snapshot or snapshot
        self.settled.set()

    def note_status(self, status: SourceStatus) -> None:
        if status.state in IN_TROUBLE:
            self.settled.set()


async def report_of(
    name: str, settings: SourceSettings, fetch: Fetch, timeout_seconds: float
) -> SourceReport:
    """Ask one source for its list, and return the result."""
    if settings.url is None:
        return SourceReport(name, good=True, text=f"takes events at POST /api/events/{name}")
    trial = _Trial()
    source = make_source(name, settings, settings.url, fetch, trial, large=LargeFrames())
    asking = {asyncio.create_task(source.run(trial)), asyncio.create_task(trial.settled.wait())}
    await asyncio.wait(asking, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in asking:
        task.cancel()
    for ending in await asyncio.gather(*asking, return_exceptions=True):
        # The status reports trouble with the endpoint, so an exception is a bug.
        if isinstance(ending, Exception):
            raise ending
    if trial.snapshot is None:
        return SourceReport(name, good=False, text=source.status.error or _SILENT)
    listing = trial.snapshot.listing
    text = f"{trial.snapshot.account}, {len(listing.conferences)} conferences"
    if listing.rejections:
        text += f", {len(listing.rejections)} rejected"
    return SourceReport(name, good=True, text=text, conferences=listing.conferences)
