"""
What every store remembers of rotated addresses.
"""

from service.core.ports import FeedRecord
from service.publishing.ports import Database
from tests.contracts.given import NOON


async def test_a_feed_that_was_only_served_was_never_rotated(store: Database) -> None:
    await store.record_feed("all", FeedRecord(digest="d", changed_at=NOON))

    assert await store.rotations() == {}


async def test_each_rotated_calendar_is_told_with_its_count(store: Database) -> None:
    await store.record_feed("all", FeedRecord(generation=2))
    await store.record_feed("ivanov@video.example.org", FeedRecord(generation=1, digest="d", changed_at=NOON))
    await store.record_feed("board", FeedRecord())

    assert await store.rotations() == {"all": 2, "ivanov@video.example.org": 1}


async def test_serving_the_feed_afterwards_keeps_the_rotation(store: Database) -> None:
    await store.record_feed("all", FeedRecord(generation=1))
    await store.record_feed("all", FeedRecord(generation=0, digest="d", changed_at=NOON))

    assert await store.rotations() == {"all": 1}
