"""
Turns of large answers, one at a time over all targets: several at once would exhaust the memory.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar

from service.core.errors import Retryable
from service.core.memory import forget_locals, give_back_freed

T = TypeVar("T")

_SECONDS = 30.0
"""How long one large answer may take to arrive while others wait."""


@dataclass(frozen=True, slots=True)
class LargeAnswers:
    """
    What the connections of all targets share.
    """

    seconds: float = _SECONDS
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "large-answer"))
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def turn(self) -> "Turn":
        """Return the turn of one answer, to be taken when the answer turns out to be large."""
        return Turn(self._lock, self.seconds, self._thread)


class Turn:
    """
    The turn of one answer. It ends with its block, once the answer is read and parsed.
    """

    def __init__(self, lock: asyncio.Lock, seconds: float, thread: ThreadPoolExecutor) -> None:
        self._lock, self._seconds, self._thread = lock, seconds, thread
        self._mine = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error:
            # A target remembers its error for minutes, and would remember the answer with it.
            forget_locals(error)
        if self._mine:
            give_back_freed()
            self._lock.release()

    @asynccontextmanager
    async def receive(self, place: str) -> AsyncIterator["Arrival"]:
        """
        Yield the arrival of an answer, whose time is limited once it is large.

        Raises Retryable after that.
        """
        deadline = asyncio.timeout(None)
        try:
            async with deadline:
                yield Arrival(self, deadline)
            if self._mine:
                # The memory that the growing body left behind is freed before the body is parsed.
                give_back_freed()
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise Retryable(f"{place} sends a large answer too slowly") from error

    async def outside(self, work: Callable[[], T]) -> T:
        """
        Return the result of work that would block the event loop.

        Large answers share one thread, so that the C library keeps memory for one thread only.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread if self._mine else None, work)

    async def take(self) -> bool:
        """Wait for the turn, and return whether it is newly taken."""
        if self._mine:
            return False
        await self._lock.acquire()
        self._mine = True
        return True

    @property
    def seconds(self) -> float:
        """How long an answer may take once it has the turn."""
        return self._seconds


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    An answer on its way.
    """

    turn: Turn
    deadline: asyncio.Timeout

    async def large(self) -> None:
        """Wait until no other large answer is in memory."""
        if await self.turn.take():
            self.deadline.reschedule(asyncio.get_running_loop().time() + self.turn.seconds)
