"""
Dispatch of many operations: a bounded number at a time, each retried while the target is only busy.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from service.core.errors import Retryable
from service.publishing.model import Operation
from service.publishing.retry import Pace, retry_delay_seconds

Execute = Callable[[Operation], Awaitable[None]]
OnExhausted = Callable[[Operation, Retryable], Awaitable[None]]

_TRIES = 5
"""Of one operation, while others succeed."""

_FAILURES = 5
"""In a row, of any operations, before the target counts as down."""

_CROWDED_SECONDS = 2.0
"""Doubled with every failure: some servers ask for less than they need (iCloud)."""

_WAIT_SECONDS = 30.0
"""A server that asks for more than this is left alone until then."""


@dataclass(frozen=True, slots=True)
class Timing:
    """
    The clock, the sleep and the random numbers of the dispatch.
    """

    sleep: Callable[[float], Awaitable[None]]
    random: Callable[[], float]


class Dispatcher:
    """
    Dispatches the operations of one target. Its pace outlives a run.
    """

    def __init__(self, most: int, timing: Timing) -> None:
        self.pace = Pace.full(most)
        self._timing = timing
        self._failures = 0
        self._pause = 0.0

    def after_failure(self) -> None:
        """Make the next run begin with a single request, the probe."""
        self.pace = self.pace.slow_down()

    async def execute_all(
        self, operations: Iterable[Operation], carry: Execute, on_exhausted: OnExhausted
    ) -> None:
        """
        Execute each operation with `carry`.

        `on_exhausted` receives an operation that keeps failing while others succeed. Raises Retryable if the
        target is down or asks for a rest, and the errors of `carry`.
        """
        waiting = deque((operation, 0) for operation in operations)
        running: dict[asyncio.Task[None], tuple[Operation, int]] = {}
        self._failures, self._pause = 0, 0.0
        try:
            while waiting or running:
                if self._pause and not running:
                    await self._timing.sleep(self._pause)
                    self._pause = 0.0
                while waiting and not self._pause and len(running) < self.pace.at_once:
                    operation, tries = waiting.popleft()
                    running[asyncio.ensure_future(carry(operation))] = (operation, tries + 1)
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    operation, tries = running.pop(task)
                    if (busy := self._busy(task)) is None:
                        continue
                    if tries < _TRIES:
                        waiting.appendleft((operation, tries))
                    else:
                        await on_exhausted(operation, busy)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _busy(self, task: "asyncio.Task[None]") -> Retryable | None:
        """Return why the operation should be retried. Raises if the run must end."""
        try:
            task.result()
        except Retryable as busy:
            self._failures += 1
            if busy.crowded:
                self.pace = self.pace.slow_down()
            if self._failures >= _FAILURES or (busy.delay_seconds or 0.0) > _WAIT_SECONDS:
                raise
            pause = retry_delay_seconds(self._failures, chance=self._timing.random())
            least = _CROWDED_SECONDS * 2.0 ** (self._failures - 1) if busy.crowded else 0.0
            self._pause = max(self._pause, busy.delay_seconds or 0.0, pause, least)
            return busy
        self._failures = 0
        self.pace = self.pace.speed_up()
        return None
