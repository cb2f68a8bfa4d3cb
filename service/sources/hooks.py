"""
The two seams of a source: the sink of its lists, and the hooks for everything it hears.
"""

from datetime import datetime
from typing import Protocol

from service.core.conference import Account, Snapshot
from service.sources.status import SourceStatus
from service.trueconf.events import FrameWasRejected


class SnapshotSink(Protocol):
    """
    Accepts the lists of sources. The daemon's sink is `Arrivals` in service/app/arrivals.py.
    """

    async def accept(self, snapshot: Snapshot) -> None:
        """Accept a list. Raises ConfcalError if that is not possible now: the source tries again."""
        ...


class SourceHooks(Protocol):
    """
    Follows what a source hears.

    The daemon's hooks are `ArrivalHooks` in service/app/arrivals.py. The source calls each method at once, so
    a method must not block.
    """

    def note_status(self, status: SourceStatus) -> None:
        """Note a change of status."""
        ...

    def note_frame(self, source: str, frame: bytes, at: datetime) -> None:
        """Note a frame as it arrived."""
        ...

    def note_rejected_frame(self, source: str, account: Account | None, event: FrameWasRejected) -> None:
        """Note a rejected frame, with the account that the source last named."""
        ...


class NoHooks(SourceHooks):
    """
    Hooks that do nothing. A subclass overrides the methods it needs.
    """

    def note_status(self, status: SourceStatus) -> None:
        """Ignore it."""

    def note_frame(self, source: str, frame: bytes, at: datetime) -> None:
        """Ignore it."""

    def note_rejected_frame(self, source: str, account: Account | None, event: FrameWasRejected) -> None:
        """Ignore it."""
