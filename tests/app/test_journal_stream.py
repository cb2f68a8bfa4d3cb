import asyncio

from service.app.journal_stream import JournalStream
from service.core.errors import StoreUnavailable
from service.core.journal import Happening, JournalEntry
from tests.core.given import NOW
from tests.store.memory_journal import MemoryJournal

DOWN = JournalEntry(NOW, Happening.SOURCE_DOWN, source="hall")
UP = JournalEntry(NOW, Happening.SOURCE_UP, source="hall")


class BrokenOnce(MemoryJournal):
    """Cannot be read the first time."""

    times = 0

    async def read_after(self, number: int, limit: int) -> list[JournalEntry]:
        self.times += 1
        if self.times == 1:
            raise StoreUnavailable("the disk is gone")
        return await super().read_after(number, limit)


async def collect(stream: JournalStream, number: int, *, after: int | None = None) -> list[Happening]:
    found: list[Happening] = []
    async with asyncio.timeout(10):
        async for entries in stream.follow(after):
            found += [entry.event for entry in entries]
            if len(found) >= number:
                break
    return found


async def test_a_follower_gets_what_it_has_not_dealt_with_and_what_comes_after_once() -> None:
    journal = MemoryJournal()
    stream = JournalStream(journal, poll_seconds=60)
    await journal.write([DOWN, UP])
    following = asyncio.create_task(collect(stream, 2, after=1))
    await asyncio.sleep(0)
    await journal.write([DOWN])

    assert await following == [Happening.SOURCE_UP, Happening.SOURCE_DOWN]


async def test_without_a_number_a_follower_gets_what_comes_after() -> None:
    journal = MemoryJournal()
    await journal.write([DOWN])
    following = asyncio.create_task(collect(JournalStream(journal, poll_seconds=60), 1))
    await asyncio.sleep(0)
    await journal.write([UP])

    assert await following == [Happening.SOURCE_UP]


async def test_entries_of_another_process_are_found_by_looking_again() -> None:
    journal = MemoryJournal()
    following = asyncio.create_task(collect(JournalStream(journal, poll_seconds=0.001), 1, after=0))
    await asyncio.sleep(0)
    other = MemoryJournal()
    await other.write([UP])
    journal.entries = other.entries

    assert await following == [Happening.SOURCE_UP]


async def test_a_store_that_fails_delays_what_is_followed_and_loses_nothing() -> None:
    journal = BrokenOnce()
    await journal.write([DOWN])

    assert await collect(JournalStream(journal, poll_seconds=0.001), 1, after=0) == [Happening.SOURCE_DOWN]
