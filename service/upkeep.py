"""
Keeping the collections of one target: a pass after every change, audits, patience with a server in trouble.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from service.core.errors import (
    CollectionGone,
    CollectionMoved,
    ConfcalError,
    PlanRefused,
    Retryable,
    StoreUnavailable,
)
from service.core.pace import down_seconds
from service.core.publishing import Publication, Report, Standing
from service.core.publishing_ports import Ledger
from service.dispatch import Dispatcher, Timing
from service.publish import HrefOf, Pass, Target

log = structlog.get_logger()

Targets = Callable[[], Sequence[Target]]
"""Gives the collections as they should be now. Raises PlanRefused where that cannot be said."""

_ATTENTION = 5
"""What needs a person is tried as seldom as a server that failed so often."""

_AGAIN_SECONDS = 60.0
"""When resources that were refused for the first time are tried again."""


@dataclass(slots=True)
class UpkeepStatus:
    """
    How one target is doing.
    """

    name: str
    calendar: str
    state: str = "starting"
    """starting, in step, waiting (some resources are to be tried again), down, or failing."""

    error: str = ""
    last_pass_at: datetime | None = None
    lag_seconds: float | None = None
    """From the last change to the end of the pass that published it."""

    pending: int = 0
    parked: dict[Publication, datetime] = field(default_factory=dict)
    """Since when we know of it."""

    totals: Report = field(default_factory=Report)


class Upkeep:
    """
    One target of the settings: one collection, or one for each calendar that its pattern chooses.
    """

    def __init__(
        self,
        status: UpkeepStatus,
        targets: Targets,
        ledger: Ledger,
        *,
        concurrency: int,
        audit_every: timedelta,
        timing: Timing,
        href_of: HrefOf,
        clock: Callable[[], datetime],
    ) -> None:
        self.status = status
        self.targets = targets
        self._ledger = ledger
        self._dispatcher = Dispatcher(concurrency, timing)
        self._audit_seconds = audit_every.total_seconds()
        self._timing = timing
        self._href_of = href_of
        self._clock = clock
        self._bell = asyncio.Event()
        self._changed_at: datetime | None = None
        self._failures = 0
        self._open = False

    def changed(self) -> None:
        """Have a pass made soon; while the target is down, changes wait for the server and become one."""
        self._changed_at = self._changed_at or self._clock()
        self._bell.set()

    async def run(self) -> None:
        """Keep the collections until cancelled."""
        while True:
            self._bell.clear()
            seconds = await self.once()
            if self._open:
                # The circuit is open: bells wait too. The next pass begins with one request, the probe.
                await self._timing.sleep(seconds)
            else:
                # wait_for() of Python 3.11 forgets a cancellation that comes together with the bell.
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._bell.wait()

    async def once(self) -> float:
        """Make a pass over all collections; after how many seconds the next one is due."""
        changed_at = self._changed_at
        errors: list[ConfcalError] = []
        rows: list[Publication] = []
        targets: Sequence[Target] = ()
        try:
            targets = self.targets()
            for target in targets:
                await self._pass(target, errors, rows)
        except ConfcalError as error:
            errors.append(error)
        self._open = _concerns_all(errors, len(targets))
        waiting = sum(row.standing is Standing.WAITING for row in rows)
        self._conclude(errors, waiting, changed_at)
        now, before = self._clock(), self.status.parked
        self.status.parked = {row: before.get(row, now) for row in rows if row.standing is Standing.PARKED}
        self.status.pending = waiting
        if self._open:
            return self._pause(errors)
        return min(_AGAIN_SECONDS, self._audit_seconds) if waiting or errors else self._audit_seconds

    async def _pass(self, target: Target, errors: list[ConfcalError], rows: list[Publication]) -> None:
        """Make one pass. Raises only what concerns the other collections too."""
        started = self._clock()
        one = Pass(target, self._ledger, self._dispatcher, href_of=self._href_of, clock=self._clock)
        try:
            report = await one.run()
        except CollectionGone as error:
            if isinstance(error, CollectionMoved) or target.rules.on_delete == "restore":
                # The next pass looks for it again, or makes it anew.
                await self._ledger.forget_target(target.key)
            errors.append(error)
        except (Retryable, StoreUnavailable):
            raise
        except ConfcalError as error:
            errors.append(error)
        else:
            self._tell(target, report, (self._clock() - started).total_seconds())
        rows += (await self._ledger.publications(target.key)).values()

    def _tell(self, target: Target, report: Report, seconds: float) -> None:
        self.status.totals.add(report)
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

    def _conclude(self, errors: Sequence[ConfcalError], waiting: int, changed_at: datetime | None) -> None:
        status, now = self.status, self._clock()
        before, status.error = status.error, str(errors[0]) if errors else ""
        if errors:
            status.state = _state(errors[0])
            if status.error != before:
                tell = log.warning if self._open else log.info
                event = "publish.target_failed" if self._open else "publish.target_waits"
                tell(event, target=status.name, state=status.state, error=status.error)
            return
        if before:
            log.info("publish.target_recovered", target=status.name)
        status.state = "waiting" if waiting else "in step"
        status.last_pass_at = now
        self._failures = 0
        if changed_at:
            status.lag_seconds = (now - changed_at).total_seconds()
            self._changed_at = None if self._changed_at == changed_at else self._changed_at

    def _pause(self, errors: Sequence[ConfcalError]) -> float:
        self._failures += 1
        self._dispatcher.after_failure()
        transient = all(isinstance(error, Retryable | StoreUnavailable | CollectionGone) for error in errors)
        failures = self._failures if transient else max(self._failures, _ATTENTION)
        asked = max((e.delay_seconds or 0.0 for e in errors if isinstance(e, Retryable)), default=0.0)
        return max(asked, down_seconds(failures, chance=self._timing.random()))


def _concerns_all(errors: Sequence[ConfcalError], collections: int) -> bool:
    """
    Return whether the whole target is to be left alone for a while.

    What only waits for a list or for a calendar is tried again with the next change, and one collection of
    several that cannot be used does not hold up the others.
    """
    failed = [error for error in errors if not isinstance(error, PlanRefused)]
    if any(isinstance(error, Retryable | StoreUnavailable) for error in failed):
        return True
    return bool(failed) and len(failed) >= collections


def _state(error: ConfcalError) -> str:
    match error:
        case Retryable() | StoreUnavailable():
            return "down"
        case PlanRefused():
            return "waiting"
        case _:
            return "failing"
