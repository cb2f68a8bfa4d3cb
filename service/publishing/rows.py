"""
The rows of one target, held while a pass is made and written as it goes on.
"""

from collections.abc import Iterable, Iterator

from service.core.publishing import Publication
from service.core.publishing_ports import Ledger


class Rows:
    """
    What the ledger says of a target's resources.
    """

    def __init__(self, ledger: Ledger, target: str) -> None:
        self._ledger = ledger
        self._target = target
        self.by_uid: dict[str, Publication] = {}

    def __iter__(self) -> Iterator[Publication]:
        return iter(self.by_uid.values())

    def get(self, uid: str) -> Publication | None:
        """Return the row of a resource, None where there is none."""
        return self.by_uid.get(uid)

    async def load(self) -> None:
        """Read them all. Raises StoreUnavailable."""
        self.by_uid = await self._ledger.publications(self._target)

    async def write(self, rows: Iterable[Publication], forgotten: Iterable[str] = ()) -> None:
        """Write rows, and drop those of the UIDs `forgotten`. Raises StoreUnavailable."""
        rows, forgotten = list(rows), list(forgotten)
        if not rows and not forgotten:
            return
        await self._ledger.record_publications(self._target, rows, forgotten)
        self.by_uid |= {row.uid: row for row in rows}
        for uid in forgotten:
            self.by_uid.pop(uid, None)
