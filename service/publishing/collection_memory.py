"""
What is remembered of the collections of a target, so that a round skips those without work.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from service.publishing.model import Publication, Standing
from service.publishing.ports import TargetCollection


@dataclass(frozen=True, slots=True)
class RunResult:
    """
    The state of a collection after a run.
    """

    identity: str
    content: object
    """What the collection should hold when the run began."""

    unsettled: tuple[Publication, ...]
    """The rows that wait or are parked."""

    audit_at: datetime
    """When the collection is audited even if nothing changes."""

    failed: bool = False


class CollectionMemory:
    """
    The result of the last run of this process over each collection.
    """

    def __init__(self) -> None:
        self._results: dict[str, RunResult] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._results

    def remember(self, key: str, result: RunResult) -> None:
        """Remember the result of a run."""
        self._results[key] = result

    def remember_failure(self, key: str, unsettled: Iterable[Publication], now: datetime) -> None:
        """Note that a run failed. The next round runs over the collection again unless it rests."""
        before = self._results.get(key, RunResult("", None, (), now))
        self._results[key] = replace(before, unsettled=tuple(unsettled), failed=True)

    def keep_only(self, keys: Iterable[str]) -> None:
        """Forget collections that do not exist any more."""
        keys = set(keys)
        self._results = {key: result for key, result in self._results.items() if key in keys}

    def clear(self) -> None:
        """Forget everything: another process may have published meanwhile."""
        self._results = {}

    def has_work(self, target: TargetCollection, now: datetime) -> bool:
        """Return whether a run over a collection may find something to do."""
        known = self._results.get(target.key)
        return (
            known is None
            or known.failed
            or now >= known.audit_at
            or any(_is_due(row, now) for row in known.unsettled)
            or _differs(known, target)
        )

    def has_changed(self, target: TargetCollection) -> bool:
        """Return whether a collection should hold something else than when its last run began."""
        known = self._results.get(target.key)
        return known is None or _differs(known, target)

    def find_unsettled(self) -> Iterator[Publication]:
        """Yield the rows of all collections that wait or are parked."""
        for result in self._results.values():
            yield from result.unsettled

    def audits(self) -> Iterator[datetime]:
        """Yield the moments at which collections in step are audited again."""
        return (result.audit_at for result in self._results.values() if not result.failed)


def _differs(known: RunResult, target: TargetCollection) -> bool:
    return known.identity != target.identity or known.content != target.content()


def _is_due(row: Publication, now: datetime) -> bool:
    return row.standing is Standing.WAITING or (row.retry_at is not None and row.retry_at <= now)
