"""
Numbers of each source for Prometheus, plain values until it reads them: there may be thousands of sources.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.core.changes import Changes
from service.core.clock import Clock
from service.core.conference import Snapshot
from service.core.quiet import QuietHours
from service.core.sources import BY_FAULT, SourceState
from service.core.state import STALE_AFTER


@dataclass(slots=True)
class _Present:
    """How a source is doing; what is None was not seen since the start."""

    state: SourceState | None = None
    list_at: datetime | None = None
    conferences: int | None = None
    held: int | None = None


@dataclass(slots=True)
class _Counts:
    """What came from a source since the start."""

    lists: int = 0
    edits: int = 0
    removals: int = 0
    rejected_conferences: int = 0
    rejected_frames: int = 0


@dataclass(slots=True, eq=False)
class SourceMetrics(Collector):
    """
    The numbers of all sources.
    """

    clock: Clock
    quiet: Mapping[str, QuietHours] = field(default_factory=dict)
    _present: dict[str, _Present] = field(default_factory=dict)
    _counts: dict[str, _Counts] = field(default_factory=dict)

    def note_state(self, source: str, state: SourceState) -> None:
        """Note how a source is doing."""
        self._present_of(source).state = state

    def expect_list(self, source: str, since: datetime) -> None:
        """Note since when a source owes a list: one that never sends any is silent too."""
        self._present_of(source).list_at = since

    def forget(self, source: str) -> None:
        """Drop how a source is doing, and keep its counters."""
        self._present.pop(source, None)

    def count_list(self, snapshot: Snapshot, changes: Changes) -> None:
        """Count an accepted list."""
        present = self._present_of(snapshot.source)
        present.list_at = snapshot.received_at
        present.conferences = len(snapshot.listing.conferences)
        present.held = len(changes.held.missing) if changes.held else 0
        counts = self._counts_of(snapshot.source)
        counts.lists += 1
        counts.edits += len(changes.edits)
        counts.removals += len(changes.departures)
        counts.rejected_conferences += len(snapshot.listing.rejections)

    def count_rejected_frame(self, source: str) -> None:
        """Count a frame that could not be used."""
        self._counts_of(source).rejected_frames += 1

    def collect(self) -> Iterator[Metric]:
        """Yield all numbers."""
        # Scrapes run beside the sources, which may come and go.
        yield from self._gauges(list(self._present.items()))
        yield from _counters(list(self._counts.items()))

    def _gauges(self, present: list[tuple[str, _Present]]) -> Iterator[Metric]:
        up = _gauge("up", "Whether the source sends lists.")
        states = _gauge("state", "1 for the state that the source is in, else 0.", "state")
        list_at = _gauge("last_list_timestamp_seconds", "Arrival of the last list, or our start before it.")
        conferences = _gauge("conferences", "Conferences in the last list.")
        held = _gauge("held_conferences", "Conferences whose removal is held.")
        quiet = _gauge("quiet", "1 while the source may be silent by its quiet hours, else 0.")
        now = self.clock()
        for source, each in present:
            if each.state is not None:
                up.add_metric([source], each.state is SourceState.LISTENING)
                for state in SourceState:
                    states.add_metric([source, state], state is each.state)
            if each.list_at is not None:
                list_at.add_metric([source], each.list_at.timestamp())
                excused = self._excuse(source, each.list_at, now) and each.state not in BY_FAULT
                quiet.add_metric([source], excused)
            if each.conferences is not None:
                conferences.add_metric([source], each.conferences)
            if each.held is not None:
                held.add_metric([source], each.held)
        yield from (up, states, list_at, conferences, held, quiet)

    def _excuse(self, source: str, list_at: datetime, now: datetime) -> bool:
        quiet = self.quiet.get(source)
        return quiet is not None and quiet.excuse(list_at, now, STALE_AFTER)

    def _present_of(self, source: str) -> _Present:
        return self._present.setdefault(source, _Present())

    def _counts_of(self, source: str) -> _Counts:
        return self._counts.setdefault(source, _Counts())


def _counters(counts: list[tuple[str, _Counts]]) -> Iterator[Metric]:
    lists = _counter("lists", "Lists accepted.")
    edits = _counter("edits", "Conferences that were new or changed.")
    removals = _counter("removals", "Conferences that left a calendar.")
    rejected = _counter("rejected", "Input that could not be understood.", "kind")
    for source, each in counts:
        lists.add_metric([source], each.lists)
        edits.add_metric([source], each.edits)
        removals.add_metric([source], each.removals)
        rejected.add_metric([source, "conference"], each.rejected_conferences)
        rejected.add_metric([source, "frame"], each.rejected_frames)
    yield from (lists, edits, removals, rejected)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"confcal_source_{name}", text, labels=("source", *labels))


def _counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"confcal_{name}", text, labels=("source", *labels))
