"""
Feeds as bytes: built on the first request after a change, then served from memory.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256

import structlog

from service.calendars.calendar import Calendar
from service.calendars.choices import AS_GIVEN, Choice, apply_choice
from service.calendars.directory import Directory, FeedRules
from service.calendars.tokens import Addresses
from service.core.account_state import Revision
from service.core.changes import RenderedVEvent
from service.core.clock import Clock
from service.core.conference import Account, Key
from service.core.errors import StoreUnavailable
from service.core.ical import LARGE_EVENTS, LARGE_OCTETS, Heading, render_calendar
from service.core.ports import FeedRecord, FeedStore
from service.core.presentation import Presentation, present
from service.core.state import State

Members = tuple[tuple[Key, Revision], ...]

CacheKey = str | tuple[str, Choice]


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
        """Format the date once: it goes with every answer."""
        object.__setattr__(self, "last_modified", http_date(self.changed_at))


def http_date(moment: datetime) -> bytes:
    """Return a moment in UTC as HTTP writes it (RFC 9110, 5.6.7)."""
    return format_datetime(moment, usegmt=True).encode()


@dataclass(frozen=True, slots=True)
class CachedFeed:
    """
    A feed, and the state it was built from.
    """

    feed: Feed
    changes: int
    """How many changes of the state are in it."""

    members: Members | None
    """What it holds, where that is cheaper to compare than to build; otherwise None."""


class FeedCache:
    """
    The most recently requested feeds, up to `most_bytes`, and always the last one.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._built: OrderedDict[CacheKey, CachedFeed] = OrderedDict()

    def get(self, calendar: CacheKey) -> CachedFeed | None:
        """Return the cached feed of a calendar, current or not."""
        built = self._built.get(calendar)
        if built is not None:
            self._built.move_to_end(calendar)
        return built

    def put(self, calendar: CacheKey, built: CachedFeed) -> None:
        """Keep a feed; the least recently requested feeds make room."""
        before = self._built.pop(calendar, None)
        self._bytes += len(built.feed.body) - (len(before.feed.body) if before else 0)
        self._built[calendar] = built
        while self._bytes > self._most_bytes and len(self._built) > 1:
            _, dropped = self._built.popitem(last=False)
            self._bytes -= len(dropped.feed.body)


__all__ = ["Feed", "FeedRules", "Feeds", "http_date"]

log = structlog.get_logger()

_SECOND = timedelta(seconds=1)
_MOST_BYTES = 64 * 2**20
"""Bytes of built feeds in memory: some fifty calendars of a thousand events, or thousands of small ones."""


