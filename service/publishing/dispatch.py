"""
Dispatch of many operations: a bounded number at a time, each retried while the target is only busy.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from service.core.errors import Retryable
from service.publishing.model import Operation
from service.publishing.retry import Pace, retry_delay_seconds

Execute = Callable[[Operation], Awaitable[None]]
OnExhausted = Callable[[Operation, Retryable], Awaitable[None]]

_TRIES = 5
"""Tries of one operation while others succeed."""

_FAILURES = 5
"""Failures of any operations in a row before the target counts as down."""

_CROWDED_SECONDS = 2.0
"""Doubled with every failure: some servers ask for less than they need (iCloud)."""

_WAIT_SECONDS = 30.0
"""A server that asks for more than this is left alone until then."""


@dataclass(frozen=True, slots=True)
class Timing:
    """
    How to sleep, and random numbers from 0 to 1.
    """

    sleep: Callable[[float], Awaitable[None]]
    random: Callable[[], float]


@dataclass(slots=True)
class _Streak:
    """
    The latest failures of a run.
    """

    failures: int = 0
    """In a row."""

    pause: float = 0.0
    """Seconds that the run is to wait before its next operation."""


class Dispatcher:
    """
    Dispatches the requests of one target. Its pace outlives a run, and runs in parallel share it.
    """

    def __init__(self, most: int, timing: Timing) -> None:
        self.pace = Pace.full(most)
        self._timing = timing
        self._pauses = 0
        """How many runs wait because the server is busy."""

        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def after_failure(self) -> None:
        """Make the next run begin with a single request, the probe."""
        self.pace = self.pace.slow_down()

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """
        Wait for a turn and hold it.

        All runs together have `pace.at_once` turns, first come first served.
        """
        while self._pauses or self._taken >= self.pace.at_once:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
            self._call_waiting()

    def _call_waiting(self) -> None:
        # Each checks again whether a turn is free, in the order in which they came.
        waiting, self._waiting = self._waiting, deque()
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)

    async def execute_all(
        self, operations: Iterable[Operation], execute: Execute, on_exhausted: OnExhausted
    ) -> None:
        """
        Execute each operation with `execute`.

        `on_exhausted` receives an operation that keeps failing while others succeed. Raises Retryable if the
        target is down or asks for a rest, and the errors of `execute`.
        """
        waiting = deque((operation, 0) for operation in operations)
        running: dict[asyncio.Task[None], tuple[Operation, int]] = {}
        streak = _Streak()

        async def take_turn(operation: Operation) -> None:
            async with self.request():
                await execute(operation)

        try:
            while waiting or running:
                if streak.pause and not running:
                    await self._rest(streak.pause)
                    streak.pause = 0.0
                while waiting and not streak.pause and len(running) < self.pace.at_once:
                    operation, tries = waiting.popleft()
                    running[asyncio.ensure_future(take_turn(operation))] = (operation, tries + 1)
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    operation, tries = running.pop(task)
                    if (busy := self._busy(task, streak)) is None:
                        continue
                    if tries < _TRIES:
                        waiting.appendleft((operation, tries))
                    else:
                        await on_exhausted(operation, busy)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _rest(self, seconds: float) -> None:
        """Wait, and let no request to the target begin meanwhile."""
        self._pauses += 1
        try:
            await self._timing.sleep(seconds)
        finally:
            self._pauses -= 1
            self._call_waiting()

    def _busy(self, task: "asyncio.Task[None]", streak: _Streak) -> Retryable | None:
        """Return why the operation should be retried. Raises if the run must end."""
        try:
            task.result()
        except Retryable as busy:
            streak.failures += 1
            if busy.crowded:
                self.pace = self.pace.slow_down()
            if streak.failures >= _FAILURES or (busy.delay_seconds or 0.0) > _WAIT_SECONDS:
                raise
            pause = retry_delay_seconds(streak.failures, chance=self._timing.random())
            least = _CROWDED_SECONDS * 2.0 ** (streak.failures - 1) if busy.crowded else 0.0
            streak.pause = max(streak.pause, busy.delay_seconds or 0.0, pause, least)
            return busy
        streak.failures = 0
        self.pace = self.pace.speed_up()
        return None
