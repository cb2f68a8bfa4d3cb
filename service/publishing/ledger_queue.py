"""
Rows on their way to the ledger, written while the next request is already under way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from service.core.publishing import Publication

Write = Callable[[list[Publication], list[str]], Awaitable[None]]

_MOST_WAITING = 32
"""So few requests are ahead of the ledger at most; each costs a second look after a crash."""


class LedgerQueue:
    """
    Hands rows to `write`, one call at a time; what comes meanwhile is written together.
    """

    def __init__(self, write: Write) -> None:
        self._write = write
        self._rows: list[Publication] = []
        self._forgotten: list[str] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, rows: Iterable[Publication], forgotten: Iterable[str] = ()) -> None:
        """
        Have rows written, and those of the UIDs `forgotten` dropped; wait only where many wait already.

        Raises what an earlier call of `write` raised; what was to be written then is lost.
        """
        if self._writing and self._writing.done():
            self._writing.result()
        self._rows += rows
        self._forgotten += forgotten
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._written())
        if len(self._rows) + len(self._forgotten) >= _MOST_WAITING:
            await asyncio.shield(self._writing)

    async def finish(self) -> None:
        """Wait until everything is written. Raises what `write` raises."""
        if self._writing:
            await asyncio.shield(self._writing)

    async def _written(self) -> None:
        while self._rows or self._forgotten:
            rows, self._rows = self._rows, []
            forgotten, self._forgotten = self._forgotten, []
            await self._write(rows, forgotten)
