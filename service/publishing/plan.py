"""
A pure function from the desired and the actual content of a collection to the operations between them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from service.publishing.model import (
    Create,
    Delete,
    Operation,
    Publication,
    RemoteRules,
    Resource,
    Standing,
    Update,
)
from service.publishing.ports import CollectionListing


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What a run has to do.
    """

    operations: tuple[Operation, ...] = ()
    forgotten: tuple[Publication, ...] = ()
    """Rows that are deleted without a request: nothing of ours exists any more, or it is a person's."""


def make_plan(
    desired: Mapping[str, Resource],
    published: Mapping[str, Publication],
    rules: RemoteRules | None = None,
    *,
    now: datetime,
) -> Plan:
    """
    Return the operations that turn `published` into `desired`, both by UID. Those never refused come first.
    """
    rules = rules or RemoteRules()
    uids = sorted(desired, key=lambda uid: published[uid].refusals if uid in published else 0)
    writing = (_write(desired[uid], published.get(uid), rules, now) for uid in uids)
    unwanted = [publication for uid, publication in published.items() if uid not in desired]
    removing = [Delete(publication) for publication in unwanted if _is_removable(publication, now)]
    return Plan(
        operations=(*(operation for operation in writing if operation), *removing),
        forgotten=tuple(publication for publication in unwanted if _is_forgettable(publication)),
    )


def _write(
    resource: Resource, before: Publication | None, rules: RemoteRules, now: datetime
) -> Operation | None:
    if before is None:
        return Create(resource)
    same = before.digest == resource.digest
    if not _is_wanted(before, rules, same=same) or (same and before.rests(now)):
        return None
    exists = bool(before.href) and (bool(before.etag) or before.standing is Standing.PUBLISHED)
    return Update(resource, before) if exists else Create(resource, before)


def _is_wanted(before: Publication, rules: RemoteRules, *, same: bool) -> bool:
    match before.standing:
        case Standing.WAITING | Standing.PARKED:
            return True
        case Standing.PUBLISHED:
            # After a lost answer, the server may hold other content than the row says.
            return not same or bool(before.pending_hashes)
        case Standing.THEIRS:
            return rules.on_change == "restore"
        case Standing.GONE:
            # With `keep`, a person's deletion counts until the conference itself changes.
            return rules.on_delete == "restore" or not same


def _is_forgettable(publication: Publication) -> bool:
    never_there = not (publication.etag or publication.pending_hashes)
    match publication.standing:
        case Standing.THEIRS | Standing.GONE:
            return True
        case Standing.WAITING | Standing.PARKED:
            return never_there
        case Standing.PUBLISHED:
            return False


def _is_removable(publication: Publication, now: datetime) -> bool:
    if _is_forgettable(publication):
        return False
    # An empty digest: its deletion was refused until it was parked.
    return bool(publication.digest) or not publication.rests(now)


def intents(operations: Iterable[Operation], href_of: Mapping[str, str]) -> list[Publication]:
    """
    Return the rows to write before the requests are sent.

    If the answer to a write and then the conference are lost, the row still proves that the resource is ours.
    """
    rows = []
    for operation in operations:
        match operation:
            case Create(resource, before):
                row = before or Publication(resource.uid)
                row = replace(row, href=row.href or href_of[resource.uid], standing=_initial_standing(row))
                rows.append(row.announce_write(resource.content_hash))
            case Update(resource, publication):
                rows.append(publication.announce_write(resource.content_hash))
            case Delete():
                pass
    return rows


def _initial_standing(row: Publication) -> Standing:
    return Standing.WAITING if row.standing is Standing.GONE else row.standing


def suspects(published: Iterable[Publication], listing: CollectionListing) -> list[Publication]:
    """Return the rows that a listing puts in doubt. An unknown ETag puts a row in doubt too."""
    return [row for row in published if row.href and _is_suspect(row, listing)]


def _is_suspect(row: Publication, listing: CollectionListing) -> bool:
    etag = listing.etags.get(row.href)
    match row.standing:
        case Standing.PUBLISHED | Standing.THEIRS:
            if etag is None:
                return listing.complete or row.href in listing.removed
            return etag != row.etag
        case Standing.GONE:
            return etag is not None
        case Standing.WAITING | Standing.PARKED:
            return False
