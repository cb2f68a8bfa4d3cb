"""
Execution of a plan: the outcome of each operation becomes a row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from service.core.clock import Clock
from service.core.errors import AnswerUnusable, Conflict, Fatal, PublishError
from service.publishing.dispatch import Dispatcher
from service.publishing.ledger_cache import LedgerCache, WriteBehind
from service.publishing.model import Create, Delete, Operation, Publication, Standing, SyncReport, Update
from service.publishing.plan import Plan, intents
from service.publishing.ports import Publisher, TargetRecord

log = structlog.get_logger()

_MOST_REFUSALS = 3
_ALL_REFUSED = 10
"""Refusals without any success after which a run ends, where the target may be at fault."""

_RETRY = timedelta(days=1)
"""How long a parked resource rests: servers get repaired, and trash bins emptied."""

_RETRY_PASSING = timedelta(hours=1)


class Executor:
    """
    Executes one plan.
    """

    def __init__(
        self,
        target: str,
        rows: LedgerCache,
        report: SyncReport,
        *,
        clock: Clock,
        progress: Callable[[int], None],
    ) -> None:
        self._target = target
        self._rows = rows
        self._report = report
        self._clock = clock
        self._progress = progress
        self._queue = WriteBehind(rows.write)
        self._blamed: dict[str, Publication] = {}
        self._suspended: dict[str, Publication] = {}
        self._before: dict[str, Publication] = {}
        self._in_front: list[int] = []
        self._unusable: AnswerUnusable | None = None
        self.written: set[str] = set()
        """The UIDs of resources that the server confirmed."""

        self._successes = 0
        self._done = 0

    async def execute(
        self,
        plan: Plan,
        publisher: Publisher,
        dispatcher: Dispatcher,
        hrefs: Mapping[str, str],
        *,
        record: TargetRecord | None = None,
    ) -> None:
        """
        Execute the operations.

        `hrefs` are the paths of new resources; `record` is remembered together with what is intended. Raises
        Retryable, Fatal, StoreUnavailable; the work done by then is recorded.
        """
        looping = {o.uid: why for o in plan.operations if (why := self._loops(o))}
        operations = [o for o in plan.operations if o.uid not in looping]
        parked = [self._park(uid, why) for uid, why in looping.items()]
        before = self._before = dict(self._rows.by_uid)
        intended = [*parked, *intents(operations, hrefs)]
        await self._rows.write(intended, [row.uid for row in plan.forgotten], record=record)
        if not operations:
            return

        async def execute(operation: Operation) -> None:
            await self._execute_one(publisher, operation, before.get(operation.uid))

        try:
            await dispatcher.execute_all(operations, execute, self._note_refusal)
        finally:
            await self._queue.finish()
        if self._all_refused_in_front(len(operations)):
            await self._rows.write(self._suspended.values())
            raise self._every_write_is_refused(self._in_front[0])
        await self._rows.write(self._blamed.values())
        if self._unusable:
            raise self._unusable

    async def note_lost(self, rows: Sequence[Publication]) -> None:
        """
        Note that the server lost resources it confirmed. They are written again, and finally parked.

        Raises Fatal if the server lost all of them.
        """
        self._report.refused += len(rows)
        reason = "the server said that it was stored, and does not have it"
        refused = []
        for row in rows:
            before = self._before.get(row.uid)
            same = before is not None and before.digest == row.digest
            unwritten = replace(row, refusals=before.refusals if before and same else 0, writes=())
            again = unwritten.refuse(
                reason, digest=row.digest, most=_MOST_REFUSALS, retry_at=self._clock() + _RETRY
            )
            log.warning("publish.resource_lost", target=self._target, uid=row.uid, reason=reason)
            refused.append(again)
        await self._rows.write(refused)
        nothing_there = not any(row.standing is Standing.PUBLISHED for row in self._rows)
        if len(rows) == len(self.written) and nothing_there:
            raise Fatal("the server says that events are stored, and none of them is there: see its own log")

    def _loops(self, operation: Operation) -> str:
        before = self._rows.get(operation.uid)
        # A parked resource that is due again gets one write. Then it is judged again.
        if isinstance(operation, Delete) or before is None or before.standing is Standing.PARKED:
            return ""
        return before.find_loop(operation.resource.digest, self._clock())

    def _park(self, uid: str, reason: str) -> Publication:
        log.warning("publish.resource_parked", target=self._target, uid=uid, reason=reason)
        return self._rows.by_uid[uid].park(reason, retry_at=self._clock() + _RETRY)

    async def _execute_one(
        self, publisher: Publisher, operation: Operation, before: Publication | None
    ) -> None:
        try:
            row = await publisher.apply(operation)
        except Conflict as conflict:
            # Nothing was written now, but an earlier write without an answer may have taken effect.
            earlier = before.pending_hashes if before else ""
            await self._note_refusal(operation, conflict, intended=earlier)
        except AnswerUnusable as error:
            # The answers about other resources may be readable.
            self._unusable = self._unusable or error
            await self._note_refusal(operation, error)
        else:
            await self._note_success(operation, row)
        self._done += 1
        self._progress(self._done)

    async def _note_success(self, operation: Operation, row: Publication | None) -> None:
        self._successes += 1
        self._report.reached = True
        self._count(operation, row)
        if row is None:
            await self._queue.put((), [operation.uid])
        elif row.standing is Standing.PUBLISHED:
            self.written.add(row.uid)
            await self._queue.put([row.count_write(self._rows.get(operation.uid), self._clock())])
        else:
            log.info("publish.resource_left", target=self._target, uid=row.uid, standing=row.standing)
            await self._queue.put([row])

    async def _note_refusal(
        self, operation: Operation, error: PublishError, *, intended: str | None = None
    ) -> None:
        """
        Note that one resource was refused.

        `intended` is its row before the write, if the answer proves that nothing was written. A refusal that
        may be the target's fault is recorded only after the run shows that it is not.
        """
        self._report.reached = True
        self._report.refused += 1
        now = self._rows.get(operation.uid) or Publication(operation.uid)
        now = now if intended is None else replace(now, pending_hashes=intended)
        row = now.refuse(
            str(error),
            digest="" if isinstance(operation, Delete) else operation.resource.digest,
            most=_MOST_REFUSALS,
            retry_at=self._clock() + _rest(error),
        )
        log.warning(
            "publish.resource_refused",
            target=self._target,
            uid=operation.uid,
            reason=str(error),
            parked=row.standing is Standing.PARKED,
        )
        if isinstance(error, Conflict) and error.in_front:
            self._in_front.append(error.in_front)
        if isinstance(error, Conflict) and not error.blames_target:
            await self._queue.put([row])
            return
        self._blamed[row.uid] = row
        # The next run begins with resources that were never refused: they are likely to succeed.
        self._suspended[row.uid] = replace(now, refusals=now.refusals + 1, reason=str(error))
        if not self._successes and len(self._blamed) >= _ALL_REFUSED:
            await self._queue.put(self._suspended.values())
            if self._unusable:
                raise self._unusable
            if len(self._in_front) == len(self._blamed):
                raise self._every_write_is_refused(self._in_front[0])
            raise Fatal(f"every resource is refused: {error}")

    def _all_refused_in_front(self, operations: int) -> bool:
        """Return whether something in front of the server refused every write, not only a certain event."""
        if self._successes or len(self._in_front) < operations:
            return False
        nothing_there = not any(row.standing is Standing.PUBLISHED for row in self._rows)
        return operations >= _MOST_REFUSALS or nothing_there

    def _every_write_is_refused(self, status: int) -> Fatal:
        return Fatal(
            f"every write is refused with {status} by something in front of the server: "
            "have it let PUT and DELETE pass"
        )

    def _count(self, operation: Operation, row: Publication | None) -> None:
        if row is not None and row.standing is not Standing.PUBLISHED:
            self._report.left += 1
            return
        match operation:
            case Create():
                self._report.created += 1
            case Update():
                self._report.updated += 1
            case Delete():
                self._report.deleted += 1


def _rest(error: PublishError) -> timedelta:
    return _RETRY_PASSING if isinstance(error, Conflict) and error.passing else _RETRY
