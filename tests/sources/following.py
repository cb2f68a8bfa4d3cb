"""
What stands behind a source in tests: it keeps what the source hands over or tells.
"""

import asyncio
from collections.abc import Callable

from service.core.conference import Snapshot
from service.sources.hooks import NoHooks, SnapshotSink
from service.sources.status import SourceStatus


class Collector(SnapshotSink):
    """
    Keeps lists, in the order in which they were taken over.
    """

    def __init__(self) -> None:
        self.snapshots: asyncio.Queue[Snapshot] = asyncio.Queue()

    async def accept(self, snapshot: Snapshot) -> None:
        """Keep a list."""
        await self.snapshots.put(snapshot)

    def taken(self) -> list[Snapshot]:
        """Return the lists that nobody took out yet."""
        return [self.snapshots.get_nowait() for _ in range(self.snapshots.qsize())]


class StatusHook(NoHooks):
    """
    Hands every change of status on.
    """

    def __init__(self, note: Callable[[SourceStatus], None]) -> None:
        self._note = note

    def note_status(self, status: SourceStatus) -> None:
        """Hand it on."""
        self._note(status)
