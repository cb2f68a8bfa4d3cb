"""
One operation as a conversation: a conditional request, and a check of the resource where it is refused.
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
from service.publishing.model import Create, Delete, Operation, Publication, Resource, Standing, Update

_GONE = frozenset({404, 410})
_OF_COLLECTIONS = frozenset({Refusal.MISSING, Refusal.PERMISSION, Refusal.FAILURE})
_ONCE_THERE = frozenset({Standing.PUBLISHED, Standing.THEIRS, Standing.GONE})


def execute(collection: Collection, operation: Operation) -> Steps[Publication | None]:
    """
    Execute an operation and return the new row, or None where nothing of ours is left.

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
    remote: RemoteResource | None = None
    if before and before.standing in _ONCE_THERE:
        # A client moves an event by writing it elsewhere, and not every server refuses a second use of a UID.
        remote = yield from _find_moved(c, resource.uid)
    if remote is None and "create-by-looking" in c.quirks:
        remote = yield from read_resource(c, href)
    if remote:
        return (yield from _settle(c, resource, before, remote))
    response = yield put(url_of(c.url, href), resource.body, etag=None)
    if is_accepted(response):
        return (yield from _to_publication(c, resource, href, response))
    refusal = parse_refusal(response, c.quirks)
    remote = yield from read_resource(c, href)
    if remote is None and refusal.kind is Refusal.UID:
        remote = yield from _elsewhere(c, resource.uid, refusal)
    if remote is None:
        if refusal.kind in _OF_COLLECTIONS:
            yield from require_collection(c)
        raise refusal.conflict()
    return (yield from _settle(c, resource, before, remote))


def _find_moved(c: Collection, uid: str) -> Steps[RemoteResource | None]:
    try:
        return (yield from find_uid(c, uid))
    except Conflict:
        return None


def _update(c: Collection, resource: Resource, publication: Publication) -> Steps[Publication]:
    refusal: Refused | None = None
    ours = publication.standing is Standing.PUBLISHED
    # Any other row may have the ETag of what a person wrote.
    if publication.etag and (ours or c.rules.on_change == "restore"):
        response = yield put(url_of(c.url, publication.href), resource.body, etag=publication.etag)
        if is_accepted(response):
            return (yield from _to_publication(c, resource, publication.href, response, ours=ours))
        refusal = parse_refusal(response, c.quirks)
    remote = yield from read_resource(c, publication.href)
    if remote is None:
        remote = yield from confirm_missing(c, publication.href)
    if remote is None:
        # With `keep` a person's deletion counts until the conference itself changes.
        if c.rules.on_delete == "keep" and publication.digest == resource.digest:
            return replace(publication, etag="", pending_hashes="", standing=Standing.GONE)
        return (yield from _create(c, resource, publication))
    if refusal and remote.etag == publication.etag and remote.content_hash != resource.content_hash:
        # The resource is unchanged, so the server refuses the new data.
        raise _explain_weak_etags(remote) or refusal.of_known().conflict()
    return (yield from _settle(c, resource, publication, remote))


def _settle(
    c: Collection, resource: Resource, before: Publication | None, remote: RemoteResource
) -> Steps[Publication]:
    """Resolve the conflict with a resource that exists where ours is to be written."""
    if remote.uid != resource.uid:
        raise Conflict("another event lies at its address, which is not ours to change")
    wanted = resource.content_hash
    if remote.content_hash == wanted:
        return _row(resource, remote.href, remote.etag)
    ours = before is not None and remote.content_hash in before.content_hashes
    if not ours and c.rules.on_change == "keep":
        row = before or Publication(resource.uid)
        return replace(
            row,
            href=remote.href,
            etag=remote.etag,
            digest=resource.digest,
            pending_hashes="",
            standing=Standing.THEIRS,
        )
    if not remote.etag:
        raise Conflict("the server gives no ETag of it, and without one nothing is overwritten")
    response = yield put(url_of(c.url, remote.href), resource.body, etag=remote.etag)
    if is_accepted(response):
        return (yield from _to_publication(c, resource, remote.href, response, ours=ours))
    refusal = parse_refusal(response, c.quirks)
    again = yield from read_resource(c, remote.href)
    if again and again.content_hash == wanted:
        return _row(resource, again.href, again.etag)
    if again and again.etag == remote.etag:
        raise _explain_weak_etags(again) or refusal.of_known().conflict()
    raise Retryable(f"{c.host}: a resource changes while it is written")


def _elsewhere(c: Collection, uid: str, refusal: Refused) -> Steps[RemoteResource | None]:
    """Return the resource that has the UID where it is in our collection. Raises Conflict where it is not."""
    if refusal.url and c.holds(path_of(refusal.url)):
        remote = yield from read_resource(c, path_of(refusal.url))
    else:
        remote = yield from find_uid(c, uid)
    if remote is None or remote.uid != uid:
        raise Conflict(
            "its UID is in use in another calendar of this user, or in the trash bin: "
            "publish it to one calendar only, and empty the trash bin"
        )
    return remote


def _explain_weak_etags(remote: RemoteResource) -> Conflict | None:
    """Return the error of a server with weak ETags, which match no condition (RFC 9110, 13.1.1)."""
    if not remote.etag.startswith("W/"):
        return None
    return Conflict("the server's ETags are weak, and with such ones nothing can be written over safely")


def _delete(c: Collection, publication: Publication) -> Steps[Publication | None]:
    """Remove our resource. What a person edited stays, and the row says so."""
    headers = {"X-NC-CalDAV-No-Trashbin": "1"} if "trash-bin" in c.quirks else {}
    # A row that is not PUBLISHED may have the ETag of what a person wrote.
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
        remote = None if missing else (yield from read_resource(c, publication.href))
        if remote is None:
            remote = yield from confirm_missing(c, publication.href)
        if remote is None or remote.uid != publication.uid:
            return None
        if remote.content_hash not in publication.content_hashes:
            return replace(publication, etag=remote.etag, pending_hashes="", standing=Standing.THEIRS)
        if not remote.etag or (remote.etag == etag and not missing):
            raise _explain_weak_etags(remote) or _conflict_of(refusal)
        etag = remote.etag
    raise _conflict_of(refusal)


def _conflict_of(refusal: Refused | None) -> Conflict:
    if refusal:
        return refusal.conflict()
    return Conflict("the server gives no ETag of it, and without one nothing is deleted")


def _to_publication(
    c: Collection, resource: Resource, href: str, response: Response, *, ours: bool = True
) -> Steps[Publication]:
    """
    Return the row of what was written.

    `ours` is False where it replaced something that a person seems to have written.
    """
    row = _row(resource, _storage_path(c, response) or href, response.header("etag"))
    if row.etag or (ours and "read-back" not in c.quirks):
        return row
    # Where a server drops unknown properties and gives no ETag, its version of ours looks like an edit.
    try:
        remote = yield from read_resource(c, row.href)
    except Conflict:
        return row
    if remote is None or remote.uid != resource.uid:
        return row
    return replace(row, etag=remote.etag, content_hash=remote.content_hash)


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
        resource.content_hash,
        standing=Standing.PUBLISHED,
    )
