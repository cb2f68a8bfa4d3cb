"""
The arrivals of lists that change nothing, those of many accounts in one transaction.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.core.changes import Arrival, Changes, Refusal
from service.core.lease import Fence
from service.store.engine import begin_write
from service.store.fence import find_lost
from service.store.versions import NEVER, LastList, lock_accounts, make_stale, read_forgotten
from service.store.writes import write_arrivals


class _LeasesLost(Exception):
    """Ends a transaction without a trace: parts that took part in it must not record any more."""

    def __init__(self, fences: Sequence[Fence]) -> None:
        super().__init__()
        self.fences = fences


async def record_arrivals(engine: AsyncEngine, arrivals: Sequence[Arrival]) -> list[Refusal | None]:
    """Record arrivals and return why each was refused, None where it was not. Raises StoreUnavailable."""
    refusals = dict[int, Refusal]()
    while waiting := {at: each for at, each in enumerate(arrivals) if at not in refusals}:
        try:
            async with begin_write(engine, in_passing=True) as db:
                refused = await _write(db, waiting)
        except _LeasesLost as lost:
            refusals |= _lose(waiting, lost.fences)
        else:
            refusals |= refused
            break
    return [refusals.get(at) for at in range(len(arrivals))]


def _lose(arrivals: Mapping[int, Arrival], lost: Sequence[Fence]) -> dict[int, Refusal]:
    return {at: each.fence.lose() for at, each in arrivals.items() if each.fence in lost and each.fence}


async def _write(db: AsyncConnection, arrivals: Mapping[int, Arrival]) -> dict[int, Refusal]:
    """Write what may be written, and return why the others were refused. Raises _LeasesLost."""
    # In the order of accounts: two transactions that lock the same ones do not deadlock.
    ordered = sorted(arrivals.items(), key=lambda each: each[1].changes.account)
    last_lists = await lock_accounts(db, {str(each.changes.account) for _, each in ordered})
    forgotten = await read_forgotten(db)
    written, refused = list[tuple[Changes, LastList]](), dict[int, Refusal]()
    for at, each in ordered:
        last = last_lists.get(str(each.changes.account), NEVER)
        if max(last.changed_in, forgotten) > each.version:
            refused[at] = make_stale(each.version)
        else:
            written.append((each.changes, last))
    await write_arrivals(db, written)
    if lost := await find_lost(db, [each.fence for each in arrivals.values() if each.fence]):
        raise _LeasesLost(lost)
    return refused
