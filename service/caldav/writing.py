"""
One operation as a conversation: a conditional request, and a second look where it is refused.
"""

from dataclasses import replace
from typing import assert_never

from service.caldav.collection import (
    Collection,
    RemoteResource,
    confirm_missing,
    find_uid,
    read_resource,
    require_collection,
)
from service.caldav.conversation import Steps
from service.caldav.hrefs import join_url, origin, path_of, resource_href, url_of
from service.caldav.protocol import Response, delete, put
from service.caldav.responses import Refusal, Refused, is_accepted, parse_refusal
from service.core.errors import Conflict, Retryable
from service.publishing.equivalence import content_hash
from service.publishing.model import Create, Delete, Operation, Publication, Resource, Standing, Update

_GONE = frozenset({404, 410})
_OF_COLLECTIONS = frozenset({Refusal.MISSING, Refusal.PERMISSION, Refusal.FAILURE})
_ONCE_THERE = frozenset({Standing.PUBLISHED, Standing.THEIRS, Standing.GONE})


def execute(collection: Collection, operation: Operation) -> Steps[Publication | None]:
    """
    Carry out an operation; the new row, or None where nothing of ours is left.

    Raises Retryable, Conflict, Fatal.
    """
    match operation:
        case Create(resource, before):
            return (yield from _create(collection, resource, before))
        case Update(resource, publication):
            return (yield from _update(collection, resource, publication))
        case Delete(publication):
            return (yield from _delete(collection, publication))
        case _ as unreachable:
            assert_never(unreachable)


def _create(c: Collection, resource: Resource, before: Publication | None) -> Steps[Publication]:
    href = (before and before.href) or resource_href(c.url, resource.uid)
    there: RemoteResource | None = None
    if before and before.standing in _ONCE_THERE:
        # A person's client moves an event by writing it elsewhere, and not every server refuses a UID twice.
        there = yield from _find_moved(c, resource.uid)
    if there is None and "create-by-looking" in c.quirks:
        there = yield from read_resource(c, href)
    if there:
        return (yield from _settle(c, resource, before, there))
    response = yield put(url_of(c.url, href), resource.body, etag=None)
    if is_accepted(response):
        return (yield from _to_publication(c, resource, href, response))
    refusal = parse_refusal(response, c.quirks)
    there = yield from read_resource(c, href)
    if there is None and refusal.kind is Refusal.UID:
        there = yield from _elsewhere(c, resource.uid, refusal)
    if there is None:
        if refusal.kind in _OF_COLLECTIONS:
            yield from require_collection(c)
        raise refusal.conflict()
    return (yield from _settle(c, resource, before, there))


def _find_moved(c: Collection, uid: str) -> Steps[RemoteResource | None]:
    try:
        return (yield from find_uid(c, uid))
    except Conflict:
        return None


def _update(c: Collection, resource: Resource, publication: Publication) -> Steps[Publication]:
    refusal: Refused | None = None
    ours = publication.standing is Standing.PUBLISHED
    # Any other row may tell the ETag of what a person wrote.
    if publication.etag and (ours or c.rules.on_change == "restore"):
        response = yield put(url_of(c.url, publication.href), resource.body, etag=publication.etag)
        if is_accepted(response):
            return (yield from _to_publication(c, resource, publication.href, response, ours=ours))
        refusal = parse_refusal(response, c.quirks)
    there = yield from read_resource(c, publication.href)
    if there is None:
        there = yield from confirm_missing(c, publication.href)
    if there is None:
        # With `keep` a person's deletion counts until the conference itself changes.
        if c.rules.on_delete == "keep" and publication.digest == resource.digest:
            return replace(publication, etag="", pending_hashes="", standing=Standing.GONE)
        return (yield from _create(c, resource, publication))
    if refusal and there.etag == publication.etag and there.content_hash != content_hash(resource.body):
        # Nobody changed it: it is the new data that the server does not want.
        raise _weak(there) or refusal.of_known().conflict()
    return (yield from _settle(c, resource, publication, there))


