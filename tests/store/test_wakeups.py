"""
Many notifications become few wake-ups, and none is lost.
"""

import asyncio

import pytest

from service.core.ports import Hint
from service.store.wakeups import HintGatherer


class Woken:
    """What was passed on."""

    def __init__(self) -> None:
        self.hints: asyncio.Queue[Hint] = asyncio.Queue()

    async def next(self) -> Hint:
        async with asyncio.timeout(10):
            return await self.hints.get()


async def test_a_flood_becomes_one_wake_up_at_once_and_one_for_the_rest() -> None:
    woken = Woken()
    gatherer = HintGatherer(woken.hints.put_nowait, least_seconds=0.01)

    for _ in range(10_000):
        gatherer.add("state")

    assert woken.hints.qsize() == 1
    assert [await woken.next(), await woken.next()] == [Hint.STATE, Hint.STATE]
    gatherer.add("state")
    assert await woken.next() is Hint.STATE
    assert woken.hints.empty()
    gatherer.close()


@pytest.mark.parametrize("payload", ["", "leases", "\0", "state ", "\U0001f4a5" * 2000])
async def test_what_an_older_or_a_foreign_program_says_may_mean_anything(payload: str) -> None:
    woken = Woken()
    gatherer = HintGatherer(woken.hints.put_nowait)

    gatherer.add(payload)

    assert await woken.next() is Hint.ANYTHING
    gatherer.close()


async def test_leases_are_not_forgotten_among_other_hints() -> None:
    woken = Woken()
    gatherer = HintGatherer(woken.hints.put_nowait, least_seconds=0.01)

    for payload in ("state", "state", "", "state"):
        gatherer.add(payload)

    assert [await woken.next(), await woken.next()] == [Hint.STATE, Hint.ANYTHING]
    gatherer.close()


async def test_nothing_is_passed_on_after_the_end() -> None:
    woken = Woken()
    gatherer = HintGatherer(woken.hints.put_nowait, least_seconds=0)
    gatherer.add("state")
    gatherer.add("state")

    gatherer.close()
    for _ in range(3):
        await asyncio.sleep(0)

    assert woken.hints.qsize() == 1
