"""
The reconciler of one target: a run after every change, audits, and retries while a server is in trouble.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from service.core.clock import Clock
from service.core.errors import (
    AnswerUnusable,
    CollectionGone,
    ConfcalError,
    LeaseLost,
    PlanRefused,
    StoreUnavailable,
)
from service.core.journal import JournalEntry
from service.core.target_state import TargetState
from service.publishing.circuit import Circuit
from service.publishing.collection_memory import CollectionMemory, RunResult
from service.publishing.collection_queue import CollectionQueue
from service.publishing.dispatch import Dispatcher, Timing
from service.publishing.model import Standing
from service.publishing.ports import CollectionFinder, Ledger, TargetCollection, TargetRecord
from service.publishing.retry import concerns_all, state_of
from service.publishing.rounds import Round, WorkFinder, free_parked, log_run, void_record
from service.publishing.sync_run import SyncRun
from service.publishing.target_status import TargetStatus, describe_change, state_without_error
from service.waits import HurryLimit, sleep_until_hurried

log = structlog.get_logger()

_RUNS_A_REQUEST = 2
"""Collections for each parallel request: one reads the database while another uses the server."""

_AGAIN_SECONDS = 60.0
"""After how long refused resources are tried again, and missing calendars looked for."""


class Reconciler:
    """
    One target of the settings: one collection, or one for each calendar that its pattern chooses.
    """

    def __init__(
        self,
        status: TargetStatus,
        finder: CollectionFinder,
        ledger: Ledger,
        *,
        concurrency: int,
        audit_every: timedelta,
        timing: Timing,
        clock: Clock,
    ) -> None:
        self.status = status
        self._finder = finder
        self._ledger = ledger
        self._dispatcher = Dispatcher(concurrency, timing)
        self._audit_seconds = audit_every.total_seconds()
        self._timing = timing
        self._clock = clock
        self._wake, self._hurry = asyncio.Event(), asyncio.Event()
        self._hurries, self._hurried = HurryLimit(), False
        self._circuit = Circuit()
        self._unwritten: list[JournalEntry] = []
        self._memory = CollectionMemory()
        self._queue: CollectionQueue | None = None
        self._proven = False
        """Whether the server has answered this process: a wrong password is not tried in parallel."""

    def mark_changed(self) -> None:
        """Request a run soon. While the target is down, changes wait for the server and become one."""
        self._circuit = self._circuit.note_change(self._clock())
        self._wake.set()
        if self._queue:
            self._queue.mark_changed()

    def retry_now(self) -> bool:
        """
        Try everything again on a person's word; return whether that was not too soon after the last time.

        It ends the rest of the target, of its collections and of resources that were refused.
        """
        if not self._hurries.admits(self._clock().timestamp()):
            return False
        self._hurried = True
        self._hurry.set()
        self.mark_changed()
        return True

    async def run(self) -> None:
        """Keep the collections in step until cancelled. Raises LeaseLost."""
        # Another process may have kept them until now.
        self._memory.clear()
        while True:
            self._wake.clear()
            seconds = await self.once()
            if self._circuit.open:
                # Changes wait too. The next round begins with one request, the probe.
                await sleep_until_hurried(self._timing.sleep, seconds, self._hurry)
            else:
                # wait_for() of Python 3.11 loses a cancellation that arrives together with the wake event.
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._wake.wait()

    async def once(self) -> float:
        """
        Run over every collection that has work and does not rest; return the seconds until the next round.
        """
        changed_at, made = self._circuit.changed_at, Round()
        self._circuit = self._circuit.take_change()
        stopped_by: ConfcalError | None = None
        try:
            await self._follow_hurry()
            await self._collections(made)
        except LeaseLost:
            # Another replica goes on here, so there is no trouble with the target.
            raise
        except ConfcalError as error:
            made.errors.insert(0, error)
            stopped_by = error
        self._circuit = self._circuit.end_round(
            stopped_by=stopped_by, failed=bool(made.errors), reached=made.reached, changed_at=changed_at
        )
        before = self.status.state
        self._conclude(made, changed_at)
        await self._write_journal(before)
        return self._rest_seconds(made.errors[0]) if self._circuit.open else self._next_seconds(made)

    async def _follow_hurry(self) -> None:
        """Let nothing rest where a person asked for another try. Raises StoreUnavailable."""
        if self._hurried:
            now = self._clock()
            await free_parked(self._ledger, self._finder, now)
            self._circuit = self._circuit.hurry(now)
            self._memory.clear()
            self._hurried = False

    async def _collections(self, made: Round) -> None:
        """Run over each collection that has work. Raises only errors that concern all of them."""
        records = await self._ledger.targets()
        work = WorkFinder(self._finder, self._memory, records, self._circuit.stopped_at)

        def rests(key: str) -> bool:
            return self._circuit.rests(key, self._clock())

        def find() -> list[TargetCollection]:
            self._circuit = self._circuit.begin_round(work.find_keys())
            resting = {each.key for each in work.targets if rests(each.key)}
            made.resting = [self._circuit.backoffs[key].error for key in sorted(resting)]
            due = [each for each in work.find_work(self._clock()) if each.key not in resting]
            if due or not self._circuit.doubted or made.reached:
                return due
            # No collection has work, but only the server can show that the trouble is over.
            return [each for each in work.targets if each.key not in resting][:1]

        def find_changed(key: str) -> TargetCollection | None:
            return None if rests(key) else work.find_changed(key)

        self._queue = CollectionQueue(
            lambda target: self._collection(target, records, made),
            most=lambda: self._most(made),
            find=find,
            find_changed=find_changed,
        )
        try:
            await self._queue.run()
        finally:
            self._queue = None
            made.errors += made.resting
            made.rows += self._memory.find_unsettled()
        self._circuit = self._circuit.enter("")

    def _most(self, made: Round) -> int:
        """Return how many collections to run over at a time."""
        at_once = self._dispatcher.pace.at_once
        self._proven |= made.reached
        if at_once == 1 or not self._proven or (self._circuit.doubted and not made.reached):
            return 1
        return _RUNS_A_REQUEST * at_once

    async def _collection(
        self, target: TargetCollection, records: dict[str, TargetRecord], made: Round
    ) -> None:
        key, started, content = target.key, self._clock(), target.content()
        one = SyncRun(target, self._ledger, self._dispatcher, clock=self._clock, records=records)
        # Nothing counts as working again before the server has answered.
        probing = key in self._circuit.backoffs or (self._circuit.doubted and not made.reached)
        try:
            report = await one.run(probing=probing)
        except ConfcalError as error:
            self._memory.remember_failure(key, one.unsettled, self._clock())
            if concerns_all(error):
                if not made.stopped:
                    made.stopped = True
                    self._circuit = self._circuit.enter(key)
                raise
            if isinstance(error, CollectionGone):
                await void_record(self._ledger, target, error)
            self._circuit = self._circuit.fail(key, error, self._clock(), self._timing.random)
            made.errors.append(error)
        else:
            records[key] = one.record
            audit_at = (one.record.audited_at or started) + target.audit_every
            self._memory.remember(key, RunResult(target.identity, content, one.unsettled, audit_at))
            self._circuit = self._circuit.succeed(key)
            made.reached |= report.reached
            made.writes += report.writes
            self.status.totals.add(report)
            log_run(target, report, (self._clock() - started).total_seconds())

    def _conclude(self, made: Round, changed_at: datetime | None) -> None:
        status, now = self.status, self._clock()
        since = {(row.uid, row.href): at for row, at in status.parked.items()}
        parked = [row for row in made.rows if row.standing is Standing.PARKED]
        status.parked = {row: since.get((row.uid, row.href), now) for row in parked}
        status.pending = sum(row.standing is Standing.WAITING for row in made.rows)
        if self._circuit.doubted and not made.errors:
            # The server was not asked, so the trouble may continue.
            return
        before, status.error = status.error, str(made.errors[0]) if made.errors else ""
        if made.errors:
            self._report_trouble(made.errors[0], before)
            return
        if made.reached:
            self._log_recovery(now)
        self._circuit = self._circuit.recover()
        status.state = state_without_error(status)
        if made.reached:
            status.last_pass_at = now
        if changed_at and made.writes:
            status.lag_seconds = (now - changed_at).total_seconds()

    async def _write_journal(self, before: TargetState) -> None:
        """Write to the journal that the target cannot be published to, or can again."""
        status = self.status
        self._unwritten += describe_change(status, before, self._clock())
        if self._unwritten:
            with suppress(StoreUnavailable):
                await self._ledger.write_journal(self._unwritten)
                self._unwritten = []

    def _log_recovery(self, now: datetime) -> None:
        trouble = self._circuit.trouble
        if trouble:
            after = round((now - trouble.since).total_seconds())
            log.info(
                "publish.target_recovered", target=self.status.name, after_seconds=after, times=trouble.times
            )

    def _report_trouble(self, error: ConfcalError, before: str) -> None:
        status = self.status
        status.state = state_of(error)
        if isinstance(error, PlanRefused):
            if status.error != before:
                log.info("publish.target_waits", target=status.name, state=status.state, error=status.error)
            return
        self._circuit = self._circuit.suffer(error, self._clock())
        trouble = self._circuit.trouble
        if trouble and trouble.news:
            log.warning(
                "publish.target_failed",
                target=status.name,
                state=status.state,
                error=status.error,
                times=trouble.times,
                # An unforeseen error needs a traceback, so that somebody can fix it.
                exc_info=error if isinstance(error, AnswerUnusable) else None,
            )

    def _rest_seconds(self, error: ConfcalError) -> float:
        """Return how long the whole target rests."""
        if not isinstance(error, StoreUnavailable):
            self._dispatcher.after_failure()
        return self._circuit.rest_seconds(error, chance=self._timing.random())

    def _next_seconds(self, made: Round) -> float:
        now = self._clock()
        due = [backoff.until for backoff in self._circuit.backoffs.values()]
        due += [row.retry_at for row in self.status.parked if row.retry_at]
        due += self._memory.audits()
        soon = [self._audit_seconds, *(max(1.0, (at - now).total_seconds()) for at in due)]
        waits = self.status.pending or any(isinstance(error, PlanRefused) for error in made.errors)
        return min(_AGAIN_SECONDS, *soon) if waits else min(soon)
