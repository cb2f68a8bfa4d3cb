"""
Finding the collection from the address in the settings (RFC 6764, RFC 5397, RFC 4791).
"""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from service.caldav.conversation import Steps, follow_redirects, require_private
from service.caldav.home import CALENDAR, Home, HomeMemory, Listed, last_part, list_home
from service.caldav.hrefs import as_collection, host_of, path_of, slug
from service.caldav.multistatus import CALDAV, DAV, ResponseEntry, parse_multistatus
from service.caldav.protocol import DISCOVERY, Response, mkcalendar, mkcol, propfind
from service.caldav.quirks import active, recognize
from service.caldav.responses import require_usable
from service.caldav.xml import Malformed
from service.core.errors import (
    CollectionFailed,
    CollectionMissing,
    CredentialsRefused,
    Fatal,
    NotCalDav,
    PublishError,
    Retryable,
)
from service.core.excerpt import first_words
from service.publishing.ports import DiscoveredCollection

_WELL_KNOWN = "/.well-known/caldav"
_MULTISTATUS = 207
_FORBIDDEN = 403
_SERVER_FAILED = 500
_NOT_KNOWN = frozenset({400, 405, 415, 501})
"""Answers to MKCALENDAR after which MKCOL is worth a try."""

_WRITING = frozenset({f"{DAV}all", f"{DAV}write", f"{DAV}write-content", f"{DAV}bind"})


@dataclass(frozen=True, slots=True)
class CollectionSpec:
    """
    Which collection is wanted.
    """

    url: str
    """A server, a principal, or the collection itself."""

    collection: str
    """The name to look for and to create under the calendar home."""

    create: bool = True
    quirks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    answer: ResponseEntry
    server: str


def discover(spec: CollectionSpec, homes: HomeMemory | None = None) -> Steps[DiscoveredCollection]:
    """
    Find the collection, or create it. Raises Fatal with what to do, and Retryable.

    A home in `homes` spares the way to it; after an error it is listed again.
    """
    try:
        return (yield from _discover(spec, homes))
    except PublishError:
        if homes:
            homes.forget()
        raise


def _discover(spec: CollectionSpec, homes: HomeMemory | None) -> Steps[DiscoveredCollection]:
    known = homes.recall() if homes else None
    if known and (found := (yield from _find_in_known(known, spec))):
        return found
    place = yield from _find_place(spec)
    if CALENDAR in place.answer.names(f"{DAV}resourcetype"):
        return _check(place.answer, place.server, spec)
    address = yield from _find_home(place, spec)
    home, listed = yield from list_home(address, place.server, spec.url)
    if homes:
        homes.remember(home)
    return (yield from _find_in_home(home, listed, spec))


def _find_place(spec: CollectionSpec) -> Steps[_Place]:
    """Ask the address itself, then the server's well-known address."""
    place = yield from _ask(spec.url, spec)
    if isinstance(place, _Place) and (_shows_way(place.answer) or not _is_root(spec.url)):
        return place
    if _is_root(spec.url):
        known = yield from _ask(urljoin(spec.url, _WELL_KNOWN), spec)
        place = known if isinstance(known, _Place) else place
    if isinstance(place, _Place):
        return place
    if place.status == HTTPStatus.NOT_FOUND and not _is_root(spec.url) and spec.create:
        url = as_collection(spec.url)
        server = recognize(url, place.headers)
        yield from _create(url, server, spec)
        made = yield from _ask(url, spec)
        if isinstance(made, _Place):
            return made
    if place.status == _FORBIDDEN:
        raise CredentialsRefused(
            f"{host_of(spec.url)} lets this user see nothing (status {place.status}): "
            "correct the user name and the password, or have access granted"
        )
    missing = place.status == HTTPStatus.NOT_FOUND and not _is_root(spec.url)
    kind = CollectionMissing if missing else NotCalDav
    raise kind(
        f"{host_of(spec.url)} shows no calendars at this address (status {place.status}{_quote(place)}): "
        "name the CalDAV address that the server's documentation gives"
    )


def _quote(response: Response) -> str:
    words = first_words(response.body)
    return f', "{words}"' if words else ""


def _ask(url: str, spec: CollectionSpec) -> Steps[_Place | Response]:
    request = propfind(url, DISCOVERY, depth=0)
    response = yield from follow_redirects(request, spec.url)
    require_usable(response)
    if response.status >= _SERVER_FAILED:
        raise Retryable(f"{host_of(url)} failed (status {response.status})")
    if response.status != _MULTISTATUS:
        return response
    try:
        answers = parse_multistatus(response.body, response.url)
    except Malformed as error:
        raise NotCalDav(f"{host_of(url)}: {error}; this does not look like a CalDAV server") from error
    answer = answers.about(response.url) or next(iter(answers.answers), None)
    if answer is None:
        return response
    return _Place(answer, recognize(response.url, response.headers))


def _shows_way(answer: ResponseEntry) -> bool:
    return CALENDAR in answer.names(f"{DAV}resourcetype") or bool(
        answer.hrefs(f"{CALDAV}calendar-home-set") or answer.hrefs(f"{DAV}current-user-principal")
    )


def _is_root(url: str) -> bool:
    return urlsplit(url).path in {"", "/"}


