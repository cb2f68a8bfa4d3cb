"""
What is read of sources when this process begins to listen to them.
"""

import asyncio
from collections.abc import Mapping

import pytest
from typing_extensions import override

from service.app.journal_writer import JournalWriter
from service.app.recalling import SourceRecall
from service.app.synchronizer import Synchronizer
from service.core.errors import StoreUnavailable
from service.core.journal import Happening, JournalEntry, JournalQuery
from service.core.revision import Policy
from service.core.sources import SourceState
from service.sources.status import SourceStatus
from tests.core.given import NOW
from tests.store.memory import MemoryStore
from tests.store.memory_journal import MemoryJournal


class SlowJournal(MemoryJournal):
    """Reads once it may, and counts how often."""

    def __init__(self) -> None:
        super().__init__()
        self.readings, self.may_read, self.failing = 0, asyncio.Event(), False

    @override
    async def read_last(self, events: frozenset[Happening]) -> Mapping[str, JournalEntry]:
        self.readings += 1
        await self.may_read.wait()
        if self.failing:
            raise StoreUnavailable("the disk is gone")
        return await super().read_last(events)


def down(source: str) -> SourceStatus:
    return SourceStatus(source, SourceState.SILENT, None, None, "", NOW)


async def troubled(*sources: str) -> SlowJournal:
    """Return a journal that knows these sources to be down."""
    journal = SlowJournal()
    writer = JournalWriter(journal, clock=lambda: NOW)
    for source in sources:
        writer.note_status(down(source))
    await writer.write()
    return journal


async def count_news(journal: MemoryJournal) -> int:
    return len(await journal.read(JournalQuery()))


async def test_sources_that_begin_at_once_are_read_in_two_queries() -> None:
    names = [f"room{number}" for number in range(50)]
    journal = await troubled(*names)
    writer = JournalWriter(journal, clock=lambda: NOW)
    recall = SourceRecall(writer, Synchronizer(MemoryStore(), Policy()))
    async with asyncio.TaskGroup() as tasks:
        for name in names:
            tasks.create_task(recall(name))
        tasks.create_task(asyncio.sleep(0)).add_done_callback(lambda _: journal.may_read.set())

    for name in names:
        writer.note_status(down(name))
    await writer.write()
    assert journal.readings == 2
    assert await count_news(journal) == len(names), "no trouble is written twice"


async def test_who_waited_for_a_reading_that_was_cancelled_reads_itself() -> None:
    journal = await troubled("lobby", "hall")
    writer = JournalWriter(journal, clock=lambda: NOW)
    recall = SourceRecall(writer, Synchronizer(MemoryStore(), Policy()))
    first = asyncio.create_task(recall("lobby"))
    await asyncio.sleep(0)
    second, third = asyncio.create_task(recall("hall")), asyncio.create_task(recall("annex"))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await asyncio.sleep(0)
    second.cancel()
    journal.may_read.set()
    await third

    writer.note_status(down("hall"))
    await writer.write()
    assert await count_news(journal) == 2


async def test_a_store_that_fails_is_not_asked_again_by_each_that_waits() -> None:
    journal = await troubled("lobby")
    journal.failing = True
    recall = SourceRecall(JournalWriter(journal, clock=lambda: NOW), Synchronizer(MemoryStore(), Policy()))
    tasks = [asyncio.create_task(recall(f"room{number}")) for number in range(20)]
    await asyncio.sleep(0)
    journal.may_read.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert journal.readings == 2
    assert [type(each) for each in outcomes].count(StoreUnavailable) == 2
