"""
What commands ask of the parts without running the daemon: feeds, health, whether sources answer.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict, dataclass

from service import app
from service.core.conference import Snapshot
from service.core.errors import SettingsError
from service.places import public_url
from service.policy import policy_of
from service.settings import Settings, SourceSettings
from service.sync import Synchronizer
from service.trueconf.discovery import Fetch
from service.trueconf.driver import Taps
from service.trueconf.status import SourceStatus

_SETTLED = {"pin rejected", "unreachable", "logged out"}


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """
    One calendar with its addresses.
    """

    calendar: str
    feed_url: str
    page_url: str
    events: int

    def as_dict(self) -> dict[str, str | int]:
        """Return the fields by name, for JSON."""
        return asdict(self)


async def listed_feeds(settings: Settings) -> list[ListedFeed]:
    """
    Return all calendars with their addresses. Raises SettingsError and StoreUnavailable.
    """
    if settings.public_url is None and settings.port == 0:
        raise SettingsError("CONFCAL_PUBLIC_URL is missing: with CONFCAL_PORT=0 no address can be told")
    store = await app.open_settings_store(settings)
    try:
        synchronizer = Synchronizer(store, policy_of(settings))
        await synchronizer.refresh()
        feeds = app.feeds_of(settings, store, synchronizer, public_url(settings, settings.port))
        await feeds.start()
        listed = []
        for calendar in feeds.calendars.values():
            vevents = await store.vevents(calendar.variant, calendar.account)
            urls = feeds.addresses
            listed.append(
                ListedFeed(
                    calendar.name, urls.feed_url(calendar.name), urls.page_url(calendar.name), len(vevents)
                )
            )
        return listed
    finally:
        await store.close()


async def health_trouble(settings: Settings) -> str:
    """Return what is wrong with the daemon on this machine; empty where it answers."""
    wildcards = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 -- looked up, not bound to
    host = wildcards.get(settings.host, settings.host)
    url = f"http://{host}:{settings.port}/healthz"
    async with app.http_fetch() as fetch:
        try:
            await fetch(url)
        except OSError as error:
            return f"{url} does not answer: {error}"
    return ""


@dataclass(frozen=True, slots=True)
class SourceReport:
    """
    What became of asking one source for its list.
    """

    name: str
    good: bool
    text: str


async def source_reports(settings: Settings, timeout_seconds: float) -> AsyncIterator[SourceReport]:
    """
    Yield a report for each source, all asked at once, in the order of the settings.
    """
    async with app.http_fetch() as fetch:
        asked = [
            asyncio.create_task(_report(name, source, fetch, timeout_seconds))
            for name, source in settings.sources.items()
        ]
        for task in asked:
            yield await task


async def _report(name: str, settings: SourceSettings, fetch: Fetch, timeout_seconds: float) -> SourceReport:
    arrived: list[Snapshot] = []
    settled = asyncio.Event()

    async def deliver(snapshot: Snapshot) -> None:
        arrived.append(snapshot)
        settled.set()

    def told(status: SourceStatus) -> None:
        if status.state in _SETTLED:
            settled.set()

    source = app.make_source(name, settings, fetch, Taps(status=told))
    running = asyncio.create_task(source.run(deliver))
    with suppress(TimeoutError):
        await asyncio.wait_for(settled.wait(), timeout_seconds)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    if not arrived:
        return SourceReport(name, good=False, text=source.status.error or "no list came in time")
    listing = arrived[0].listing
    text = f"{arrived[0].account}, {len(listing.conferences)} conferences"
    if listing.rejections:
        text += f", {len(listing.rejections)} rejected"
    return SourceReport(name, good=True, text=text)
