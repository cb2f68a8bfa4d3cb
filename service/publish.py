"""
One pass over a target: what changed, the plan, the requests, the rows.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from service.core.errors import Conflict, Fatal, PublishError, Retryable
from service.core.meaning import meaning_of
from service.core.plan import Plan, intents, make_plan, suspects
from service.core.publishing import (
    Create,
    Delete,
    Operation,
    Publication,
    RemoteRules,
    Report,
    Resource,
    Standing,
    Update,
)
from service.core.publishing_ports import Found, Ledger, Publisher, Server, TargetRecord
from service.dispatch import Dispatcher
from service.ledger_queue import LedgerQueue

log = structlog.get_logger()

Desired = Mapping[str, Resource]
Render = Callable[[bool], Awaitable[Desired]]
"""Gives what the collection should hold; the argument tells whether people may be named in it."""

HrefOf = Callable[[str, str], str]
"""Gives the path of a new resource: collection URL, UID."""

_MOST_REFUSALS = 3
_ALL_REFUSED = 10
"""Refusals without a single success that make a pass end: it is the target that is at fault."""

_LOOPING = "somebody undoes our writes: written 6 times within an hour"


@dataclass(frozen=True, slots=True)
class Target:
    """
    One collection to keep.
    """

    key: str
    """Its name in the settings, and the calendar where there are several."""

    identity: str
    """Digest of the settings that choose the collection."""

    server: Server
    render: Render
    rules: RemoteRules
    audit_every: timedelta


class Pass:
    """
    Passes over one target. Nothing is requested where nothing changed and no audit is due.
    """

    def __init__(
        self,
        target: Target,
        ledger: Ledger,
        dispatcher: Dispatcher,
        *,
        href_of: HrefOf,
        clock: Callable[[], datetime],
        progress: Callable[[int], None] = lambda _done: None,
    ) -> None:
        self._target = target
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._href_of = href_of
        self._clock = clock
        self._progress = progress
        self._report = Report()
        self._rows: dict[str, Publication] = {}
        self._refused: list[Publication] = []
        self._successes = 0

    async def run(self) -> Report:
        """
        Make the collection equal to what is desired.

        Raises Retryable, Fatal, PlanRefused, StoreUnavailable; what was done until then is recorded.
        """
        target, now = self._target, self._clock()
        record = await self._record()
        self._rows = await self._ledger.publications(target.key)
        if record is None:
            found, record = await self._found()
        else:
            found = Found(record.url, record.server)
        desired = await target.render(target.server.keeps_silent(record.server))
        publisher = target.server.publisher(record.url, record.server)
        if record.audited_at is None or now >= record.audited_at + target.audit_every:
            record = await self._audit(publisher, record, desired, now, empty=found.created)
        await self._carry_out(publisher, record, make_plan(desired, self._rows, target.rules))
        await self._settle(publisher)
        self._report.waiting = sum(1 for row in self._rows.values() if row.standing is Standing.WAITING)
        return self._report

    async def _record(self) -> TargetRecord | None:
        record = (await self._ledger.targets()).get(self._target.key)
        return record if record and record.identity == self._target.identity else None

    async def _found(self) -> tuple[Found, TargetRecord]:
        """Find the collection, and remember its address."""
        target = self._target
        found = await target.server.find()
        known = await self._ledger.targets()
        for key, other in known.items():
            if key != target.key and other.url == found.url:
                raise Fatal(f"the target {key} publishes to this collection already: name another COLLECTION")
        before = known.get(target.key)
        if before and before.url != found.url:
            # What lies in the old collection stays there: its address or its user is not ours any more.
            log.warning("publish.collection_changed", target=target.key, left_behind=len(self._rows))
            await self._ledger.forget_target(target.key)
            self._rows = {}
        record = TargetRecord(target.identity, found.url, found.server)
        await self._ledger.record_target(target.key, record)
        log.info("publish.collection_found", target=target.key, server=found.server, created=found.created)
        return found, record

    async def _audit(
        self, publisher: Publisher, record: TargetRecord, desired: Desired, now: datetime, *, empty: bool
    ) -> TargetRecord:
        """Look for what people did, and for resources of ours whose rows are lost."""
        token = ""
        if not empty:
            lost = [uid for uid in desired if uid not in self._rows]
            # A partial listing does not show what was there before.
            listing = await publisher.listing("" if lost and record.audited_at is None else record.token)
            token = listing.token
            hrefs = {uid: self._href_of(record.url, uid) for uid in lost}
            doubted = [
                *suspects(self._rows.values(), listing),
                *(_candidate(desired[uid], href) for uid, href in hrefs.items() if href in listing.etags),
            ]
            await self._keep(await publisher.seen(doubted))
        record = replace(record, token=token, audited_at=now)
        await self._ledger.record_target(self._target.key, record)
        return record

    async def _settle(self, publisher: Publisher) -> None:
        """Ask for the ETags that writes were not answered with."""
        unknown = [row for row in self._rows.values() if row.standing is Standing.PUBLISHED and not row.etag]
        if unknown:
            await self._keep(await publisher.seen(unknown))

    async def _keep(self, rows: Sequence[Publication]) -> None:
        changed = [row for row in rows if self._rows.get(row.uid) != row]
        for row in changed:
            if row.standing is not Standing.PUBLISHED:
                self._report.left += 1
                log.info("publish.drift_found", target=self._target.key, uid=row.uid, standing=row.standing)
            elif row.uid not in self._rows:
                self._report.adopted += 1
        await self._write(changed)

    async def _carry_out(self, publisher: Publisher, record: TargetRecord, plan: Plan) -> None:
        operations = [o for o in plan.operations if not self._loops(o)]
        looping = [self._parked(o) for o in plan.operations if self._loops(o)]
        creating = (o.uid for o in operations if isinstance(o, Create))
        hrefs = {uid: self._href_of(record.url, uid) for uid in creating}
        forgotten = [row.uid for row in plan.forgotten]
        await self._write([*looping, *intents(operations, hrefs)], forgotten)
        if not operations:
            return
        self._dispatcher.pace = self._dispatcher.pace.limited(self._target.server.writers(record.server))
        done, queue = 0, LedgerQueue(self._write)

        async def carry(operation: Operation) -> None:
            nonlocal done
            await self._apply(publisher, operation, queue)
            done += 1
            self._progress(done)

        try:
            await self._dispatcher.carry_out(operations, carry, self._refuse)
        finally:
            await queue.finish()
        await self._write(self._refused)

    def _loops(self, operation: Operation) -> bool:
        before = self._rows.get(operation.uid)
        return (
            not isinstance(operation, Delete)
            and before is not None
            and before.looping(operation.resource.digest, self._clock())
        )

    def _parked(self, operation: Operation) -> Publication:
        log.warning("publish.resource_parked", target=self._target.key, uid=operation.uid, reason=_LOOPING)
        return self._rows[operation.uid].parked(_LOOPING)

    async def _apply(self, publisher: Publisher, operation: Operation, queue: LedgerQueue) -> None:
        before = self._rows.get(operation.uid)
        try:
            row = await publisher.apply(operation)
        except Conflict as conflict:
            await self._refuse(operation, conflict)
            return
        self._successes += 1
        self._count(operation, row)
        if row is None:
            await queue.put((), [operation.uid])
        elif row.standing is Standing.PUBLISHED:
            await queue.put([row.written(before, self._clock())])
        else:
            log.info("publish.resource_left", target=self._target.key, uid=row.uid, standing=row.standing)
            await queue.put([row])

    async def _refuse(self, operation: Operation, error: PublishError) -> None:
        """
        Note that one resource was refused; recorded once the pass shows that it is not the target's fault.
        """
        digest = "" if isinstance(operation, Delete) else operation.resource.digest
        row = self._rows.get(operation.uid, Publication(operation.uid))
        row = row.refused(str(error), digest=digest, most=_MOST_REFUSALS)
        if isinstance(error, Retryable):
            # It may have been carried out all the same.
            row = replace(row, intended=self._rows[operation.uid].intended)
        self._refused.append(row)
        self._report.refused += 1
        log.warning(
            "publish.resource_refused",
            target=self._target.key,
            uid=operation.uid,
            reason=str(error),
            parked=row.standing is Standing.PARKED,
        )
        if not self._successes and len(self._refused) >= _ALL_REFUSED:
            raise Fatal(f"every resource is refused: {error}")

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

    async def _write(self, rows: Iterable[Publication], forgotten: Iterable[str] = ()) -> None:
        rows, forgotten = list(rows), list(forgotten)
        if not rows and not forgotten:
            return
        await self._ledger.record_publications(self._target.key, rows, forgotten)
        self._rows |= {row.uid: row for row in rows}
        for uid in forgotten:
            self._rows.pop(uid, None)


def _candidate(resource: Resource, href: str) -> Publication:
    """Return the row that a resource would have, were it already published as it is."""
    return Publication(
        resource.uid,
        href,
        digest=resource.digest,
        meaning=meaning_of(resource.body),
        standing=Standing.PUBLISHED,
    )
