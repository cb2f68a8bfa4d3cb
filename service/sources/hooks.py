"""
The two seams of a source: who takes over a list, and who follows what is heard.
"""

from datetime import datetime
from typing import Protocol

from service.core.conference import Account, Snapshot
from service.sources.status import SourceStatus
from service.trueconf.events import FrameWasRejected


class SnapshotSink(Protocol):
    """
    Takes over the lists of sources. The daemon's is `Arrivals` of service/app/arrivals.py.
    """

    async def accept(self, snapshot: Snapshot) -> None:
        """Take over a list. Raises ConfcalError where that is not possible now: the source tries again."""
        ...


class SourceHooks(Protocol):
    """
    Follows what a source hears. The daemon's is `ArrivalHooks` of service/app/arrivals.py.

    Each method is called at once and must not wait.
    """

    def note_status(self, status: SourceStatus) -> None:
        """Note a change of status."""
        ...

    def note_frame(self, source: str, frame: bytes, at: datetime) -> None:
        """Note a frame as it arrived."""
        ...

    def note_rejected_frame(self, source: str, account: Account | None, event: FrameWasRejected) -> None:
        """Note a frame that cannot be used, with the account that the source last named."""
        ...


class NoHooks(SourceHooks):
    """
    Follows nothing. A subclass follows what it overrides.
    """

    def note_status(self, status: SourceStatus) -> None:
        """Ignore it."""

    def note_frame(self, source: str, frame: bytes, at: datetime) -> None:
        """Ignore it."""

    def note_rejected_frame(self, source: str, account: Account | None, event: FrameWasRejected) -> None:
        """Ignore it."""
