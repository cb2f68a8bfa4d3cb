"""
What administrators ask of Rooms and targets reaches whoever holds them, once, from whatever replica.
"""

import asyncio
from collections.abc import Collection
from datetime import timedelta

import pytest

from service.app.requests import Requests, request_source, request_target
from service.core.errors import TooSoon
from service.core.journal import Happening, Journal, JournalQuery
from tests.core.given import NOW
from tests.store.memory_journal import MemoryJournal

MINUTE = timedelta(minutes=1)


class Part:
    """A source and a target that note how often they were asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.noticed = asyncio.Event()

    def ask_now(self) -> bool:
        self.asked += 1
        self.noticed.set()
        return True

    def retry_now(self) -> bool:
        return self.ask_now()


async def replica(journal: Journal, part: Part, *, holding: Collection[str]) -> Requests:
    """Return a process that knows both parts, and has seen the journal as it is."""
    requests = Requests(
        journal, lambda: {"lobby": part}, lambda: {"cloud": part}, holds=lambda name: name in holding
    )
    await requests.once()
    return requests


@pytest.mark.parametrize("name", ["source/lobby", "target/cloud"])
async def test_only_the_holder_of_a_part_does_what_is_asked_of_it(name: str) -> None:
    journal, held, other = MemoryJournal(), Part(), Part()
    replicas = [await replica(journal, held, holding=[name]), await replica(journal, other, holding=[])]

    kind, _, part = name.partition("/")
    await {"source": request_source, "target": request_target}[kind](journal, part, NOW)
    for each in (*replicas, *replicas):
        await each.once()

    assert (held.asked, other.asked) == (1, 0)


async def test_it_is_done_as_soon_as_it_is_written() -> None:
    journal, part = MemoryJournal(), Part()
    requests = await replica(journal, part, holding=["source/lobby"])
    journal.listen(requests.wake.set)
    running = asyncio.create_task(requests.run())
    try:
        async with asyncio.timeout(5):
            await request_source(journal, "lobby", NOW)
            await part.noticed.wait()
    finally:
        running.cancel()


async def test_the_same_is_not_asked_twice_within_a_minute_by_whatever_replica() -> None:
    journal = MemoryJournal()
    await request_source(journal, "lobby", NOW)

    with pytest.raises(TooSoon):
        await request_source(journal, "lobby", NOW + MINUTE / 2)
    await request_source(journal, "desk", NOW + MINUTE / 2)
    await request_target(journal, "lobby", NOW + MINUTE / 2)
    await request_source(journal, "lobby", NOW + MINUTE)

    asked = await journal.read(JournalQuery(frozenset({Happening.SOURCE_ASKED}), source="lobby"))
    assert [each.at for each in asked] == [NOW + MINUTE, NOW]


async def test_what_was_asked_before_a_process_started_is_left_alone() -> None:
    journal, part = MemoryJournal(), Part()
    await request_source(journal, "lobby", NOW)

    requests = await replica(journal, part, holding=["source/lobby"])
    await requests.once()

    assert part.asked == 0


async def test_a_part_that_the_settings_no_longer_name_is_nobody_s_concern() -> None:
    journal, part = MemoryJournal(), Part()
    requests = await replica(journal, part, holding=["source/gone"])

    await request_source(journal, "gone", NOW)
    await requests.once()

    assert part.asked == 0
