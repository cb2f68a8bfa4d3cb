"""
The audit of a collection: its content, the changes since the last audit, and the state of our resources.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from service.caldav.collection import (
    GONE,
    Collection,
    RemoteResource,
    parse_if_multistatus,
    read_resource,
    require_calendar,
    require_collection,
    require_multistatus,
    to_remote_resource,
)
from service.caldav.conversation import Steps
from service.caldav.multistatus import DAV, Multistatus, ResponseEntry
from service.caldav.protocol import LISTING, multiget, propfind, sync_collection
from service.caldav.responses import require_usable
from service.core.errors import Conflict
from service.publishing.model import Publication, Standing
from service.publishing.ports import CollectionListing

AT_ONCE = 250
"""Resources in one multiget: Zoho silently omits what exceeds a thousand."""

_FULL = 507
_MOST_PAGES = 1000


def list_collection(collection: Collection, token: str) -> Steps[CollectionListing]:
    """List the collection, or what changed in it since `token`."""
    reliable = "no-sync-collection" not in collection.quirks
    if token and reliable:
        changes = yield from _list_changes(collection, token)
        if changes:
            return changes
    response = yield propfind(collection.url, LISTING, depth=1)
    if response.status in GONE:
        # Synology answers so for an empty calendar too, but not with Depth 0.
        yield from require_collection(collection)
        return CollectionListing()
    answers = require_multistatus(response, collection)
    own = answers.about(collection.url)
    if own:
        require_calendar(own, collection)
    else:
        yield from require_collection(collection)
    return CollectionListing(
        {answer.href: answer.text(f"{DAV}getetag") for answer in _resources(answers, collection)},
        token=own.text(f"{DAV}sync-token") if own and reliable else "",
    )


def _list_changes(collection: Collection, token: str) -> Steps[CollectionListing | None]:
    """
    Return what changed since `token`.

    None means that the server cannot say, so that everything must be listed.
    """
    etags: dict[str, str] = {}
    removed: set[str] = set()
    for _ in range(_MOST_PAGES):
        response = yield sync_collection(collection.url, token)
        if response.status != _FULL:
            require_usable(response, collection.quirks)
        answers = parse_if_multistatus(response)
        if answers is None:
            # A token that expired is refused with 403, 409, 410 or 412.
            return None
        page = {answer.href: answer.text(f"{DAV}getetag") for answer in _resources(answers, collection)}
        lost = {answer.href for answer in answers.others(collection.url) if answer.status in GONE}
        etags, removed = {**etags, **page}, (removed - page.keys()) | lost
        own = answers.about(collection.url)
        cut = own is not None and own.status == _FULL
        before, token = token, answers.token
        if not cut or token in {"", before}:
            break
    if removed:
        # For a deleted collection, Xandikos reports that everything in it was removed.
        yield from require_collection(collection)
    left = {href: etag for href, etag in etags.items() if href not in removed}
    return CollectionListing(left, removed=frozenset(removed), complete=False, token=token)


def _resources(answers: Multistatus, collection: Collection) -> Iterable[ResponseEntry]:
    return (
        answer
        for answer in answers.others(collection.url)
        if answer.exists and f"{DAV}collection" not in answer.names(f"{DAV}resourcetype")
    )


def read_publications(
    collection: Collection, publications: Sequence[Publication]
) -> Steps[list[Publication]]:
    """Read resources again, many at once, and return their rows as they are now, without unreadable ones."""
    rows = []
    for start in range(0, len(publications), AT_ONCE):
        batch = publications[start : start + AT_ONCE]
        answers = yield from _read_batch(collection, batch)
        for row in batch:
            try:
                remote = yield from _read_entry(collection, row, answers.get(row.href))
            except Conflict:
                # What cannot be read now keeps its row, and does not hold up the others.
                continue
            rows.append(update_row(row, remote))
    return rows


def _read_batch(collection: Collection, batch: Sequence[Publication]) -> Steps[Mapping[str, ResponseEntry]]:
    """Ask for many resources. The answer is empty where each must be asked for by itself."""
    response = yield multiget(collection.url, (row.href for row in batch))
    require_usable(response, collection.quirks)
    answers = parse_if_multistatus(response)
    if answers is None:
        # sabre answers 404 for all where one is missing; others write broken XML where one holds a BEL.
        yield from require_collection(collection)
        return {}
    return {answer.href: answer for answer in answers.answers}


def _read_entry(
    collection: Collection, row: Publication, answer: ResponseEntry | None
) -> Steps[RemoteResource | None]:
    """Return a resource as an answer shows it. Raises Conflict where it cannot be read."""
    remote = to_remote_resource(answer) if answer else None
    # An answer that omits a resource does not mean that it is gone: DAViCal omits missing ones.
    if remote is None and (answer is None or answer.status not in GONE):
        remote = yield from read_resource(collection, row.href)
    return remote


def update_row(row: Publication, remote: RemoteResource | None) -> Publication:
    """Return the row after a look at its resource: still ours, changed by a person, or gone."""
    if remote is None or remote.uid != row.uid:
        return replace(row, etag="", pending_hashes="", standing=Standing.GONE)
    if remote.content_hash in row.content_hashes:
        # Where only the intended content matches, the answer to the write was lost: the row has an old
        # digest.
        digest = row.digest if remote.content_hash == row.content_hash else ""
        return replace(
            row,
            etag=remote.etag,
            digest=digest,
            content_hash=remote.content_hash,
            pending_hashes="",
            standing=Standing.PUBLISHED,
        )
    return replace(row, etag=remote.etag, pending_hashes="", standing=Standing.THEIRS)
