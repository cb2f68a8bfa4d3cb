"""
Parts that come and go: what stays goes on untouched, what is replaced has ended before its successor starts.
"""

import asyncio

import pytest

from service.app.supervisor import Supervisor


class Part:
    """A part that tells when it began and when it had ended."""

    def __init__(self, name: str, told: list[str]) -> None:
        self.name, self.told = name, told

    async def run(self) -> None:
        self.told.append(f"{self.name} began")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.told.append(f"{self.name} ended")


async def test_a_part_that_stays_is_not_touched_and_others_come_and_go() -> None:
    told: list[str] = []
    stays, leaves, comes = (Part(name, told) for name in ("stays", "leaves", "comes"))
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks)
        await supervisor.keep({"a": stays, "b": leaves})
        await asyncio.sleep(0)
        await supervisor.keep({"a": stays, "c": comes})
        await asyncio.sleep(0)
        assert told == ["stays began", "leaves began", "leaves ended", "comes began"]
        supervisor.cancel()

    assert sorted(told[4:]) == ["comes ended", "stays ended"]


async def test_a_successor_starts_when_its_predecessor_has_ended() -> None:
    told: list[str] = []
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks)
        await supervisor.keep({"a": Part("first", told)})
        await asyncio.sleep(0)
        await supervisor.keep({"a": Part("second", told)})
        await asyncio.sleep(0)
        supervisor.cancel()

    assert told == ["first began", "first ended", "second began", "second ended"]


async def test_a_part_that_crashes_ends_the_group() -> None:
    class Broken(Part):
        async def run(self) -> None:
            raise ZeroDivisionError("a bug of the tests")

    async def both() -> None:
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            await Supervisor(tasks).keep({"a": Part("other", []), "b": Broken("broken", [])})

    with pytest.raises(ExceptionGroup) as caught:
        await both()
    assert caught.group_contains(ZeroDivisionError)
