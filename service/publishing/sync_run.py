"""
One run over a collection: the changes, the plan, the requests, the rows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from service.core.clock import Clock
from service.core.errors import Fatal
from service.publishing.dispatch import Dispatcher
from service.publishing.equivalence import content_hash
from service.publishing.executor import Executor
from service.publishing.ledger_cache import LedgerCache
from service.publishing.model import Create, Publication, Resource, Standing, SyncReport
from service.publishing.plan import Plan, make_plan, suspects
from service.publishing.ports import (
    CollectionListing,
    DiscoveredCollection,
    Ledger,
    Publisher,
    TargetCollection,
    TargetRecord,
)

log = structlog.get_logger()

Desired = Mapping[str, Resource]


class SyncRun:
    """
    A run over one collection. It sends no request if nothing changed and no audit is due.
    """

    def __init__(
        self,
        target: TargetCollection,
        ledger: Ledger,
        dispatcher: Dispatcher,
        *,
        clock: Clock,
        progress: Callable[[int], None] = lambda _done: None,
        records: Mapping[str, TargetRecord] | None = None,
    ) -> None:
        """`records` are those of the ledger, where the caller has read them for many runs."""
        self._records = records
        self._target = target
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._clock = clock
        self._report = SyncReport()
        self.record = TargetRecord("", "")
        """The ledger's record of the target once the run has ended."""

        self._rows = LedgerCache(ledger, target.key, clock)
        self._executor = Executor(target.key, self._rows, self._report, clock=clock, progress=progress)

    @property
    def unsettled(self) -> tuple[Publication, ...]:
        """The rows that wait or are parked, as far as they were read."""
        return tuple(row for row in self._rows if row.standing in {Standing.WAITING, Standing.PARKED})

    async def run(self, *, probing: bool = False) -> SyncReport:
        """
        Make the collection equal to the desired content.

        `probing` asks the server even if nothing changed. Raises Retryable, Fatal, PlanRefused,
        StoreUnavailable; the work done by then is recorded.
        """
        target, now = self._target, self._clock()
        record = await self._record()
        await self._rows.load()
        if record is None:
            found, record = await self._discover()
        else:
            found = DiscoveredCollection(record.url, record.server)
        desired = await target.render(people=target.server.keeps_silent(record.server))
        publisher = target.server.publisher(record.url, record.server)
        plan = self._plan(desired)
        first = record.audited_at is None
        due = record.audited_at is None or now >= record.audited_at + target.audit_every
        if found.created:
            record = replace(record, audited_at=now)
        elif due or (probing and not (plan.operations or self._report.reached)):
            record = await self._audit(publisher, record, desired, now)
            plan = self._plan(desired)
        await self._execute(publisher, record, plan, new=found.created)
        await self._settle(publisher)
        if first and self._executor.written:
            record = await self._verify(publisher, record)
        self._report.waiting = sum(1 for row in self._rows if row.standing is Standing.WAITING)
        self.record = record
        return self._report

    def _plan(self, desired: Desired) -> Plan:
        return make_plan(desired, self._rows.by_uid, self._target.rules, now=self._clock())

    async def _record(self) -> TargetRecord | None:
        self._records = await self._ledger.targets() if self._records is None else self._records
        record = self._records.get(self._target.key)
        return record if record and record.identity == self._target.identity else None

    async def _discover(self) -> tuple[DiscoveredCollection, TargetRecord]:
        """Find the collection, and remember its address."""
        target = self._target
        async with self._dispatcher.request():
            found = await target.server.find()
        self._report.reached = True
        record = TargetRecord(target.identity, found.url, found.server)
        holders = [key for key, other in (self._records or {}).items() if other.url == found.url]
        abandoned = [key for key in holders if not target.is_configured(key)]
        assignment = await self._ledger.assign_collection(target.key, record, abandoned=abandoned)
        if assignment.held_by:
            raise Fatal(
                f"the target {assignment.held_by} publishes to this collection already: "
                "name another COLLECTION"
            )
        if assignment.former_key:
            # Its address or its user changed; `confcal purge` takes the old collection by this name.
            log.warning("publish.collection_changed", target=target.key, left_as=assignment.former_key)
        if assignment.adopted_keys:
            log.info("publish.collection_taken_over", target=target.key, taken=assignment.adopted_keys)
        if assignment.former_key or assignment.adopted_keys:
            await self._rows.load()
        if found.created:
            # The rows describe a collection that no longer exists, and its content.
            await self._rows.write((), list(self._rows.by_uid))
        log.info("publish.collection_found", target=target.key, server=found.server, created=found.created)
        return found, record

    async def _audit(
        self, publisher: Publisher, record: TargetRecord, desired: Desired, now: datetime
    ) -> TargetRecord:
        """Look for changes that people made, and for our resources without rows."""
        lost = [uid for uid in desired if uid not in self._rows.by_uid]
        listing = await self._list(publisher, record)
        self._report.reached = True
        hrefs = {uid: publisher.href_of(uid) for uid in lost}
        doubted = [
            *suspects(self._rows, listing),
            *(_candidate(desired[uid], href) for uid, href in hrefs.items() if href in listing.etags),
        ]
        seen = await self._read(publisher, doubted)
        await self._keep(seen)
        # A resource that could not be read now appears in the next listing again.
        token = listing.token if len(seen) == len(doubted) else record.token
        record = replace(record, token=token, audited_at=now)
        await self._ledger.record_target(self._target.key, record)
        return record

    async def _settle(self, publisher: Publisher) -> None:
        """Ask for the ETags that the answers to writes lacked."""
        unknown = [row for row in self._rows if row.standing is Standing.PUBLISHED and not row.etag]
        if unknown:
            await self._keep(await self._read(publisher, unknown))
            self._report.reached = True

    async def _verify(self, publisher: Publisher, record: TargetRecord) -> TargetRecord:
        """
        Check that resources written for the first time exist, and return the new record of the target.

        Some servers answer 201 and store nothing.
        """
        written = self._executor.written
        listing = await self._list(publisher, record)
        doubted = {row.uid: row for row in suspects(self._rows, listing)}
        doubted |= {
            row.uid: row for row in self._rows if row.uid in written and row.href not in listing.etags
        }
        seen = await self._read(publisher, doubted.values())
        lost = [row for row in seen if row.uid in written and row.standing is Standing.GONE]
        await self._keep([row for row in seen if row not in lost])
        token = listing.token if len(seen) == len(doubted) else record.token
        # The next run looks for the lost resources again.
        record = replace(record, token=token, audited_at=None if lost else record.audited_at)
        await self._ledger.record_target(self._target.key, record)
        if lost:
            await self._executor.note_lost(lost)
        return record

    async def _list(self, publisher: Publisher, record: TargetRecord) -> CollectionListing:
        async with self._dispatcher.request():
            return await publisher.listing(record.token)

    async def _read(self, publisher: Publisher, rows: Iterable[Publication]) -> list[Publication]:
        async with self._dispatcher.request():
            return await publisher.read(rows)

    async def _keep(self, rows: Sequence[Publication]) -> None:
        changed = [row for row in rows if self._rows.get(row.uid) != row]
        for row in changed:
            if row.standing is not Standing.PUBLISHED:
                self._report.left += 1
                log.info("publish.drift_found", target=self._target.key, uid=row.uid, standing=row.standing)
            elif self._rows.get(row.uid) is None:
                self._report.adopted += 1
        await self._rows.write(changed)

    async def _execute(self, publisher: Publisher, record: TargetRecord, plan: Plan, *, new: bool) -> None:
        creating = (o.uid for o in plan.operations if isinstance(o, Create))
        hrefs = {uid: publisher.href_of(uid) for uid in creating}
        if plan.operations:
            writers = self._target.server.writers(record.server)
            self._dispatcher.pace = self._dispatcher.pace.limit(writers)
        await self._executor.execute(plan, publisher, self._dispatcher, hrefs, record=record if new else None)


def _candidate(resource: Resource, href: str) -> Publication:
    """Return the row that a resource would have if it were already published."""
    return Publication(
        resource.uid,
        href,
        digest=resource.digest,
        content_hash=resource.content_hash,
        # It may have been written before the event ended: no person changed it.
        pending_hashes=content_hash(resource.before_end) if resource.before_end else "",
        standing=Standing.PUBLISHED,
    )
