"""
Reading a collection: one resource, several at once, the listing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from service.caldav.answers import require_usable
from service.caldav.exchange import Steps
from service.caldav.hrefs import host_of, path_of, url_of
from service.caldav.multistatus import CALDAV, DAV, Answer, Malformed, Multistatus, parse_multistatus
from service.caldav.protocol import LISTING, Response, get, multiget, propfind, query_uid, sync_collection
from service.core.errors import CollectionGone, Conflict, Retryable
from service.core.meaning import read_resource
from service.core.publishing import Publication, RemoteRules, Standing
from service.core.publishing_ports import Listing

AT_ONCE = 250
"""Resources in one multiget: Zoho leaves out, in silence, what goes beyond a thousand."""

_MULTISTATUS = 207
_GONE = frozenset({404, 410})


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
class There:
    """
    A resource as it is in the collection.
    """

    href: str
    etag: str
    uid: str
    meaning: str


def look(collection: Collection, href: str) -> Steps[There | None]:
    """Read one resource; None where there is none."""
    response = yield get(url_of(collection.url, href))
    if response.status in _GONE:
        return None
    require_usable(response, collection.quirks)
    if not response.good:
        raise Conflict(f"it cannot be read back (status {response.status})")
    etag = response.header("etag") or (yield from _etag(collection, href))
    reading = read_resource(response.body)
    return There(href, etag, reading.uid, reading.meaning)


def _etag(collection: Collection, href: str) -> Steps[str]:
    url = url_of(collection.url, href)
    response = yield propfind(url, (f"{DAV}getetag",), depth=0)
    answer = _multistatus(response, collection).about(url)
    return answer.text(f"{DAV}getetag") if answer else ""


def find_uid(collection: Collection, uid: str) -> Steps[There | None]:
    """Find the resource that has a UID."""
    response = yield query_uid(collection.url, uid)
    if response.status != _MULTISTATUS:
        return None
    found = (_there(answer) for answer in _multistatus(response, collection).others(collection.url))
    return next((there for there in found if there and there.uid == uid), None)


def require_collection(collection: Collection) -> Steps[None]:
    """Raise CollectionGone where the collection is no longer there."""
    response = yield propfind(collection.url, (f"{DAV}resourcetype",), depth=0)
    require_usable(response, collection.quirks)
    if response.status in _GONE:
        raise _gone(collection)


def listed(collection: Collection, token: str) -> Steps[Listing]:
    """
    List the collection, or what changed in it since `token`.
    """
    reliable = "no-sync-collection" not in collection.quirks
    if token and reliable:
        response = yield sync_collection(collection.url, token)
        if response.status == _MULTISTATUS:
            return _changes(_multistatus(response, collection), collection)
        # A token that expired is refused with 403, 409, 410 or 412: then the whole is listed.
    response = yield propfind(collection.url, LISTING, depth=1)
    if response.status in _GONE:
        raise _gone(collection)
    answers = _multistatus(response, collection)
    own = answers.about(collection.url)
    return Listing(
        {answer.href: answer.text(f"{DAV}getetag") for answer in _resources(answers, collection)},
        token=own.text(f"{DAV}sync-token") if own and reliable else "",
    )


def _changes(answers: Multistatus, collection: Collection) -> Listing:
    others = list(answers.others(collection.url))
    return Listing(
        {answer.href: answer.text(f"{DAV}getetag") for answer in _resources(answers, collection)},
        removed=frozenset(answer.href for answer in others if answer.status in _GONE),
        complete=False,
        token=answers.token,
    )


def _resources(answers: Multistatus, collection: Collection) -> Iterable[Answer]:
    return (
        answer
        for answer in answers.others(collection.url)
        if answer.found and f"{DAV}collection" not in answer.names(f"{DAV}resourcetype")
    )


def seen(collection: Collection, publications: Sequence[Publication]) -> Steps[list[Publication]]:
    """
    Look at resources again, many at once; each row as it now is.
    """
    rows = []
    for start in range(0, len(publications), AT_ONCE):
        batch = publications[start : start + AT_ONCE]
        response = yield multiget(collection.url, (row.href for row in batch))
        # Where one is missing, sabre answers 404 for all: then each is asked for.
        answers = () if response.status in _GONE else _multistatus(response, collection).answers
        by_href = {answer.href: answer for answer in answers}
        for row in batch:
            answer = by_href.get(row.href)
            told_gone = answer is not None and answer.status in _GONE
            there = _there(answer) if answer else None
            # Never gone because an answer is short: DAViCal leaves missing ones out.
            if there is None and not told_gone:
                there = yield from look(collection, row.href)
            rows.append(as_it_is(row, there))
    return rows


def as_it_is(row: Publication, there: There | None) -> Publication:
    """Return the row with what was found: still ours, changed by a person, or gone."""
    if there is None or there.uid != row.uid:
        return replace(row, etag="", intended="", standing=Standing.GONE)
    if there.meaning in row.meanings:
        # Only what was intended: its answer was lost, and what was written is not what the row says.
        digest = row.digest if there.meaning == row.meaning else ""
        return replace(
            row,
            etag=there.etag,
            digest=digest,
            meaning=there.meaning,
            intended="",
            standing=Standing.PUBLISHED,
        )
    return replace(row, etag=there.etag, intended="", standing=Standing.THEIRS)


def _there(answer: Answer) -> There | None:
    body = answer.text(f"{CALDAV}calendar-data")
    if not answer.found or not body:
        return None
    reading = read_resource(body.encode())
    return There(answer.href, answer.text(f"{DAV}getetag"), reading.uid, reading.meaning)


def _multistatus(response: Response, collection: Collection) -> Multistatus:
    require_usable(response, collection.quirks)
    if response.status != _MULTISTATUS:
        raise Retryable(f"{collection.host} does not show the collection (status {response.status})")
    try:
        return parse_multistatus(response.body, response.url)
    except Malformed as error:
        raise Retryable(f"{collection.host}: {error}") from error


def _gone(collection: Collection) -> CollectionGone:
    return CollectionGone(
        f"the collection on {collection.host} was deleted: create it anew, or purge the target"
    )
