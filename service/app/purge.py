"""
The purge of published events from the collections of a target, of present or earlier settings.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from typing_extensions import override

from service.app.clock import utc_now
from service.app.preview import unknown_target
from service.app.targets import Target
from service.caldav.hrefs import host_of, origin
from service.core.errors import CollectionGone, CollectionMoved, ConfcalError
from service.publishing.dispatch import Dispatcher, Timing
from service.publishing.model import Publication, RemoteRules, Resource, Standing, SyncReport
from service.publishing.ownership import base_of, is_former_key
from service.publishing.ports import Ledger, Server, TargetCollection, TargetRecord
from service.publishing.sync_run import SyncRun

_NEVER = timedelta(days=36500)
_GONE = (
    "the server shows no such collection, so nothing was deleted; if it is gone for good, purge with --gone"
)


@dataclass(frozen=True, slots=True)
class Purgeable:
    """
    One collection that was published to.
    """

    configured: Target
    """The target whose credentials are used."""

    target: TargetCollection
    count: int
    """Rows about resources in it."""


async def purgeable(targets_by_name: Mapping[str, Target], name: str) -> tuple[list[Purgeable], list[str]]:
    """
    Return the collections that a target ever published to, and sentences about those that stay as they are.

    The name may be one that only the ledger knows: of a target that left the settings, or got another
    name or collection there. Raises UnknownName and StoreUnavailable.
    """
    ledger = next((configured.calendars.store.ledger for configured in targets_by_name.values()), None)
    records = await ledger.targets() if ledger else {}
    keys = [key for key in records if key == name or key.startswith((f"{name}/", f"{name}~"))]
    if ledger is None or (name not in targets_by_name and not keys):
        raise unknown_target(name, {*targets_by_name, *map(base_of, records)})
    found: list[Purgeable] = []
    notes: list[str] = []
    for key in sorted(keys, key=is_former_key):
        configured = _find_target(targets_by_name, key, records)
        holder = _holder(targets_by_name, key, records)
        if holder:
            notes.append(f"{key}: its collection is kept by {holder} now, so nothing is deleted there")
        elif configured is None:
            host = host_of(records[key].url)
            notes.append(
                f"{key}: no target of the settings is on {host}; name one with its URL and credentials"
            )
        else:
            count = len(await ledger.publications(key))
            found.append(
                Purgeable(
                    configured,
                    _EmptyCollection(key, records[key].identity, configured.server(""), configured.rules),
                    count,
                )
            )
    return found, notes


def _find_target(
    targets_by_name: Mapping[str, Target], key: str, records: Mapping[str, TargetRecord]
) -> Target | None:
    """Return the target of the settings whose credentials may go to the server of a collection."""
    own = targets_by_name.get(base_of(key))
    if own and not is_former_key(key):
        return own
    url = records[key].url
    candidates = [own, *targets_by_name.values()] if own else list(targets_by_name.values())
    return next((configured for configured in candidates if _reaches(configured, url, records)), None)


def _reaches(configured: Target, url: str, records: Mapping[str, TargetRecord]) -> bool:
    # The collections of one user may be on another host than the address of the settings (iCloud).
    hosts = (record.url for key, record in records.items() if configured.keeps(key))
    return configured.connection.trusts(url) or any(origin(url) == origin(each) for each in hosts)


def _holder(targets_by_name: Mapping[str, Target], key: str, records: Mapping[str, TargetRecord]) -> str:
    """Return the target that keeps the same collection today, where that is another one."""
    configured = next(iter(targets_by_name.values())).configured
    others = (
        other
        for other, record in records.items()
        if other != key and record.url == records[key].url and configured.hold(other)
    )
    return next(others, "")


@dataclass(frozen=True, slots=True)
class _EmptyCollection(TargetCollection):
    """A collection that should hold nothing any more."""

    key: str
    identity: str
    server: Server
    rules: RemoteRules
    audit_every: timedelta = _NEVER

    @override
    async def render(self, *, people: bool) -> Mapping[str, Resource]:
        return {}

    @override
    def content(self) -> object:
        return None

    @override
    def is_configured(self, key: str) -> bool:
        return True


async def purge(
    collections: Sequence[Purgeable], progress: Callable[[int], None], *, gone: bool = False
) -> SyncReport:
    """
    Delete what we published to these collections, and nothing else.

    With `gone`, a collection that the server does not show counts as deleted with everything in it.

    Raises Retryable, Fatal, StoreUnavailable; what was deleted until then stays so.
    """
    total = SyncReport()
    for each in collections:
        ledger, target = each.configured.calendars.store.ledger, each.target
        await _unpark(ledger, target.key)
        dispatcher = Dispatcher(each.configured.settings.concurrency, Timing(asyncio.sleep, random.random))
        one = SyncRun(
            target,
            ledger,
            dispatcher,
            clock=utc_now,
            progress=_from(total.deleted, progress),
        )
        try:
            total.add(await one.run())
        except CollectionGone as error:
            # While it restarts, a server behind a proxy shows nothing either.
            if isinstance(error, CollectionMoved):
                raise
            if not gone:
                raise ConfcalError(f"{target.key}: {_GONE}") from error
            await ledger.forget_target(target.key)
            continue
        # A second run drops the rows of resources that people changed, without a request.
        rows = {uid: row for uid, row in (await ledger.publications(target.key)).items() if _waits(row)}
        if rows:
            raise ConfcalError(
                f"{target.key}: {len(rows)} resources could not be deleted "
                f"({next(iter(rows.values())).reason}); run it again later"
            )
        await ledger.forget_target(target.key)
    return total


def _from(before: int, progress: Callable[[int], None]) -> Callable[[int], None]:
    return lambda done: progress(before + done)


def _waits(row: Publication) -> bool:
    return row.standing not in {Standing.THEIRS, Standing.GONE}


async def _unpark(ledger: Ledger, key: str) -> None:
    rows = (await ledger.publications(key)).values()
    parked = [
        replace(row, standing=Standing.WAITING, refusals=0) for row in rows if row.standing is Standing.PARKED
    ]
    await ledger.record_publications(key, parked)
