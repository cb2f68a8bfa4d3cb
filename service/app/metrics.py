"""
Numbers for Prometheus: nothing personal, no names of people, no secret addresses.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from platform import python_version

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.app.clock import utc_now
from service.core.changes import Changes
from service.core.clock import Clock
from service.core.conference import Snapshot
from service.core.quiet import QuietHours
from service.core.sources import BY_FAULT, SourceState
from service.core.state import STALE_AFTER, State
from service.core.target_state import PUBLISHING, TargetState
from service.publishing.target_status import TargetStatus
from service.sources.status import SourceStatus
from service.version import Build

Targets = Callable[[], Iterable[TargetStatus]]


class Metrics:
    """
    Counters of what happened, and gauges that are read when Prometheus scrapes them.
    """

    def __init__(
        self,
        state: Callable[[], State],
        targets: Targets = lambda: (),
        build: Build | None = None,
        *,
        holds: Callable[[str], bool] = lambda _part: True,
        clock: Clock = utc_now,
    ) -> None:
        self._registry = CollectorRegistry()
        if build:
            build_info = self._gauge(
                "build_info", "1 for the version that runs.", "version", "commit", "python"
            )
            build_info.labels(build.version, build.commit, python_version()).set(1)
        self._up = self._gauge("source_up", "Whether the source sends lists.", "source")
        self._states = self._gauge(
            "source_state", "1 for the state that the source is in, else 0.", "source", "state"
        )
        self._list_at = self._gauge(
            "source_last_list_timestamp_seconds",
            "Arrival of the last list, or our start before it.",
            "source",
        )
        self._conferences = self._gauge("source_conferences", "Conferences in the last list.", "source")
        self._held = self._gauge("source_held_conferences", "Conferences whose removal is held.", "source")
        self._lists = self._counter("lists", "Lists accepted.", "source")
        self._edits = self._counter("edits", "Conferences that were new or changed.", "source")
        self._removals = self._counter("removals", "Conferences that left a calendar.", "source")
        self._rejected = self._counter("rejected", "Input that could not be understood.", "source", "kind")
        self._silences = _Silences(clock)
        self._registry.register(self._silences)
        self._registry.register(_StateMetrics(state))
        self._registry.register(_TargetMetrics(targets, holds))

    def apply_quiet(self, quiet: Mapping[str, QuietHours]) -> None:
        """Take the quiet hours of the sources."""
        self._silences.quiet = quiet

    def status(self, status: SourceStatus) -> None:
        """Note how a source is doing."""
        self._silences.states[status.name] = status.state
        self._up.labels(status.name).set(status.state == SourceState.LISTENING)
        for state in SourceState:
            self._states.labels(status.name, state).set(state == status.state)

    def expect_list(self, source: str, since: datetime) -> None:
        """Note since when a source owes a list: one that never sends any is silent too."""
        self._silences.list_at[source] = since
        self._list_at.labels(source).set(since.timestamp())

    def forget(self, source: str) -> None:
        """Drop the gauges of a source, and keep its counters."""
        self._silences.list_at.pop(source, None)
        for gauge in (self._up, self._list_at, self._conferences, self._held):
            with suppress(KeyError):
                gauge.remove(source)
        for state in SourceState:
            with suppress(KeyError):
                self._states.remove(source, state)

    def count_list(self, snapshot: Snapshot, changes: Changes) -> None:
        """Count an accepted list."""
        source = snapshot.source
        self._silences.list_at[source] = snapshot.received_at
        self._list_at.labels(source).set(snapshot.received_at.timestamp())
        self._conferences.labels(source).set(len(snapshot.listing.conferences))
        self._held.labels(source).set(len(changes.held.missing) if changes.held else 0)
        self._lists.labels(source).inc()
        self._edits.labels(source).inc(len(changes.edits))
        self._removals.labels(source).inc(len(changes.departures))
        self._rejected.labels(source, "conference").inc(len(snapshot.listing.rejections))

    def count_rejected_frame(self, source: str) -> None:
        """Count a frame that could not be used."""
        self._rejected.labels(source, "frame").inc()

    def render(self) -> bytes:
        """Return all numbers in the text format of Prometheus, version 0.0.4."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"confcal_{name}", text, labels, registry=self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"confcal_{name}", text, labels, registry=self._registry)


class _Silences(Collector):
    """Says of which sources no list is expected now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.quiet: Mapping[str, QuietHours] = {}
        self.states: dict[str, SourceState] = {}
        self.list_at: dict[str, datetime] = {}

    def collect(self) -> Iterator[Metric]:
        now, text = self._clock(), "1 while the source may be silent by its quiet hours, else 0."
        gauge = GaugeMetricFamily("confcal_source_quiet", text, labels=("source",))
        for source, at in self.list_at.items():
            quiet = self.quiet.get(source)
            excused = quiet is not None and quiet.excuse(at, now, STALE_AFTER)
            gauge.add_metric([source], excused and self.states.get(source) not in BY_FAULT)
        yield gauge


class _StateMetrics(Collector):
    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        state = self._state()
        yield GaugeMetricFamily("confcal_accounts", "Accounts with a calendar.", len(state.accounts))
        live = sum(1 for key in state.entries if not key.part)
        yield GaugeMetricFamily("confcal_conferences", "Conferences known.", live)
        closed = len(state.entries) - live
        yield GaugeMetricFamily(
            "confcal_closed_parts", "Past parts kept of edited or removed conferences.", closed
        )
        contested = len(state.contested)
        yield GaugeMetricFamily(
            "confcal_contested_conferences", "Conferences that accounts report differently.", contested
        )
        held = sum(1 for known in state.accounts.values() if known.held)
        yield GaugeMetricFamily("confcal_held_lists", "Accounts whose list is held.", held)


class _TargetMetrics(Collector):
    def __init__(self, targets: Targets, holds: Callable[[str], bool]) -> None:
        self._targets, self._holds = targets, holds

    def collect(self) -> Iterator[Metric]:
        up = _gauge("up", "1 if the target can be published to, else 0.")
        in_step = _gauge("in_step", "1 if the collection holds everything that it should, else 0.")
        waiting = _gauge("waiting_resources", "Resources that are to be tried again.")
        parked = _gauge("parked_resources", "Resources refused until they change, or for a day.")
        at = _gauge("last_pass_timestamp_seconds", "End of the last pass that its server answered.")
        lag = _gauge("lag_seconds", "From the first change that waited to the end of its pass.")
        writes = CounterMetricFamily(
            "confcal_target_writes", "Resources written.", labels=("target", "operation")
        )
        for target in self._targets():
            name, totals = [target.name], target.totals
            if self._holds(f"target/{target.name}"):
                up.add_metric(name, not target.error and target.state in PUBLISHING)
                in_step.add_metric(name, target.state is TargetState.IN_STEP)
                waiting.add_metric(name, target.pending)
                parked.add_metric(name, len(target.parked))
                if target.last_pass_at:
                    at.add_metric(name, target.last_pass_at.timestamp())
                if target.lag_seconds is not None:
                    lag.add_metric(name, target.lag_seconds)
            # What this process wrote stays written, whoever goes on with the target.
            counts = {"create": totals.created, "update": totals.updated, "delete": totals.deleted}
            for operation, count in counts.items():
                writes.add_metric([target.name, operation], count)
        yield from (up, in_step, waiting, parked, at, lag, writes)


def _gauge(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"confcal_target_{name}", text, labels=("target",))
