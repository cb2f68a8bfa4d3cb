"""
The ledger without a database.
"""

from collections.abc import Collection, Iterable

from service.publishing.model import Publication
from service.publishing.ownership import assign
from service.publishing.ports import Assignment, TargetRecord


class MemoryLedger:
    """
    Implements `service.publishing.ports.Ledger`; what it holds is gone with it.
    """

    def __init__(self) -> None:
        self._targets: dict[str, TargetRecord] = {}
        self._publications: dict[str, dict[str, Publication]] = {}

    async def targets(self) -> dict[str, TargetRecord]:
        """See Ledger."""
        return dict(self._targets)

    async def record_target(self, target: str, record: TargetRecord) -> None:
        """See Ledger."""
        self._targets[target] = record

    async def assign_collection(
        self, target: str, record: TargetRecord, *, abandoned: Collection[str] = ()
    ) -> Assignment:
        """See Ledger."""
        done = assign(self._targets, target, record, abandoned=abandoned)
        if done.held_by:
            return done
        if done.former_key:
            self._targets[done.former_key] = self._targets.pop(target)
            self._publications[done.former_key] = self._publications.pop(target, {})
        for key in done.adopted_keys:
            del self._targets[key]
            own = self._publications.setdefault(target, {})
            self._publications[target] = self._publications.pop(key, {}) | own
        self._targets[target] = record
        return done

    async def publications(self, target: str) -> dict[str, Publication]:
        """See Ledger."""
        return dict(self._publications.get(target, {}))

    async def record_publications(
        self, target: str, publications: Iterable[Publication], forgotten: Iterable[str] = ()
    ) -> None:
        """See Ledger."""
        rows = self._publications.setdefault(target, {})
        rows.update((row.uid, row) for row in publications)
        for uid in forgotten:
            rows.pop(uid, None)

    async def forget_target(self, target: str) -> None:
        """See Ledger."""
        self._targets.pop(target, None)
        self._publications.pop(target, None)
