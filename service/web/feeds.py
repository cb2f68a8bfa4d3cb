"""
The feeds as bytes: built when first asked for after a change, then served from memory.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256

import structlog

from service.core.calendars import Calendar, calendars_of
from service.core.errors import StoreUnavailable
from service.core.ical import Heading, render_calendar
from service.core.known import State
from service.core.ports import FeedRecord, Store
from service.web.addresses import Addresses

log = structlog.get_logger()

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Feed:
    """
    One calendar's iCalendar object with its validators.
    """

    body: bytes
    etag: bytes
    """Strong, with its quotes."""

    changed_at: datetime
    last_modified: bytes = field(init=False)

    def __post_init__(self) -> None:
        """Write the date down once: it goes with every answer."""
        object.__setattr__(self, "last_modified", http_date(self.changed_at))


def http_date(moment: datetime) -> bytes:
    """Return a moment in UTC as HTTP writes it (RFC 9110, 5.6.7)."""
    return format_datetime(moment, usegmt=True).encode()


@dataclass(frozen=True, slots=True)
class FeedRules:
    """
    What the settings say about feeds.
    """

    secret: bytes
    public_url: str
    variant: str
    timezone: str


class Feeds:
    """
    Calendars, their addresses and their feeds.

    `changed()` marks all feeds as old; each is built again by the next request for it. While the store
    cannot be read the last good feed goes on being served.
    """

    def __init__(
        self,
        store: Store,
        rules: FeedRules,
        *,
        state: Callable[[], State],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._rules = rules
        self._state = state
        self._clock = clock
        self._records: dict[str, FeedRecord] = {}
        self._feeds: dict[str, Feed] = {}
        self._fresh: set[str] = set()
        self._building: dict[str, asyncio.Lock] = {}
        self.calendars: Mapping[str, Calendar] = {}
        self.addresses = Addresses.of(b"", {}, "")

    async def start(self) -> None:
        """Load what is remembered of the feeds. Raises StoreUnavailable."""
        self._records = await self._store.feeds()
        self.changed()

    def changed(self) -> None:
        """Note that any calendar may look different now."""
        self._fresh.clear()
        calendars = calendars_of(self._state().accounts, self._rules.variant)
        if calendars.keys() != self.calendars.keys():
            self.calendars = calendars
            self._address()

    def _address(self) -> None:
        generations = {name: self._records.get(name, FeedRecord()).generation for name in self.calendars}
        self.addresses = Addresses.of(self._rules.secret, generations, self._rules.public_url)

    def ready(self) -> bool:
        """Return whether there was ever a list to make a calendar of."""
        return bool(self._state().accounts)

    def fresh(self, calendar: str) -> Feed | None:
        """Return the feed where it is up to date, at the cost of a look-up."""
        return self._feeds[calendar] if calendar in self._fresh else None

    async def feed(self, calendar: str) -> Feed:
        """
        Return the feed of a calendar, building it where something changed.

        Raises StoreUnavailable where it was never built and cannot be now.
        """
        async with self._building.setdefault(calendar, asyncio.Lock()):
            fresh = self.fresh(calendar)
            if fresh:
                return fresh
            # Before the work: a change that comes while it is done makes the feed old again.
            self._fresh.add(calendar)
            try:
                feed = self._feeds[calendar] = await self._build(self.calendars[calendar])
            except StoreUnavailable as error:
                self._fresh.discard(calendar)
                last_good = self._feeds.get(calendar)
                if last_good is None:
                    raise
                log.warning("web.feed_not_renewed", calendar=calendar, error=str(error))
                return last_good
            return feed

    async def _build(self, calendar: Calendar) -> Feed:
        vevents = await self._store.vevents(calendar.variant, calendar.account)
        heading = Heading(calendar.title, timezone=self._rules.timezone)
        body = await asyncio.to_thread(render_calendar, heading, vevents)
        digest = sha256(body).hexdigest()
        record = self._records.get(calendar.name, FeedRecord())
        if record.digest != digest or record.changed_at is None:
            record = replace(record, digest=digest, changed_at=self._moved(record.changed_at))
            await self._store.record_feed(calendar.name, record)
            self._records[calendar.name] = record
        return Feed(body, f'"{digest[:32]}"'.encode(), record.changed_at or self._clock())

    def _moved(self, before: datetime | None) -> datetime:
        now = self._clock().replace(microsecond=0)
        return max(now, before + _SECOND) if before else now