class Feeds:
    """
    Calendars, their addresses and their feeds.

    `state` gives what is known now, `rules` what the settings say. `mark_changed()` marks as old what may be,
    and the next request for such a feed builds it again. While the store cannot be read, the last one is
    served.
    """

    def __init__(
        self,
        store: FeedStore,
        rules: FeedRules,
        *,
        state: Callable[[], State],
        clock: Clock,
        most_bytes: int = _MOST_BYTES,
    ) -> None:
        self._store = store
        self.rules = rules
        self.state = state
        self._clock = clock
        self._records: dict[str, FeedRecord] = {}
        self._unrecorded: set[str] = set()
        self._dated: dict[str, int] = {}
        self._changes = 0
        self._touched: dict[Account, int] = {}
        self._cache = FeedCache(most_bytes)
        # Kept apart, so that many choices of one subscriber do not push out the feeds of others.
        self._chosen = FeedCache(most_bytes)
        self._building: dict[CacheKey, asyncio.Lock] = {}
        self.directory = Directory(store, rules)

    @property
    def calendars(self) -> Mapping[str, Calendar]:
        """All calendars by name."""
        return self.directory.calendars

    @property
    def changes(self) -> int:
        """How often any calendar may have changed."""
        return self._changes

    @property
    def addresses(self) -> Addresses:
        """The present addresses of the calendars."""
        return self.directory.addresses

    async def start(self) -> None:
        """Load the records of the feeds. Raises StoreUnavailable."""
        self._records = await self._store.feeds()
        collections = await self._store.ledger.targets()
        # A feed that was never served, or belongs to a forgotten account, has no digest.
        served = (name for name, record in self._records.items() if record.digest)
        self.directory.remember({*served, *(key.partition("/")[2] for key in collections)})
        await self.directory.refresh()
        self.mark_changed()

    def mark_changed(self) -> None:
        """Note which calendars may look different now: those of several accounts, and of whoever changed."""
        self._changes += 1
        for account in self.directory.follow(self.state()):
            self._touched[account] = self._changes

    async def record_again(self) -> None:
        """Record the feeds that the store could not take, so that all replicas serve them with one date."""
        for calendar in sorted(self._unrecorded):
            await self._remember(calendar, self._records[calendar])
            if calendar not in self._unrecorded:
                self._changes += 1
                self._dated[calendar] = self._changes

    def ready(self) -> bool:
        """Return whether any list ever arrived."""
        return bool(self.state().accounts)

    def fresh(self, calendar: str, choice: Choice = AS_GIVEN) -> Feed | None:
        """Return the feed if it is current, at the cost of a look-up; otherwise None."""
        built = self._cache.get(calendar) if choice == AS_GIVEN else self._chosen.get((calendar, choice))
        return built.feed if built and built.changes == self._last_change(calendar) else None

    async def feed(self, calendar: str, choice: Choice = AS_GIVEN) -> Feed:
        """
        Return the feed of a calendar as a subscriber chose it; build it if something changed.

        Raises StoreUnavailable if it was never built and cannot be built now.
        """
        key = calendar if choice == AS_GIVEN else (calendar, choice)
        lock = self._building.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                found = self.fresh(calendar, choice)
                if found:
                    return found
                if choice == AS_GIVEN:
                    return await self._renew(self.calendars[calendar])
                return await self._choose(calendar, choice)
        finally:
            # Waiting requests hold a reference to the lock, so the table need not grow with the calendars.
            self._building.pop(key, None)

    async def _choose(self, calendar: str, choice: Choice) -> Feed:
        # Read before the work: a change during the work makes the feed old again.
        changes = self._last_change(calendar)
        given = await self.feed(calendar)
        # Of the given bytes, not of the store: both feeds hold the same events and have one date.
        body = await asyncio.to_thread(apply_choice, given.body, choice)
        feed = Feed(body, _etag(sha256(body).hexdigest()), given.changed_at)
        self._chosen.put((calendar, choice), CachedFeed(feed, changes, None))
        return feed

    async def _renew(self, calendar: Calendar) -> Feed:
        last = self._cache.get(calendar.name)
        # Read before the work: a change during the work makes the feed old again.
        changes = self._last_change(calendar.name)
        members = self._members(calendar)
        dated = self._dated.get(calendar.name, 0)
        if last and members is not None and last.members == members and last.changes >= dated:
            feed = last.feed
        else:
            try:
                feed = await self._build(calendar, members)
            except StoreUnavailable as error:
                if last is None:
                    raise
                log.warning("web.feed_not_renewed", calendar=calendar.name, error=str(error))
                return last.feed
        self._cache.put(calendar.name, CachedFeed(feed, changes, members))
        return feed

    def _last_change(self, calendar: str) -> int:
        """Return the last change that a calendar may show; one of a single account shows no other's."""
        known = self.calendars.get(calendar)
        touched = self._touched.get(known.account, 0) if known and known.account else self._changes
        return max(touched, self._dated.get(calendar, 0))

    def _members(self, calendar: Calendar) -> Members | None:
        """Return the members of a calendar with a rule; None for a calendar of whole lists."""
        if not calendar.rule.narrows:
            return None
        # An entry without a fingerprint has no VEVENT (any more), though its revision stays.
        return tuple(
            (entry.key, entry.revision) for entry in self.directory.entries(calendar) if entry.fingerprint
        )

    async def _build(self, calendar: Calendar, members: Members | None) -> Feed:
        # Read before the events: they may be newer, and never older.
        version = self.state().version
        presentation = Presentation(free=calendar.free)
        vevents = [present(each, presentation) for each in await self._vevents(calendar, members)]
        heading = Heading(calendar.title, color=calendar.color)
        body = await asyncio.to_thread(render_calendar, heading, vevents)
        digest = sha256(body).hexdigest()
        record = self._records.get(calendar.name, FeedRecord())
        if record.digest != digest or record.changed_at is None:
            generation = self.directory.generation(calendar.name)
            record = FeedRecord(generation, digest, self._advance(record.changed_at), version)
            record = await self._remember(calendar.name, record)
            if len(body) > LARGE_OCTETS or len(vevents) > LARGE_EVENTS:
                log.warning("web.feed_large", calendar=calendar.name, octets=len(body), events=len(vevents))
        return Feed(body, _etag(digest), record.changed_at or self._clock())

    async def _remember(self, calendar: str, record: FeedRecord) -> FeedRecord:
        """Return the record with the date that all replicas serve these bytes with."""
        self._records[calendar] = record
        try:
            known = await self._store.record_feed(calendar, record)
            if known.digest == record.digest and self._records[calendar] is record:
                self._records[calendar] = record = known
            self._unrecorded.discard(calendar)
        except StoreUnavailable as error:
            # The feed itself is complete, so it is served; only its date may be another one later.
            if calendar not in self._unrecorded:
                log.warning("web.feed_not_remembered", calendar=calendar, error=str(error))
            self._unrecorded.add(calendar)
        return record

    async def _vevents(self, calendar: Calendar, members: Members | None) -> list[RenderedVEvent]:
        if members is None:
            return await self._store.vevents(calendar.variant, calendar.account)
        return await self._store.vevents_of(calendar.variant, [key for key, _ in members])

    def _advance(self, before: datetime | None) -> datetime:
        now = self._clock().replace(microsecond=0)
        return max(now, before + _SECOND) if before else now


def _etag(digest: str) -> bytes:
    return f'"{digest[:32]}"'.encode()
