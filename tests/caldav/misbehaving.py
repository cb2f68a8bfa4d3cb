"""
A CalDAV server in memory that keeps all promises, until a test tells it otherwise.
"""

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

import httpx

USERNAME = "alice"
PASSWORD = "wonderland-42"
ORIGIN = "http://dav.test"
HOME = "/home/alice/"

Misbehavior = Callable[[httpx.Request], Awaitable[httpx.Response | None]]


@dataclass
class Misbehaving:
    """
    Give `handle` to httpx.MockTransport. Every attribute may be changed in the middle of a test.
    """

    etags: bool = True
    """Whether a PUT is answered with an ETag."""

    minds: frozenset[str] = frozenset({"PUT", "DELETE", "creating"})
    """Which conditions count: SOGo minds neither If-None-Match nor If-Match on DELETE."""

    dropping: tuple[bytes, ...] = ()
    """How the lines begin that it does not know, and does not store."""

    rewriting: bool = False
    multistatus_put: bool = False
    always_412: bool = False
    syncing: bool = True
    ghosts: bool = False
    """Whether its calendars show as folders: what Xandikos tells of those that were deleted."""

    headers: dict[str, str] = field(default_factory=dict)
    before: Misbehavior | None = None
    """Sees each request first; its answer, or what it raises, is all that happens."""

    after: Callable[[httpx.Request], None] | None = None
    """Called once the work is done: what it raises is an answer that is lost."""

    calendars: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Bodies by file name, by calendar path."""

    components: str = "VEVENT"
    home_calendars: dict[str, str] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)
    """Calendar and name of what was written or deleted: the sync-token counts them."""

    _version: int = 0
    _etags: dict[tuple[str, str], str] = field(default_factory=dict)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        if self.before and (answer := await self.before(request)):
            return answer
        response = self._answered(request)
        if self.after:
            self.after(request)
        response.headers.update(self.headers)
        return response

    def put(self, calendar: str, name: str, body: bytes) -> str:
        """Write as a person does, and return the ETag."""
        self._version += 1
        self.calendars[calendar][name] = body
        etag = f'"{self._version}-{hashlib.sha256(body).hexdigest()[:12]}"'
        self._etags[calendar, name] = etag
        self.changes.append((calendar, name))
        return etag

    def remove(self, calendar: str, name: str) -> None:
        """Delete as a person does."""
        del self.calendars[calendar][name]
        self.changes.append((calendar, name))

    def _answered(self, request: httpx.Request) -> httpx.Response:  # noqa: PLR0911 -- one for each method
        expected = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
        path = unquote(request.url.path)
        if path == "/.well-known/caldav":
            return httpx.Response(301, headers={"Location": "/"})
        if request.headers.get("Authorization") != f"Basic {expected}":
            return httpx.Response(401, headers={"WWW-Authenticate": 'Basic realm="test"'})
        match request.method:
            case "OPTIONS":
                return httpx.Response(200, headers={"DAV": "1, 3, calendar-access, sync-collection"})
            case "PROPFIND":
                return self._propfind(request, path)
            case "REPORT":
                return self._report(request, path)
            case "MKCALENDAR":
                return self._mkcalendar(request, path)
            case "PUT" | "DELETE" | "GET":
                return self._resource(request, path)
        return httpx.Response(405)

    def _mkcalendar(self, request: httpx.Request, path: str) -> httpx.Response:
        if path in self.calendars:
            return httpx.Response(405)
        self.calendars[path] = {}
        name = re.search(rb"displayname>([^<]*)<", request.content)
        self.home_calendars[path] = name[1].decode() if name else ""
        return httpx.Response(201)

    def _resource(self, request: httpx.Request, path: str) -> httpx.Response:  # noqa: PLR0911 -- one for each case
        calendar, _, name = path.rpartition("/")
        calendar += "/"
        if calendar not in self.calendars:
            return httpx.Response(409 if request.method == "PUT" else 404)
        held = self.calendars[calendar]
        etag = self._etags[calendar, name] if name in held else None
        if request.method == "GET":
            if etag is None:
                return httpx.Response(404)
            return httpx.Response(200, content=held[name], headers={"ETag": etag} if self.etags else {})
        if self.always_412 or not self._holds(request, etag):
            return httpx.Response(412)
        if request.method == "DELETE":
            if etag is None:
                return httpx.Response(404)
            self.remove(calendar, name)
            return httpx.Response(204)
        return self._put(request, calendar, name, new=etag is None)

    def _holds(self, request: httpx.Request, etag: str | None) -> bool:
        if request.headers.get("If-None-Match") == "*":
            return etag is None or "creating" not in self.minds
        wanted = request.headers.get("If-Match")
        return wanted is None or wanted == etag or request.method not in self.minds

    def _put(self, request: httpx.Request, calendar: str, name: str, *, new: bool) -> httpx.Response:
        body = request.content
        uid = uid_of(body)
        if any(uid_of(other) == uid for key, other in self.calendars[calendar].items() if key != name):
            return _error(409, "<C:no-uid-conflict/>")
        lines = body.splitlines(keepends=True)
        body = b"".join(line for line in lines if not line.startswith(self.dropping or (b"\0",)))
        etag = self.put(calendar, name, _rewritten(body) if self.rewriting else body)
        headers = {"ETag": etag} if self.etags else {}
        if self.multistatus_put:
            href = quote(calendar + name)
            return _multistatus(
                f"<D:response><D:href>{href}</D:href><D:status>HTTP/1.1 201 Created</D:status></D:response>"
            )
        return httpx.Response(201 if new else 204, headers=headers)

    def _propfind(self, request: httpx.Request, path: str) -> httpx.Response:
        if path == "/":
            return _multistatus(
                _response(
                    "/",
                    "<D:current-user-principal><D:href>/people/alice/</D:href></D:current-user-principal>",
                )
            )
        if path == "/people/alice/":
            return _multistatus(
                _response(path, f"<C:calendar-home-set><D:href>{HOME}</D:href></C:calendar-home-set>")
            )
        if path == HOME:
            inner = "".join(self._calendar(calendar) for calendar in self.home_calendars)
            return _multistatus(_response(HOME, "<D:resourcetype><D:collection/></D:resourcetype>") + inner)
        calendar = path if path.endswith("/") else path.rpartition("/")[0] + "/"
        if calendar not in self.calendars:
            return httpx.Response(404)
        if calendar != path:
            return _multistatus(self._listed(calendar, path.rpartition("/")[2]))
        inner = ""
        if request.headers["Depth"] == "1":
            inner = "".join(self._listed(calendar, name) for name in self.calendars[calendar])
        return _multistatus(self._calendar(calendar) + inner)

    def _calendar(self, path: str) -> str:
        token = f"<D:sync-token>urn:{len(self.changes)}</D:sync-token>" if self.syncing else ""
        return _response(
            path,
            f"<D:resourcetype><D:collection/>{'' if self.ghosts else '<C:calendar/>'}</D:resourcetype>"
            f"<D:displayname>{escape(self.home_calendars.get(path, ''))}</D:displayname>{token}"
            "<C:supported-calendar-component-set>"
            f'<C:comp name="{self.components}"/></C:supported-calendar-component-set>',
        )

    def _listed(self, calendar: str, name: str) -> str:
        if name not in self.calendars[calendar]:
            href = quote(calendar + name)
            return (
                f"<D:response><D:href>{href}</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>"
            )
        etag = escape(self._etags[calendar, name])
        return _response(calendar + name, f"<D:getetag>{etag}</D:getetag><D:resourcetype/>")

    def _report(self, request: httpx.Request, path: str) -> httpx.Response:
        if path not in self.calendars:
            return httpx.Response(404)
        content = request.content.decode()
        if "sync-collection" in content:
            return self._changed_since(content, path)
        hrefs = [unquote(href) for href in re.findall(r"href>([^<]*)<", content)]
        if "calendar-query" in content:
            wanted = re.findall(r"text-match[^>]*>([^<]*)<", content)[0]
            held = self.calendars[path].items()
            hrefs = [path + name for name, body in held if uid_of(body) == wanted]
        return _multistatus("".join(self._with_data(path, href.rpartition("/")[2]) for href in hrefs))

    def _with_data(self, calendar: str, name: str) -> str:
        if name not in self.calendars[calendar]:
            return self._listed(calendar, name)
        body = escape(self.calendars[calendar][name].decode())
        etag = escape(self._etags[calendar, name])
        return _response(
            calendar + name, f"<D:getetag>{etag}</D:getetag><C:calendar-data>{body}</C:calendar-data>"
        )

    def _changed_since(self, content: str, path: str) -> httpx.Response:
        token = re.findall(r"sync-token>urn:(\d+)<", content)
        if not self.syncing or not token:
            return _error(403, "<D:valid-sync-token/>")
        names = dict.fromkeys(name for calendar, name in self.changes[int(token[0]) :] if calendar == path)
        inner = "".join(self._listed(path, name) for name in names)
        return _multistatus(inner + f"<D:sync-token>urn:{len(self.changes)}</D:sync-token>")


def uid_of(body: bytes) -> str:
    found = re.search(rb"^UID:(.*?)\r?$", body, re.MULTILINE)
    return found[1].decode() if found else ""


def _rewritten(body: bytes) -> bytes:
    """Reorder, refold, stamp and add defaults, as Radicale and SOGo do."""
    lines = body.replace(b"\r\n ", b"").split(b"\r\n")

    def sorted_events() -> Iterator[bytes]:
        start = lines.index(b"BEGIN:VEVENT")
        end = lines.index(b"END:VEVENT")
        yield from lines[: start + 1]
        yield from sorted(line for line in lines[start + 1 : end] if not line.startswith((b"X-", b"DTSTAMP")))
        yield from (b"CLASS:PUBLIC", b"DTSTAMP:20200101T000000Z", b"X-SERVER:was here")
        yield from lines[end:]

    return b"\n".join(sorted_events())


def _response(path: str, properties: str) -> str:
    return (
        f"<D:response><D:href>{quote(path)}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )


def _multistatus(inner: str) -> httpx.Response:
    text = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{inner}</D:multistatus>'
    )
    return httpx.Response(207, content=text.encode(), headers={"Content-Type": "application/xml"})


def _error(status: int, element: str) -> httpx.Response:
    text = f'<D:error xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{element}</D:error>'
    return httpx.Response(status, content=text.encode(), headers={"Content-Type": "application/xml"})
