"""
Log lines about lists: accepted, held, rejected in part, in dispute, and how a series is read.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager

import structlog

from service.core.changes import Changes
from service.core.conference import Key, Snapshot
from service.core.disputes import Dispute
from service.core.journal import Happening, Journal, JournalQuery
from service.core.rejected import alike
from service.core.revision import Policy
from service.core.schedule import Once, Unscheduled, Weekly
from service.core.weekly import recur

log = structlog.get_logger()

_DISPUTES = frozenset({Happening.DISPUTE_BEGAN, Happening.DISPUTE_ENDED})
_MOST_DISPUTES = 1000

_WAIT_SECONDS = 3
"""How long the store may take before the log mentions it."""


@contextmanager
def log_waiting() -> Iterator[None]:
    """Log once that the store takes long: another program may have locked it."""
    waiting = asyncio.get_running_loop().call_later(_WAIT_SECONDS, _log_waiting)
    try:
        yield
    finally:
        waiting.cancel()


def _log_waiting() -> None:
    reason = "the database is slow, or locked by another program"
    log.warning("sync.waiting_for_store", seconds=_WAIT_SECONDS, reason=reason)


def log_list(snapshot: Snapshot, changes: Changes) -> None:
    """Log that a list was accepted, and what it changed: one wide event, for graphs and searches."""
    kinds = Counter(type(conference.schedule) for conference in snapshot.listing.conferences)
    log.info(
        "sync.list_accepted",
        source=changes.source,
        account=str(changes.account),
        conferences=changes.count,
        single=kinds[Once],
        weekly=kinds[Weekly],
        unscheduled=kinds[Unscheduled],
        edited=len(changes.edits),
        unchanged=max(0, changes.count - len(changes.edits)),
        removed=len(changes.departures),
        held=changes.held is not None,
        missing=len(changes.held.missing) if changes.held else 0,
        rejected=len(snapshot.listing.rejections),
        doubts=list(snapshot.listing.doubts),
    )
    if changes.held_changed:
        held = changes.held
        log.warning(
            "sync.list_held" if held else "sync.hold_ended",
            account=str(changes.account),
            missing=len(held.missing) if held else 0,
            upcoming=held.upcoming if held else 0,
        )


def log_rejected(snapshot: Snapshot, last: Snapshot | None) -> None:
    """
    Log the conferences that are rejected now and were not in the source's last list.

    Many alike are logged once.
    """
    before = alike(last.listing.rejections) if last else ()
    many = {each.kind for each in before if each.many}
    single = {(each.first.conference_id, each.kind) for each in before}
    for each in alike(snapshot.listing.rejections):
        known = each.kind in many if each.many else (each.first.conference_id, each.kind) in single
        if not known:
            log.warning(
                "sync.conference_rejected",
                source=snapshot.source,
                conference=each.first.conference_id,
                field=each.first.field,
                reason=each.first.reason,
                count=each.count,
            )


def log_disputes(disputes: Iterable[Dispute], known: AbstractSet[Key]) -> frozenset[Key]:
    """
    Log each dispute once when it begins and once when it ends, and return the open ones.

    Those in `known` began before.
    """
    found = {dispute.key: dispute for dispute in disputes}
    for key in sorted(found.keys() - known):
        dispute = found[key]
        accounts = [str(report.account) for report in dispute.reports]
        log.warning(
            "sync.dispute",
            conference=key.id,
            server=key.server,
            accounts=accounts,
            counts=str(dispute.counts),
        )
    for key in sorted(known - found.keys()):
        log.info("sync.dispute_ended", conference=key.id, server=key.server)
    return frozenset(found)


def log_weekly(changes: Changes, policy: Policy) -> None:
    """Log how each series that is new or changed is read: in which zone its days and its hour count."""
    for edit in changes.edits:
        schedule = edit.entry.conference.schedule
        if isinstance(schedule, Weekly):
            series = recur(schedule, policy.rendering_to_write(edit.entry.source).weekly, edit.entry.bounds)
            write = log.warning if series.doubtful else log.info
            write(
                "sync.weekly_read",
                conference=edit.entry.key.id,
                days=series.basis,
                zone=series.tzid or "UTC",
                byday=[day.name for day in series.byday],
                reason=series.reason,
            )


async def find_open_disputes(journal: Journal) -> frozenset[Key]:
    """
    Return the disputes without an end in the journal, so that none is logged twice. Raises StoreUnavailable.
    """
    query = JournalQuery(events=_DISPUTES, limit=_MOST_DISPUTES)
    last: dict[Key, Happening] = {}
    for entry in await journal.read(query):
        last.setdefault(Key(entry.server, entry.conference_id), entry.event)
    return frozenset(key for key, event in last.items() if event is Happening.DISPUTE_BEGAN)
