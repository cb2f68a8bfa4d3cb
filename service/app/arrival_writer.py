"""
The writer of arrivals: lists of one moment that change nothing are recorded in one transaction.
"""

import asyncio
from contextvars import Context

from service.app.list_log import log_waiting
from service.core.changes import Arrival, Changes, Refusal
from service.core.lease import current_fence
from service.core.ports import StateStore

_MOST_TOGETHER = 200


class ArrivalWriter:
    """
    Records arrivals. At a start with thousands of Rooms a transaction for each was a quarter of all work.
    """

    def __init__(self, store: StateStore, *, together_seconds: float = 0.0) -> None:
        """`together_seconds` is how long an arrival waits for others."""
        self._store = store
        self._seconds = together_seconds
        self._waiting: list[tuple[Arrival, asyncio.Future[Refusal | None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, changes: Changes, *, version: int) -> None:
        """
        Record that a list arrived which changes nothing, as decided at `version`.

        Raises StaleState where its account changed since, LeaseLost and StoreUnavailable.
        """
        recorded: asyncio.Future[Refusal | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((Arrival(changes, version, current_fence()), recorded))
        if self._writing is None or self._writing.done():
            # In a context of its own: one part that loses its lease must not keep back what others heard.
            self._writing = asyncio.get_running_loop().create_task(self._write(), context=Context())
        if refusal := await recorded:
            raise refusal

    async def _write(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._seconds)
            some, self._waiting = self._waiting[:_MOST_TOGETHER], self._waiting[_MOST_TOGETHER:]
            arrivals, futures = zip(*some, strict=True)
            try:
                with log_waiting():
                    refusals = await self._store.record_arrivals(arrivals)
            except Exception as error:  # noqa: BLE001 -- each that waits raises it
                for recorded in futures:
                    if not recorded.done():
                        recorded.set_exception(error)
                continue
            for recorded, refusal in zip(futures, refusals, strict=True):
                if not recorded.done():
                    recorded.set_result(refusal)
