"""
The rows of one target, cached during a run and written behind it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator

from service.publishing.model import Publication
from service.publishing.ports import Ledger


class LedgerCache:
    """
    The ledger's rows about a target's resources.
    """

    def __init__(self, ledger: Ledger, target: str) -> None:
        self._ledger = ledger
        self._target = target
        self.by_uid: dict[str, Publication] = {}

    def __iter__(self) -> Iterator[Publication]:
        return iter(self.by_uid.values())

    def get(self, uid: str) -> Publication | None:
        """Return the row of a resource; None if it has none."""
        return self.by_uid.get(uid)

    async def load(self) -> None:
        """Read them all. Raises StoreUnavailable."""
        self.by_uid = await self._ledger.publications(self._target)

    async def write(self, rows: Iterable[Publication], forgotten: Iterable[str] = ()) -> None:
        """Write rows, and drop those of the UIDs `forgotten`. Raises StoreUnavailable."""
        rows, forgotten = list(rows), list(forgotten)
        if not rows and not forgotten:
            return
        await self._ledger.record_publications(self._target, rows, forgotten)
        self.by_uid |= {row.uid: row for row in rows}
        for uid in forgotten:
            self.by_uid.pop(uid, None)


Write = Callable[[list[Publication], list[str]], Awaitable[None]]

_MOST_WAITING = 32
"""So few requests are ahead of the ledger at most; each costs a second look after a crash."""


class WriteBehind:
    """
    Hands rows to `write`, one call at a time. Rows that arrive during a call are written together.
    """

    def __init__(self, write: Write) -> None:
        self._write = write
        self._rows: list[Publication] = []
        self._forgotten: list[str] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, rows: Iterable[Publication], forgotten: Iterable[str] = ()) -> None:
        """
        Queue rows to write, and the UIDs `forgotten` to drop; wait only while the queue is full.

        Raises the error of an earlier call of `write`; the rows of that call are lost.
        """
        if self._writing and self._writing.done():
            self._writing.result()
        self._rows += rows
        self._forgotten += forgotten
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        if len(self._rows) + len(self._forgotten) >= _MOST_WAITING:
            await asyncio.shield(self._writing)

    async def finish(self) -> None:
        """Wait until everything is written. Raises what `write` raises."""
        if self._writing:
            await asyncio.shield(self._writing)

    async def _write_all(self) -> None:
        while self._rows or self._forgotten:
            rows, self._rows = self._rows, []
            forgotten, self._forgotten = self._forgotten, []
            await self._write(rows, forgotten)
