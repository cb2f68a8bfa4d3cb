"""
Feeds as bytes in memory: built once for each change, served while the store is gone, dated and remembered.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

import pytest
from structlog.testing import capture_logs

from service.calendars.choices import Choice
from service.core.errors import StoreUnavailable
from service.core.ical import LARGE_EVENTS
from service.core.journal import JournalEntry
from service.core.ports import FeedRecord
from tests.core.given import conference, listed, many
from tests.web.given import FailingStore, served


async def test_no_list_ever_arrived() -> None:
    async with served() as web:
        assert not web.feeds.ready()
        await web.accept(listed(conference()))
        assert web.feeds.ready()


async def test_an_empty_feed_names_no_zone_whose_rules_may_change() -> None:
    async with served(timezone="America/Vancouver") as web:
        await web.accept(listed())

        assert b"TZID:UTC\r\n" in (await web.feeds.feed("all")).body


async def test_a_feed_is_fresh_until_something_changes() -> None:
    async with served() as web:
        await web.accept(listed(conference()))
        assert web.feeds.fresh("all") is None
        feed = await web.feeds.feed("all")
        assert web.feeds.fresh("all") is feed

        changes = web.feeds.changes
        web.feeds.mark_changed()
        assert web.feeds.changes > changes
        assert web.feeds.fresh("all") is None
        assert (await web.feeds.feed("all")).etag == feed.etag


async def test_a_chosen_feed_is_made_of_the_given_one_and_kept() -> None:
    async with served() as web:
        await web.accept(listed(conference()))
        choice = Choice(15)
        chosen = await web.feeds.feed("all", choice)

        assert web.feeds.fresh("all", choice) is chosen
        assert chosen.changed_at == (await web.feeds.feed("all")).changed_at
        assert web.feeds.fresh("all", Choice(30)) is None
        assert b"BEGIN:VALARM" in chosen.body


async def test_requests_at_once_build_a_feed_once() -> None:
    async with served() as web:
        await web.accept(listed(conference()))
        reads = web.store.reads
        feeds = await asyncio.gather(*(web.feeds.feed("all") for _ in range(20)))

        assert len({id(feed) for feed in feeds}) == 1
        assert web.store.reads == reads + 1


async def test_while_the_store_is_gone_the_last_feed_is_served() -> None:
    async with served() as web:
        await web.accept(listed(conference()))
        web.store.failing = True
        with pytest.raises(StoreUnavailable):
            await web.feeds.feed("all")

        web.store.failing = False
        good = await web.feeds.feed("all")
        web.store.failing = True
        web.feeds.mark_changed()
        with capture_logs() as logs:
            assert await web.feeds.feed("all") is good

    assert [each["event"] for each in logs] == ["web.feed_not_renewed"]


class Forgetful(FailingStore):
    """Serves, and remembers nothing until its disk has space."""

    full = True

    async def record_feed(
        self, calendar: str, record: FeedRecord, journal: Sequence[JournalEntry] = ()
    ) -> FeedRecord:
        if self.full:
            raise StoreUnavailable("the disk is full")
        return await super().record_feed(calendar, record, journal=journal)


async def test_a_feed_whose_date_cannot_be_remembered_is_served() -> None:
    async with served(store=Forgetful()) as web:
        await web.accept(listed(conference()))
        with capture_logs() as logs:
            feed = await web.feeds.feed("all")

    assert b"BEGIN:VEVENT" in feed.body
    assert "web.feed_not_remembered" in [each["event"] for each in logs]


async def test_a_feed_that_could_not_be_remembered_gets_the_date_that_another_replica_recorded() -> None:
    store = Forgetful()
    async with served(store=store) as web:
        await web.accept(listed(conference()))
        own, chosen = await web.feeds.feed("all"), await web.feeds.feed("all", Choice(15))
        await web.feeds.record_again()
        assert web.feeds.fresh("all") is own, "the disk is still full"

        store.full = False
        earlier = own.changed_at - timedelta(seconds=1)
        digest = sha256(own.body).hexdigest()
        await store.record_feed("all", FeedRecord(0, digest, earlier, await store.version()))
        await web.feeds.record_again()

        feed = await web.feeds.feed("all")
        assert (feed.etag, feed.changed_at) == (own.etag, earlier)
        again = await web.feeds.feed("all", Choice(15))
        assert (again.etag, again.changed_at) == (chosen.etag, earlier)
        assert web.feeds.fresh("all") is feed


async def test_the_date_of_a_feed_moves_on_with_each_change_even_if_the_clock_stands() -> None:
    async with served() as web:
        await web.accept(listed(conference()))
        first = await web.feeds.feed("all")
        await web.accept(listed(conference(topic="Another")))
        second = await web.feeds.feed("all")

    assert second.changed_at - first.changed_at == timedelta(seconds=1)


@pytest.mark.slow
async def test_a_very_large_feed_is_told() -> None:
    async with served() as web:
        await web.accept(listed(*many(LARGE_EVENTS + 1)))
        with capture_logs() as logs:
            await web.feeds.feed("all")

    assert [each["events"] for each in logs if each["event"] == "web.feed_large"] == [LARGE_EVENTS + 1]


async def test_the_addresses_are_those_of_the_directory() -> None:
    async with served() as web:
        await web.accept(listed(conference()))

        assert web.feeds.addresses is web.feeds.directory.addresses
        assert set(web.feeds.calendars) == set(web.feeds.directory.calendars)
