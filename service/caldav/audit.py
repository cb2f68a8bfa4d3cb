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
"""Resources in one multiget: Zoho leaves out, in silence, what goes beyond a thousand."""

_FULL = 507
_MOST_PAGES = 1000


def list_collection(collection: Collection, token: str) -> Steps[CollectionListing]:
    """
    List the collection, or what changed in it since `token`.
    """
    reliable = "no-sync-collection" not in collection.quirks
    if token and reliable:
        changes = yield from _changes(collection, token)
        if changes:
            return changes
    response = yield propfind(collection.url, LISTING, depth=1)
    if response.status in GONE:
        # Synology says so of an empty calendar as well, yet not when asked for it alone.
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


def _changes(collection: Collection, token: str) -> Steps[CollectionListing | None]:
    """Return what changed since `token`; None where the server cannot say, and all is to be listed."""
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
        # Of a deleted collection Xandikos tells that all in it was removed.
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
    """
    Look at resources again, many at once; each row as it now is, without those that cannot be read.
    """
    rows = []
    for start in range(0, len(publications), AT_ONCE):
        batch = publications[start : start + AT_ONCE]
        answers = yield from _read_batch(collection, batch)
        for row in batch:
            try:
                there = yield from _read_shown(collection, row, answers.get(row.href))
            except Conflict:
                # What cannot be read now keeps its row, and keeps nobody else waiting.
                continue
            rows.append(as_it_is(row, there))
    return rows


def _read_batch(collection: Collection, batch: Sequence[Publication]) -> Steps[Mapping[str, ResponseEntry]]:
    """Ask for many resources; nothing where the server cannot answer for all, and each is to be asked for."""
    response = yield multiget(collection.url, (row.href for row in batch))
    require_usable(response, collection.quirks)
    answers = parse_if_multistatus(response)
    if answers is None:
        # Where one is missing, sabre answers 404 for all; where one has a BEL in it, others write no XML.
        yield from require_collection(collection)
        return {}
    return {answer.href: answer for answer in answers.answers}


def _read_shown(
    collection: Collection, row: Publication, answer: ResponseEntry | None
) -> Steps[RemoteResource | None]:
    """Return a resource as it was shown. Raises Conflict where it cannot be read."""
    there = to_remote_resource(answer) if answer else None
    # Never gone because an answer is short: DAViCal leaves missing ones out.
    if there is None and (answer is None or answer.status not in GONE):
        there = yield from read_resource(collection, row.href)
    return there


def as_it_is(row: Publication, there: RemoteResource | None) -> Publication:
    """Return the row with what was found: still ours, changed by a person, or gone."""
    if there is None or there.uid != row.uid:
        return replace(row, etag="", pending_hashes="", standing=Standing.GONE)
    if there.content_hash in row.content_hashes:
        # Only what was intended: its answer was lost, and what was written is not what the row says.
        digest = row.digest if there.content_hash == row.content_hash else ""
        return replace(
            row,
            etag=there.etag,
            digest=digest,
            content_hash=there.content_hash,
            pending_hashes="",
            standing=Standing.PUBLISHED,
        )
    return replace(row, etag=there.etag, pending_hashes="", standing=Standing.THEIRS)
