"""
One round over the collections of a target: which of them have work, and the result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from service.core.errors import CollectionGone, CollectionMoved, ConfcalError
from service.publishing.collection_memory import CollectionMemory
from service.publishing.model import Publication, Standing, SyncReport
from service.publishing.ports import CollectionFinder, Ledger, TargetCollection, TargetRecord

log = structlog.get_logger()


@dataclass(slots=True)
class WorkFinder:
    """The collections that have work, in the order of a round."""

    finder: CollectionFinder
    memory: CollectionMemory
    records: Mapping[str, TargetRecord]
    stopped_at: str
    targets: Sequence[TargetCollection] = ()

    def find_keys(self) -> set[str]:
        """Find the collections that should exist now, and return their keys. Raises PlanRefused."""
        self.targets = self.finder.find_collections()
        keys = {target.key for target in self.targets}
        self.memory.keep_only(keys)
        return keys

    def find_work(self, now: datetime) -> list[TargetCollection]:
        """Return what has work: first changes, then what this process never visited, then new collections."""

        def urgency(target: TargetCollection) -> tuple[bool, bool, bool]:
            # The collection that stopped the last round comes last: perhaps it is the only one that fails.
            return (
                target.key == self.stopped_at,
                target.key not in self.records,
                target.key not in self.memory,
            )

        return sorted((each for each in self.targets if self.memory.has_work(each, now)), key=urgency)

    def find_changed(self, key: str) -> TargetCollection | None:
        """
        Return a collection that exists and changed since its last run began; None for any other key.

        A resource that was refused is no reason: other changes would use up its tries.
        """
        found = next((each for each in self.targets if each.key == key), None)
        return found if found and self.memory.has_changed(found) else None


@dataclass(slots=True)
class Round:
    """The result of one run over all collections."""

    errors: list[ConfcalError] = field(default_factory=list)
    stopped: bool = False
    """Whether an error ended the round for all collections."""

    resting: list[ConfcalError] = field(default_factory=list)
    """The errors of collections that are left alone for now."""

    rows: list[Publication] = field(default_factory=list)
    reached: bool = False
    writes: int = 0


def log_run(target: TargetCollection, report: SyncReport, seconds: float) -> None:
    """Log a run that changed anything."""
    if report.writes or report.adopted or report.refused or report.left:
        log.info(
            "publish.pass_finished",
            target=target.key,
            created=report.created,
            updated=report.updated,
            deleted=report.deleted,
            adopted=report.adopted,
            left=report.left,
            refused=report.refused,
            waiting=report.waiting,
            seconds=round(seconds, 3),
        )


async def free_parked(ledger: Ledger, finder: CollectionFinder, now: datetime) -> None:
    """Make every parked resource due now. Raises PlanRefused and StoreUnavailable."""
    for target in finder.find_collections():
        rows = (await ledger.publications(target.key)).values()
        # Without the writes that made it look like a contest: a person looked at it.
        freed = [replace(row, retry_at=now, writes=()) for row in rows if row.standing is Standing.PARKED]
        if freed:
            await ledger.record_publications(target.key, freed)


async def void_record(ledger: Ledger, target: TargetCollection, error: CollectionGone) -> None:
    """
    Make the next run find or create the collection again. The rows stay: the collection may be the same.
    """
    record = (await ledger.targets()).get(target.key)
    if record and (isinstance(error, CollectionMoved) or target.rules.on_delete == "restore"):
        await ledger.record_target(target.key, replace(record, identity=""))
