"""
What the connections of all sources take turns at: large frames, and to begin.

Large frames arrive one at a time: several at once would exhaust the memory. One thread decodes for all
sources: glibc gives each thread an arena of its own, which keeps what was freed.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from service.core.memory import give_back_freed

LARGE: Final = 4 * 2**20
"""Bytes of a frame that waits for its turn to arrive further."""

_SECONDS: Final = 60.0
"""How long one large frame may keep the others waiting before it has arrived."""

_MOST_BEGINNING: Final = 200
"""
Each takes a third of a second to ask what it must, at the pace of TrueConf's own clients. Those that began
together also wait together, so there are twice as many as would do. Where no turn ends before
`_BEGINNING_SECONDS`, fifty begin in a second. A slow machine manages as many.
"""

_BEGINNING_SECONDS: Final = 4.0
"""How long one that begins may keep the others waiting: many may be switched off, and give no answer."""


class LargeFrames:
    """
    The turn that the connections of all sources share.
    """

    def __init__(self, seconds: float = _SECONDS) -> None:
        self.lock = asyncio.Lock()
        self.seconds = seconds
        self.decoding = ThreadPoolExecutor(1, thread_name_prefix="decode")


class Beginnings:
    """
    Lets sources begin a few at a time: to connect, to talk, and to hand over a first list.

    Thousands at once would keep each other waiting and look like endpoints that do not answer. Whatever else
    the process has to do would take its turn among them: the renewal of its leases came too late.
    """

    def __init__(self, most: int = _MOST_BEGINNING, seconds: float = _BEGINNING_SECONDS) -> None:
        self._free = asyncio.Semaphore(most)
        self._seconds = seconds

    async def take(self) -> Callable[[], None]:
        """
        Wait for a turn, and return what ends it; to end it twice does nothing.

        It ends by itself after `seconds`: others wait no longer for one that does not answer.
        """
        await self._free.acquire()
        held = ExitStack()
        held.callback(self._free.release)
        held.callback(asyncio.get_running_loop().call_later(self._seconds, held.close).cancel)
        return held.close


@dataclass(frozen=True, slots=True)
class Turns:
    """
    What the connections of all sources share.
    """

    large: LargeFrames = field(default_factory=LargeFrames)
    beginnings: Beginnings = field(default_factory=Beginnings)


class _Holding(Enum):
    NOTHING = auto()
    ARRIVING = auto()
    ARRIVED = auto()


class Turn:
    """
    The turns of one connection: taken while a large frame arrives, released when it is decoded.

    `go_on` is called when the rest of the frame may arrive, `too_slow` when it did not arrive in time.
    """

    def __init__(
        self, large: LargeFrames, *, go_on: Callable[[], None], too_slow: Callable[[], None]
    ) -> None:
        self._large, self._go_on, self._too_slow = large, go_on, too_slow
        self._holding = _Holding.NOTHING
        self._waiting: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._free = asyncio.Event()
        self._free.set()

    def must_wait(self, octets: int) -> bool:
        """Return whether a frame of this size so far must wait before the rest may arrive."""
        if octets <= LARGE or self._holding is _Holding.ARRIVING:
            return False
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().create_task(self._wait())
        return True

    async def _wait(self) -> None:
        # A large frame of the same connection must be decoded first.
        await self._free.wait()
        await self._large.lock.acquire()
        self._waiting = None
        self._holding = _Holding.ARRIVING
        self._free.clear()
        self._deadline = asyncio.get_running_loop().call_later(self._large.seconds, self._too_slow)
        self._go_on()

    def note_arrival(self) -> None:
        """Note that a whole message has arrived."""
        if self._deadline:
            self._deadline.cancel()
        if self._holding is _Holding.ARRIVING:
            self._holding = _Holding.ARRIVED
        elif self._waiting:
            # The bytes that made the message large also ended it.
            self._waiting.cancel()
            self._waiting = None
            self._go_on()

    def release(self) -> None:
        """Release the turn, because the message is no longer in memory."""
        if self._holding is _Holding.ARRIVED:
            self._give_back()

    def over(self) -> None:
        """Release the turn and stop waiting for one, because the connection is lost."""
        if self._waiting:
            self._waiting.cancel()
        if self._deadline:
            self._deadline.cancel()
        if self._holding is not _Holding.NOTHING:
            self._give_back()

    def _give_back(self) -> None:
        self._holding = _Holding.NOTHING
        give_back_freed()
        self._large.lock.release()
        self._free.set()