def _settle(
    c: Collection, resource: Resource, before: Publication | None, there: RemoteResource
) -> Steps[Publication]:
    """Make the best of a resource that stands where ours should be written."""
    if there.uid != resource.uid:
        raise Conflict("another event lies at its address, which is not ours to change")
    wanted = content_hash(resource.body)
    if there.content_hash == wanted:
        return _row(resource, there.href, there.etag)
    ours = before is not None and there.content_hash in before.content_hashes
    if not ours and c.rules.on_change == "keep":
        row = before or Publication(resource.uid)
        return replace(
            row,
            href=there.href,
            etag=there.etag,
            digest=resource.digest,
            pending_hashes="",
            standing=Standing.THEIRS,
        )
    if not there.etag:
        raise Conflict("the server tells no ETag of it, and without one nothing is overwritten")
    response = yield put(url_of(c.url, there.href), resource.body, etag=there.etag)
    if is_accepted(response):
        return (yield from _to_publication(c, resource, there.href, response, ours=ours))
    refusal = parse_refusal(response, c.quirks)
    again = yield from read_resource(c, there.href)
    if again and again.content_hash == wanted:
        return _row(resource, again.href, again.etag)
    if again and again.etag == there.etag:
        raise _weak(again) or refusal.of_known().conflict()
    raise Retryable(f"{c.host}: a resource changes while it is written")


def _elsewhere(c: Collection, uid: str, refusal: Refused) -> Steps[RemoteResource | None]:
    """Return the resource that has the UID where it is in our collection. Raises Conflict where it is not."""
    if refusal.url and c.holds(path_of(refusal.url)):
        there = yield from read_resource(c, path_of(refusal.url))
    else:
        there = yield from find_uid(c, uid)
    if there is None or there.uid != uid:
        raise Conflict(
            "its UID is in use in another calendar of this user, or in the trash bin: "
            "publish it to one calendar only, and empty the trash bin"
        )
    return there


def _weak(there: RemoteResource) -> Conflict | None:
    """Return why a server with weak ETags refuses every condition (RFC 9110, 13.1.1)."""
    if not there.etag.startswith("W/"):
        return None
    return Conflict("the server's ETags are weak, and with such ones nothing can be written over safely")


def _delete(c: Collection, publication: Publication) -> Steps[Publication | None]:
    """
    Remove our resource. What a person edited stays, and the row says so.
    """
    headers = {"X-NC-CalDAV-No-Trashbin": "1"} if "trash-bin" in c.quirks else {}
    # A row that is not PUBLISHED may tell the ETag of what a person wrote.
    blind = publication.standing is Standing.PUBLISHED and "delete-by-looking" not in c.quirks
    etag = publication.etag if blind else ""
    refusal: Refused | None = None
    for _ in range(2):
        missing = False
        if etag:
            response = yield delete(url_of(c.url, publication.href), etag=etag, headers=headers)
            if is_accepted(response):
                return None
            refusal = parse_refusal(response, c.quirks)
            missing = response.status in _GONE
        there = None if missing else (yield from read_resource(c, publication.href))
        if there is None:
            there = yield from confirm_missing(c, publication.href)
        if there is None or there.uid != publication.uid:
            return None
        if there.content_hash not in publication.content_hashes:
            return replace(publication, etag=there.etag, pending_hashes="", standing=Standing.THEIRS)
        if not there.etag or (there.etag == etag and not missing):
            raise _weak(there) or _conflict_of(refusal)
        etag = there.etag
    raise _conflict_of(refusal)


def _conflict_of(refusal: Refused | None) -> Conflict:
    if refusal:
        return refusal.conflict()
    return Conflict("the server tells no ETag of it, and without one nothing is deleted")


def _to_publication(
    c: Collection, resource: Resource, href: str, response: Response, *, ours: bool = True
) -> Steps[Publication]:
    """
    Return the row of what was written, `ours` unless it was over something that a person wrote, as it seems.
    """
    row = _row(resource, _storage_path(c, response) or href, response.header("etag"))
    if row.etag or (ours and "read-back" not in c.quirks):
        return row
    # Where a server drops what it does not know and tells no ETag, what it made of ours looks like an edit.
    try:
        there = yield from read_resource(c, row.href)
    except Conflict:
        return row
    if there is None or there.uid != resource.uid:
        return row
    return replace(row, etag=there.etag, content_hash=there.content_hash)


def _storage_path(c: Collection, response: Response) -> str:
    """Return where the server says it stored a resource, if that is a place in the collection."""
    location = response.header("location")
    url = join_url(response.url, location) if location else None
    path = path_of(url) if url else ""
    known = url is not None and origin(url) == origin(c.url) and c.holds(path) and "\0" not in path
    return path if known else ""


def _row(resource: Resource, href: str, etag: str) -> Publication:
    return Publication(
        resource.uid,
        href,
        etag,
        resource.digest,
        content_hash(resource.body),
        standing=Standing.PUBLISHED,
    )
