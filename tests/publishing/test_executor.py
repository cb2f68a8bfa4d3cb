"""
Many operations on a server that is busy now and then.
"""

import asyncio
from collections import Counter

import pytest

from service.core.errors import Retryable
from service.publishing.dispatch import Dispatcher, Timing
from service.publishing.model import Create, Operation, Resource

BUSY = Retryable("busy")


def creating(*uids: str) -> list[Create]:
    return [Create(Resource.of(uid, uid.encode())) for uid in uids]


class Server:
    """Raises what is planned for an operation, once each, and notes what becomes of all."""

    def __init__(self, planned: dict[str, list[Retryable]], *, most: int = 1) -> None:
        self.planned = planned
        self.turns: dict[str, int] = {}
        """Of the loop, that the answer to an operation takes."""

        self.slept: list[float] = []
        self.tried: Counter[str] = Counter()
        self.done: list[str] = []
        self.given_up: list[str] = []
        self.dispatcher = Dispatcher(most, Timing(self._sleep, lambda: 0.5))

    async def carries_out(self, *uids: str) -> None:
        await self.dispatcher.execute_all(creating(*uids), self._carry, self._give_up)

    async def _carry(self, operation: Operation) -> None:
        self.tried[operation.uid] += 1
        for _ in range(self.turns.get(operation.uid, 1)):
            await asyncio.sleep(0)
        if errors := self.planned.get(operation.uid):
            raise errors.pop(0)
        self.done.append(operation.uid)

    async def _give_up(self, operation: Operation, _error: Retryable) -> None:
        self.given_up.append(operation.uid)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_one_that_is_always_busy_is_given_up_after_five_tries_while_others_go_through() -> None:
    server = Server({"a": [BUSY] * 99}, most=2)
    others = [f"b{number}" for number in range(20)]

    await server.carries_out("a", *others)

    assert server.given_up == ["a"]
    assert server.tried["a"] == 5
    assert sorted(server.done) == sorted(others)


async def test_five_failures_in_a_row_end_the_pass() -> None:
    server = Server({"a": [BUSY] * 99})

    with pytest.raises(Retryable):
        await server.carries_out("a", "b")

    assert (server.tried, server.done) == ({"a": 5}, [])


async def test_failures_between_successes_are_not_in_a_row() -> None:
    uids = [f"a{number}" for number in range(12)]
    server = Server({uid: [BUSY] for uid in uids})

    await server.carries_out(*uids)

    assert server.done == uids
    assert server.slept == [0.25] * 12


async def test_failures_of_an_earlier_pass_do_not_count() -> None:
    server = Server({"a": [BUSY] * 5, "b": [BUSY] * 4})
    with pytest.raises(Retryable):
        await server.carries_out("a")

    await server.carries_out("b")

    assert server.done == ["b"]


async def test_of_several_that_are_busy_the_one_that_asks_for_most_is_heard() -> None:
    asking = {uid: [Retryable("busy", delay_seconds=seconds)] for uid, seconds in (("a", 20.0), ("b", 3.0))}
    server = Server(asking, most=2)
    server.turns["b"] = 9

    await server.carries_out("a", "b")

    assert server.slept == [20.0]
