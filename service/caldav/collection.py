"""
Reading a collection: whether it exists, one resource by its address, and one by its UID.
"""

from dataclasses import dataclass, field

from service.caldav.conversation import Steps
from service.caldav.hrefs import host_of, path_of, url_of
from service.caldav.multistatus import CALDAV, DAV, Multistatus, ResponseEntry, parse_multistatus
from service.caldav.protocol import Response, get, propfind, query_uid
from service.caldav.responses import SERVER_FAILED, require_usable
from service.caldav.xml import Malformed
from service.core.errors import CollectionFailed, CollectionGone, Conflict
from service.publishing.equivalence import parse_resource
from service.publishing.model import RemoteRules

MULTISTATUS = 207
GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Collection:
    """
    The collection that a target is published to.
    """

    url: str
    quirks: frozenset[str] = frozenset()
    rules: RemoteRules = field(default_factory=RemoteRules)

    @property
    def host(self) -> str:
        """Its host, for texts."""
        return host_of(self.url)

    def holds(self, href: str) -> bool:
        """Whether a decoded path is directly in this collection."""
        own = path_of(self.url).rstrip("/") + "/"
        return href.startswith(own) and "/" not in href[len(own) :].rstrip("/") and len(href) > len(own)


@dataclass(frozen=True, slots=True)
class RemoteResource:
    """
    A resource as it is in the collection.
    """

    href: str
    etag: str
    uid: str
    content_hash: str


def read_resource(collection: Collection, href: str) -> Steps[RemoteResource | None]:
    """
    Read one resource; None where the server says that there is none.

    Raises Conflict where it cannot be read although the collection can, else what the collection raises.
    """
    url = url_of(collection.url, href)
    response = yield get(url)
    if _is_server_failure(response, collection):
        # The collection shows whether the whole server fails or only this resource.
        yield from require_collection(collection)
        response = yield get(url)
    if response.status in GONE:
        return None
    failed = _is_server_failure(response, collection)
    if not response.good:
        raise Conflict(
            f"it cannot be read back (status {response.status})", blames_target=True, passing=failed
        )
    etag = response.header("etag") or (yield from _etag(collection, href))
    reading = parse_resource(response.body)
    return RemoteResource(href, etag, reading.uid, reading.content_hash)


def _is_server_failure(response: Response, collection: Collection) -> bool:
    """Return whether the server failed on this. Raises Retryable and Fatal where the whole target fails."""
    require_usable(response, collection.quirks)
    return response.status >= SERVER_FAILED


def _etag(collection: Collection, href: str) -> Steps[str]:
    url = url_of(collection.url, href)
    response = yield propfind(url, (f"{DAV}getetag",), depth=0)
    require_usable(response, collection.quirks)
    answers = parse_if_multistatus(response)
    answer = answers.about(url) if answers else None
    return answer.text(f"{DAV}getetag") if answer else ""


def confirm_missing(collection: Collection, href: str) -> Steps[RemoteResource | None]:
    """
    Read a resource again that was reported missing; None only where its collection exists.

    A proxy answers 404 for everything while the server behind it starts. Raises CollectionGone too.
    """
    yield from require_collection(collection)
    return (yield from read_resource(collection, href))


def find_uid(collection: Collection, uid: str) -> Steps[RemoteResource | None]:
    """Find the resource that has a UID. Raises Conflict where the server cannot say."""
    response = yield query_uid(collection.url, uid)
    require_usable(response, collection.quirks)
    answers = parse_if_multistatus(response)
    if answers is None and (response.good or response.status >= SERVER_FAILED):
        raise Conflict(
            f"its UID is in use, and the server cannot say where (status {response.status})", passing=True
        )
    found = (to_remote_resource(answer) for answer in answers.others(collection.url)) if answers else ()
    return next((remote for remote in found if remote and remote.uid == uid), None)


def require_collection(collection: Collection) -> Steps[None]:
    """Raise CollectionGone where the collection does not exist any more, or is not a calendar."""
    response = yield propfind(collection.url, (f"{DAV}resourcetype",), depth=0)
    require_usable(response, collection.quirks)
    if response.status in GONE:
        raise collection_gone(collection)
    answers = require_multistatus(response, collection)
    own = answers.about(collection.url) or next(iter(answers.answers), None)
    if own is None or own.status >= SERVER_FAILED:
        raise CollectionFailed(f"{collection.host} does not show the collection")
    require_calendar(own, collection)


def require_calendar(own: ResponseEntry, collection: Collection) -> None:
    """Raise CollectionGone where an answer shows no calendar: Xandikos shows a deleted one as a folder."""
    if not own.exists or f"{CALDAV}calendar" not in own.names(f"{DAV}resourcetype"):
        raise collection_gone(collection)


def to_remote_resource(answer: ResponseEntry) -> RemoteResource | None:
    """Return the resource that an answer shows; None where it shows none, or no data."""
    body = answer.text(f"{CALDAV}calendar-data")
    if not answer.exists or not body:
        return None
    reading = parse_resource(body.encode("utf-8", "replace"))
    return RemoteResource(answer.href, answer.text(f"{DAV}getetag"), reading.uid, reading.content_hash)


def parse_if_multistatus(response: Response) -> Multistatus | None:
    """Return the multistatus, or None where the answer is not a readable multistatus."""
    try:
        return parse_multistatus(response.body, response.url) if response.status == MULTISTATUS else None
    except Malformed:
        return None


def require_multistatus(response: Response, collection: Collection) -> Multistatus:
    """Return the multistatus. Raises CollectionFailed for any other answer, and as `require_usable` does."""
    require_usable(response, collection.quirks)
    if response.status != MULTISTATUS:
        raise CollectionFailed(f"{collection.host} does not show the collection (status {response.status})")
    try:
        return parse_multistatus(response.body, response.url)
    except Malformed as error:
        raise CollectionFailed(f"{collection.host}: {error}") from error


def collection_gone(collection: Collection) -> CollectionGone:
    """Return the error of a collection that does not exist."""
    return CollectionGone(
        f"the collection on {collection.host} was deleted: create it again, or purge the target"
    )
