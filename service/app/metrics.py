"""
Numbers for Prometheus: nothing personal, no names of people, no secret addresses.
"""

from collections.abc import Callable, Iterable, Iterator
from platform import python_version

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.app.clock import utc_now
from service.app.source_metrics import SourceMetrics
from service.core.clock import Clock
from service.core.state import State
from service.core.target_state import PUBLISHING, TargetState
from service.publishing.target_status import TargetStatus
from service.version import Build

Targets = Callable[[], Iterable[TargetStatus]]


class Metrics:
    """
    All numbers; those of sources are noted in `sources`, the others are read when Prometheus scrapes them.
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
            labels = ("version", "commit", "python")
            info = Gauge(
                "confcal_build_info", "1 for the version that runs.", labels, registry=self._registry
            )
            info.labels(build.version, build.commit, python_version()).set(1)
        self.sources = SourceMetrics(clock)
        self._registry.register(self.sources)
        self._registry.register(_StateMetrics(state))
        self._registry.register(_TargetMetrics(targets, holds))

    def render(self) -> bytes:
        """Return all numbers in the text format of Prometheus, version 0.0.4."""
        return generate_latest(self._registry)


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
