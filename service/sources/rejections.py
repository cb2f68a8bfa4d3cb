"""
The keeper of rejected input. It gathers input in memory, writes it in batches, and stays bounded.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import structlog

from service.core.clock import Clock
from service.core.conference import Account, Snapshot
from service.core.errors import StoreUnavailable
from service.core.ports import RejectedStore
from service.core.rejected import MAX_RAW, KeepRules, RejectedInput, alike, merge_rejected, to_rejected_frame

log = structlog.get_logger()

_AT_ONCE = 200
_OCTETS_AT_ONCE = 16 * 2**20
"""Waiting input is in memory, so fewer large inputs are kept."""

_BETWEEN_SECONDS = 1.0
"""A broken endpoint may send a hundred frames a second; its disk writes stay at one."""

_AGAIN_SECONDS = 10.0
"""How long a store that failed is left alone."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """
    A rejected input that waits to be written.
    """

    build: Callable[[], RejectedInput]
    """Masks secrets, which takes a while; called in a thread."""

    octets: int


class Rejections:
    """
    Collects rejected input at any time and writes it while `run` runs.
    """

    def __init__(
        self,
        store: RejectedStore,
        rules: KeepRules,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self.rules = rules
        self._clock = clock
        self._sleep = sleep
        self._waiting: deque[_Waiting] = deque()
        self._octets = 0
        self._missed = 0
        self._failing = False
        self._wake = asyncio.Event()

    def frame(self, source: str, account: Account | None, *, field: str, reason: str, raw: bytes) -> None:
        """Queue a rejected frame."""
        name, part = str(account) if account else "", raw[: 2 * MAX_RAW]
        at = self._clock()
        build = partial(to_rejected_frame, source, name, field=field, reason=reason, raw=part, at=at)
        self._take(_Waiting(build, min(len(part), MAX_RAW)))

    def snapshot(self, snapshot: Snapshot) -> None:
        """Queue the rejected conferences of a list; many of one kind become one."""
        for each in alike(snapshot.listing.rejections):
            self._take(_Waiting(partial(merge_rejected, snapshot, each), min(len(each.first.raw), MAX_RAW)))

    def _take(self, each: _Waiting) -> None:
        self._waiting.append(each)
        self._octets += each.octets
        while len(self._waiting) > _AT_ONCE or self._octets > _OCTETS_AT_ONCE:
            self._octets -= self._waiting.popleft().octets
            self._missed += 1
        self._wake.set()

    async def run(self) -> None:
        """Write queued input, at most once a second, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.write()
            if self._failing:
                self._wake.set()
            await self._sleep(_AGAIN_SECONDS if self._failing else _BETWEEN_SECONDS)

    async def write(self) -> None:
        """Write queued input now; keep it for the next time if the store is unavailable."""
        taken, missed = list(self._waiting), self._missed
        if not taken:
            return
        self._waiting.clear()
        self._octets = self._missed = 0
        try:
            inputs = await asyncio.to_thread(_build, taken)
            await self._store.record_rejected(
                inputs, keep=self.rules.keep, since=self._clock() - self.rules.keep_for
            )
        except StoreUnavailable as error:
            if not self._failing:
                log.warning("rejections.not_kept", error=str(error))
            self._failing = True
            self._put_back(taken, missed)
            return
        except asyncio.CancelledError:
            # The daemon stops: it writes what waits once more.
            self._put_back(taken, missed)
            raise
        self._failing = False
        if missed:
            log.warning("rejections.too_many", not_kept=missed)

    def _put_back(self, taken: list[_Waiting], missed: int) -> None:
        newer = list(self._waiting)
        self._waiting.clear()
        self._octets = 0
        self._missed += missed
        for each in (*taken, *newer):
            self._take(each)


def _build(taken: list[_Waiting]) -> list[RejectedInput]:
    return [each.build() for each in taken]
