"""
The ledger without a database.
"""

from collections.abc import Collection, Iterable, Sequence

from typing_extensions import override

from service.core.journal import JournalEntry
from service.publishing.model import Publication
from service.publishing.ownership import assign
from service.publishing.ports import Assignment, Ledger, TargetRecord
from tests.store.memory_journal import MemoryJournal


class MemoryLedger(Ledger):
    """
    Implements `service.publishing.ports.Ledger`; what it holds is gone with it.
    """

    def __init__(self) -> None:
        self.journal = MemoryJournal()
        self._targets: dict[str, TargetRecord] = {}
        self._publications: dict[str, dict[str, Publication]] = {}

    @override
    async def targets(self) -> dict[str, TargetRecord]:
        return dict(self._targets)

    @override
    async def record_target(self, target: str, record: TargetRecord) -> None:
        self._targets[target] = record

    @override
    async def assign_collection(
        self, target: str, record: TargetRecord, *, abandoned: Collection[str] = ()
    ) -> Assignment:
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

    @override
    async def publications(self, target: str) -> dict[str, Publication]:
        return dict(self._publications.get(target, {}))

    @override
    async def publications_of(self, uid: str) -> dict[str, Publication]:
        return {key: rows[uid] for key, rows in self._publications.items() if uid in rows}

    @override
    async def record_publications(
        self,
        target: str,
        publications: Iterable[Publication],
        forgotten: Iterable[str] = (),
        *,
        journal: Sequence[JournalEntry] = (),
        record: TargetRecord | None = None,
    ) -> None:
        if record:
            self._targets[target] = record
        rows = self._publications.setdefault(target, {})
        rows.update((row.uid, row) for row in publications)
        for uid in forgotten:
            rows.pop(uid, None)
        self.journal.add(journal)

    @override
    async def write_journal(self, entries: Sequence[JournalEntry]) -> None:
        self.journal.add(entries)

    @override
    async def forget_target(self, target: str) -> None:
        self._targets.pop(target, None)
        self._publications.pop(target, None)
