"""
The rows of one target, cached during a run and written behind it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from service.core.clock import Clock
from service.core.journal import FieldChange, Happening, JournalEntry
from service.publishing.model import Publication, Standing
from service.publishing.ownership import base_of
from service.publishing.ports import Ledger, TargetRecord


class LedgerCache:
    """
    The ledger's rows about a target's resources.
    """

    def __init__(self, ledger: Ledger, target: str, clock: Clock) -> None:
        self._ledger = ledger
        self._target = target
        self._clock = clock
        self.by_uid: dict[str, Publication] = {}

    def __iter__(self) -> Iterator[Publication]:
        return iter(self.by_uid.values())

    def get(self, uid: str) -> Publication | None:
        """Return the row of a resource; None if it has none."""
        return self.by_uid.get(uid)

    async def load(self) -> None:
        """Read all rows. Raises StoreUnavailable."""
        self.by_uid = await self._ledger.publications(self._target)

    async def write(
        self,
        rows: Iterable[Publication],
        forgotten: Iterable[str] = (),
        *,
        record: TargetRecord | None = None,
    ) -> None:
        """
        Write rows, delete those of the UIDs `forgotten`, and remember the target as `record`, all or nothing.

        Raises StoreUnavailable.
        """
        rows, forgotten = list(rows), list(forgotten)
        if not rows and not forgotten and not record:
            return
        at = self._clock().replace(microsecond=0)
        entries = [
            entry
            for row in rows
            if (entry := describe_parking(self._target, self.by_uid.get(row.uid), row, at))
        ]
        await self._ledger.record_publications(self._target, rows, forgotten, journal=entries, record=record)
        self.by_uid |= {row.uid: row for row in rows}
        for uid in forgotten:
            self.by_uid.pop(uid, None)


def describe_parking(
    target: str, before: Publication | None, row: Publication, at: datetime
) -> JournalEntry | None:
    """Return the entry of a resource that is parked, or is published after it was; None for any other row."""
    was, name = before is not None and before.standing is Standing.PARKED, base_of(target)
    resource = (FieldChange("collection", "", target), FieldChange("uid", "", row.uid))
    if row.standing is Standing.PARKED and not was:
        return JournalEntry(at, Happening.TARGET_PARKED, target=name, fields=resource, note=row.reason)
    if row.standing is Standing.PUBLISHED and was:
        return JournalEntry(at, Happening.TARGET_RECOVERED, target=name, fields=resource)
    return None


Write = Callable[[list[Publication], list[str]], Awaitable[None]]

_MOST_WAITING = 32
"""How many writes the ledger may lag behind; after a crash each of them must be checked."""

_TOGETHER_SECONDS = 0.05
"""How long a row waits for others: a transaction costs as much as the request that it is about."""


class WriteBehind:
    """
    Hands rows to `write`, one call at a time. Rows that arrive soon after each other are written together.
    """

    def __init__(self, write: Write, *, together_seconds: float = _TOGETHER_SECONDS) -> None:
        self._write = write
        self._together_seconds = together_seconds
        self._hurry = asyncio.Event()
        self._rows: list[Publication] = []
        self._forgotten: list[str] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, rows: Iterable[Publication], forgotten: Iterable[str] = ()) -> None:
        """
        Queue rows to write, and the UIDs `forgotten` to delete; wait only while the queue is full.

        Raises the error of an earlier call of `write`; its rows, and what is queued then, are lost.
        """
        if self._writing and self._writing.done():
            self._writing.result()
        self._rows += rows
        self._forgotten += forgotten
        if self._writing is None or self._writing.done():
            self._hurry.clear()
            self._writing = asyncio.create_task(self._write_all())
            # A run that is cancelled asks no more for the error; its replica lost the lease.
            self._writing.add_done_callback(lambda task: task.cancelled() or task.exception())
        if len(self._rows) + len(self._forgotten) >= _MOST_WAITING:
            await self.finish()

    async def finish(self) -> None:
        """Wait until everything is written. Raises what `write` raises."""
        if self._writing:
            self._hurry.set()
            await asyncio.shield(self._writing)

    async def _write_all(self) -> None:
        while self._rows or self._forgotten:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._together_seconds):
                    await self._hurry.wait()
            rows, self._rows = self._rows, []
            forgotten, self._forgotten = self._forgotten, []
            await self._write(rows, forgotten)
