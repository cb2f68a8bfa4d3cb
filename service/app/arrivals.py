"""
The daemon's sink and hooks for its sources. `Arrivals.accept` leads from a source to the synchronizer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from service.app.clock import ClockWatch, utc_now
from service.app.journal_writer import JournalWriter
from service.app.oddities import Oddities
from service.app.source_metrics import SourceMetrics
from service.app.synchronizer import Synchronizer
from service.core.conference import Account, Snapshot
from service.sources.hooks import SnapshotSink, SourceHooks
from service.sources.recorder import Recorder
from service.sources.rejections import Rejections
from service.sources.status import SourceStatus
from service.trueconf.events import FrameWasRejected
from service.web.live import Live


@dataclass(frozen=True, slots=True)
class Arrivals(SnapshotSink):
    """
    Accepts lists from any kind of source.
    """

    synchronizer: Synchronizer
    rejections: Rejections
    metrics: SourceMetrics
    clock: ClockWatch
    oddities: Oddities

    async def accept(self, snapshot: Snapshot) -> None:
        """Record what a list changes, and count it. Raises StoreUnavailable."""
        forward = self.clock.set_forward()
        if forward:
            await self.synchronizer.wait_longer(forward)
        changes = await self.synchronizer.accept(snapshot)
        self.rejections.snapshot(snapshot)
        self.metrics.count_list(snapshot, changes)
        self.oddities.report(snapshot.source, snapshot.received_at)


@dataclass(frozen=True, slots=True)
class ArrivalHooks(SourceHooks):
    """
    Counts, keeps and shows what sources hear.
    """

    rejections: Rejections
    metrics: SourceMetrics
    live: Live
    journal: JournalWriter
    recorder: Recorder | None = None

    def note_status(self, status: SourceStatus) -> None:
        """Show a change of status."""
        self.metrics.note_state(status.name, status.state)
        self.journal.note_status(status)
        self.live.notify()

    def note_frame(self, source: str, frame: bytes, at: datetime) -> None:
        """Record a frame, where frames are recorded."""
        if self.recorder:
            self.recorder.frame(source, frame, at)

    def note_rejected_frame(self, source: str, account: Account | None, event: FrameWasRejected) -> None:
        """Count and keep a frame that cannot be used."""
        self.metrics.count_rejected_frame(source)
        self.rejections.frame(source, account, field=event.field, reason=event.reason, raw=event.raw)


def expect_lists(metrics: SourceMetrics, synchronizer: Synchronizer, sources: Iterable[str]) -> None:
    """Have the metrics expect lists of these sources, each from the time of its last known list on."""
    for name in sources:
        heard = synchronizer.state.latest_from(name)
        metrics.expect_list(name, (heard and heard.list_at) or utc_now())