def _find_home(place: _Place, spec: CollectionSpec) -> Steps[str]:
    """Return the address of the calendar home; a principal without one is taken for it (Synology)."""
    homes = place.answer.hrefs(f"{CALDAV}calendar-home-set")
    if homes:
        return homes[0]
    if f"{DAV}unauthenticated" in place.answer.names(f"{DAV}current-user-principal"):
        raise Fatal(
            f"{host_of(spec.url)} takes us for a stranger: set USERNAME and PASSWORD, or another AUTH"
        )
    principals = place.answer.hrefs(f"{DAV}current-user-principal")
    if not principals:
        return place.answer.url
    require_private(spec.url, principals[0])
    principal = yield from _ask(principals[0], spec)
    if not isinstance(principal, _Place):
        raise Fatal(f"{host_of(spec.url)} shows no calendars for this user (status {principal.status})")
    homes = principal.answer.hrefs(f"{CALDAV}calendar-home-set")
    return homes[0] if homes else principal.answer.url


def _find_in_known(home: Home, spec: CollectionSpec) -> Steps[DiscoveredCollection | None]:
    """Return the collection of a home that was listed a moment ago; None where it is to be listed again."""
    chosen = _find_by_name(home, spec)
    if chosen is None:
        if not spec.create or slug(spec.collection) in home.names:
            return None
        made = yield from _create_in(home, spec)
        # What somebody else made meanwhile is to be judged by what it is.
        return made if made.created else None
    place = yield from _ask(home.calendars[chosen][0], spec)
    if not isinstance(place, _Place):
        return None
    again = Home.of(home.url, home.server, home.at, {last_part(place.answer.url): place.answer})
    return _check(place.answer, home.server, spec) if _find_by_name(again, spec) else None


def _find_in_home(home: Home, listed: Listed, spec: CollectionSpec) -> Steps[DiscoveredCollection]:
    chosen = _find_by_name(home, spec)
    if chosen:
        return _check(listed[chosen], home.server, spec)
    if slug(spec.collection) in home.names:
        raise Fatal(
            f"{host_of(home.url)} has something else named {slug(spec.collection)}: set another COLLECTION"
        )
    if not spec.create:
        raise CollectionMissing(
            f"{host_of(home.url)} has no calendar named {spec.collection!r} and CREATE is off: "
            "create it there, or name an existing one in COLLECTION",
            home.server,
        )
    return (yield from _create_in(home, spec))


def _find_by_name(home: Home, spec: CollectionSpec) -> str | None:
    nameless = "create-without-name" in active(home.server, spec.quirks)
    return home.find(spec.collection, nameless=nameless)


def _create_in(home: Home, spec: CollectionSpec) -> Steps[DiscoveredCollection]:
    url = urljoin(home.url, slug(spec.collection) + "/")
    created = yield from _create(url, home.server, spec)
    return DiscoveredCollection(url, home.server, created=created)


def _check(answer: ResponseEntry, server: str, spec: CollectionSpec) -> DiscoveredCollection:
    """Return the collection. Raises Fatal where it does not take events, or not from this user."""
    require_private(spec.url, answer.url)
    components = answer.properties.get(f"{CALDAV}supported-calendar-component-set")
    names = {child.get("name", "").upper() for child in components} if components is not None else set()
    if names and "VEVENT" not in names:
        raise Fatal(
            f"{path_of(answer.url)} takes no events, only {', '.join(sorted(names))}: name another collection"
        )
    privileges = answer.properties.get(f"{DAV}current-user-privilege-set")
    granted = {inner.tag for child in privileges for inner in child} if privileges is not None else set()
    if granted and not granted & _WRITING:
        raise Fatal(f"{path_of(answer.url)} may only be read by this user: have it shared for writing")
    return DiscoveredCollection(as_collection(answer.url), server)


def _create(url: str, server: str, spec: CollectionSpec) -> Steps[bool]:
    """Create the collection; return False where somebody else made it at the same moment."""
    quirks = active(server, spec.quirks)
    if "no-create" in quirks:
        raise Fatal(
            f"{host_of(url)} lets no program create calendars: create one there and name its address in URL"
        )
    name = "" if "create-without-name" in quirks else spec.collection
    response = yield mkcalendar(url, name)
    if response.status in _NOT_KNOWN:
        response = yield mkcol(url, name)
    try:
        require_usable(response)
    except Retryable as error:
        # Nextcloud limits new calendars by the hour; existing ones are not affected.
        raise CollectionFailed(
            str(error), delay_seconds=error.delay_seconds, crowded=error.crowded
        ) from error
    if response.good:
        return True
    answer = yield from follow_redirects(propfind(url, (f"{DAV}resourcetype",), depth=0), spec.url)
    if answer.status == _MULTISTATUS and _shows_calendar(answer):
        return False
    raise Fatal(
        f"{host_of(url)} does not let us create the calendar {spec.collection!r} (status {response.status}): "
        "create it there, or name an existing one in COLLECTION"
    )


def _shows_calendar(response: Response) -> bool:
    try:
        answers = parse_multistatus(response.body, response.url).answers
    except Malformed:
        return False
    return any(answer.exists and CALENDAR in answer.names(f"{DAV}resourcetype") for answer in answers)
