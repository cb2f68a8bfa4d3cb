"""
To which hosts a server may lead us, and what they get to know.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest

from service.caldav.connection import Connection
from service.caldav.credentials import Anonymous, Basic, Credentials, http_auth
from service.caldav.discovery import CollectionSpec
from service.caldav.places import Places
from service.caldav.protocol import Request
from service.caldav.server import CalDavServer
from service.core.errors import Fatal, PlaceNotTrusted
from service.publishing.model import Create, RemoteRules
from service.publishing.ports import DiscoveredCollection
from tests.caldav.scripted import multistatus
from tests.caldav.site import resource
from tests.caldav.test_discovery import CALENDAR, COLLECTION, EVENTS, home, principal
from tests.publishing.clock import Clock

OURS, OTHER, PLAIN = "https://dav.example.org", "https://calendars.example.net", "http://dav.example.org"
ALICE = Basic("alice", "secret")
SHOWN = "Basic " + base64.b64encode(b"alice:secret").decode()

Properties = str
Answers = Mapping[str, Properties | httpx.Response]

ELSEWHERE = httpx.Response(
    207,
    content=(
        '<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:response>'
        f"<D:href>{OTHER}/cal/alice/team/</D:href><D:propstat><D:prop>{CALENDAR}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"
    ),
)

ROOM: Answers = {
    "/": principal("/p/alice/"),
    "/p/alice/": home("/cal/alice/"),
    "/cal/alice/": COLLECTION,
    "/cal/alice/team/": CALENDAR + EVENTS,
}


def moved(url: str) -> httpx.Response:
    return httpx.Response(301, headers={"Location": url})


@dataclass
class Hosts:
    """
    Servers by their origins; those of `closed` want a password.
    """

    servers: Mapping[str, Answers]
    closed: frozenset[str] = frozenset()
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
        shown = request.headers.get("Authorization")
        self.asked.append((origin, request.url.path, shown))
        if origin in self.closed and shown is None:
            return httpx.Response(401)
        if request.method == "PUT":
            return httpx.Response(201, headers={"ETag": '"1"'})
        found = self.servers[origin].get(request.url.path, httpx.Response(404))
        return found if isinstance(found, httpx.Response) else _told(request, self.servers[origin])

    def shown(self, origin: str) -> set[str | None]:
        return {shown for asked, _, shown in self.asked if asked == origin}

    def server(self, credentials: Credentials = ALICE, *trusted: str) -> CalDavServer:
        clock = Clock()
        connection = Connection(
            httpx.AsyncClient(transport=httpx.MockTransport(self)),
            places=Places(OURS + "/", trusted),
            auth=http_auth(credentials, clock),
            timeout=timedelta(seconds=5),
            clock=clock,
        )
        return CalDavServer(connection, CollectionSpec(OURS + "/", "team"), RemoteRules(), 4)


ICLOUD, NUMBERED = "https://caldav.icloud.com", "https://p07-caldav.icloud.com"


def icloud(quirks: tuple[str, ...]) -> tuple[Hosts, CalDavServer]:
    inner = {"/": principal(NUMBERED + "/p/alice/")}
    hosts = Hosts({ICLOUD: inner, NUMBERED: ROOM}, closed=frozenset({ICLOUD, NUMBERED}))
    clock = Clock()
    connection = Connection(
        httpx.AsyncClient(transport=httpx.MockTransport(hosts)),
        places=Places(ICLOUD + "/"),
        auth=http_auth(ALICE, clock),
        timeout=timedelta(seconds=5),
        clock=clock,
    )
    return hosts, CalDavServer(
        connection, CollectionSpec(ICLOUD + "/", "team", quirks=quirks), RemoteRules(), 4
    )


async def test_the_numbered_host_gets_the_password_unless_the_quirk_is_off() -> None:
    hosts, server = icloud(())
    assert (await server.find()).url == f"{NUMBERED}/cal/alice/team/"
    assert hosts.shown(NUMBERED) == {SHOWN}

    hosts, server = icloud(("-partition-host",))
    with pytest.raises(Fatal, match="not for that place"):
        await server.find()
    with pytest.raises(Fatal, match="not for that place"):
        await server.publisher(f"{NUMBERED}/cal/alice/team/", "iCloud").apply(Create(resource(1)))
    assert not hosts.shown(NUMBERED)


def _told(request: httpx.Request, answers: Answers) -> httpx.Response:
    """Answer for a resource, and for what is directly in it where Depth says so."""
    own = request.url.path
    inside = [path for path in answers if path.startswith(own) and path.count("/") == own.count("/") + 1]
    paths = [own, *(inside if request.headers.get("Depth") == "1" else [])]
    told = [(path, found) for path in paths if isinstance(found := answers[path], str)]
    response = multistatus(Request(request.method, str(request.url)), *told)
    return httpx.Response(response.status, content=response.body)


async def test_on_its_own_host_a_redirect_is_followed_with_the_password() -> None:
    hosts = Hosts({OURS: {**ROOM, "/": moved("/p/alice/")}}, closed=frozenset({OURS}))

    assert await hosts.server().find() == DiscoveredCollection(f"{OURS}/cal/alice/team/", "")
    assert hosts.shown(OURS) == {SHOWN}


@pytest.mark.parametrize("credentials", [ALICE, Anonymous()], ids=["password", "nobody"])
@pytest.mark.parametrize("other", [OTHER, "https://dav.example.org:444"])
async def test_another_place_is_not_asked_and_told_with_the_setting(
    other: str, credentials: Credentials
) -> None:
    hosts = Hosts({OURS: {"/": moved(other + "/")}, other: ROOM})
    place = other.removeprefix("https://")

    with pytest.raises(PlaceNotTrusted) as refused:
        await hosts.server(credentials).find()
    text = str(refused.value)
    assert f"set TRUSTED_HOSTS={place}, or name its address in URL" in text
    assert "dav.example.org:443 sends us on to " + (place if ":" in place else f"{place}:443") in text
    assert "(redirect, status 301)" in text
    assert refused.value.entry == place
    assert not hosts.shown(other)


async def test_a_place_that_the_settings_name_gets_the_password_and_what_is_written() -> None:
    hosts = Hosts({OURS: {"/": moved(OTHER + "/")}, OTHER: ROOM}, closed=frozenset({OURS, OTHER}))
    server = hosts.server(ALICE, "calendars.example.net")

    found = await server.find()
    row = await server.publisher(found.url, found.server).apply(Create(resource(1)))

    assert found.url == f"{OTHER}/cal/alice/team/"
    assert row
    assert row.etag == '"1"'
    assert hosts.shown(OTHER) == {SHOWN}


async def test_a_named_place_may_lead_back_to_where_we_came_from() -> None:
    hosts = Hosts(
        {OURS: {**ROOM, "/": moved(OTHER + "/login")}, OTHER: {"/login": moved(OURS + "/p/alice/")}},
        closed=frozenset({OURS}),
    )

    found = await hosts.server(ALICE, "calendars.example.net").find()

    assert found.url == f"{OURS}/cal/alice/team/"


@pytest.mark.parametrize("path", ["/", "/p/alice/", "/cal/alice/"])
async def test_an_address_on_another_host_inside_an_answer_is_not_asked_either(path: str) -> None:
    inner = {
        "/": {"/": principal(f"{OTHER}/p/alice/")},
        "/p/alice/": {"/p/alice/": home(f"{OTHER}/cal/alice/")},
        "/cal/alice/": {"/cal/alice/": CALENDAR + principal("/p/alice/"), "/": principal("/cal/alice/")},
    }[path]
    hosts = Hosts({OURS: {**ROOM, **inner}, OTHER: ROOM}, closed=frozenset({OURS, OTHER}))
    server = hosts.server()
    if path == "/cal/alice/":
        # The collection itself is said to be elsewhere.
        hosts.servers = {OURS: {"/": moved("/x/"), "/x/": ELSEWHERE}, OTHER: ROOM}

    with pytest.raises(PlaceNotTrusted, match=r"calendars\.example\.net:443 \(in an answer\)"):
        await server.find()
    assert not hosts.shown(OTHER)


async def test_a_collection_that_was_remembered_elsewhere_gets_nothing() -> None:
    hosts = Hosts({OTHER: ROOM})

    with pytest.raises(PlaceNotTrusted):
        await hosts.server().publisher(f"{OTHER}/cal/alice/team/", "").apply(Create(resource(1)))
    assert not hosts.asked


async def test_a_user_name_inside_an_address_replaces_nobody() -> None:
    inside = OURS.replace("https://", "https://mallory:guess@")
    hosts = Hosts({OURS: {**ROOM, "/": moved(inside + "/p/alice/")}}, closed=frozenset({OURS}))

    assert (await hosts.server().find()).url.endswith("/cal/alice/team/")
    assert hosts.shown(OURS) == {SHOWN}


@pytest.mark.parametrize("credentials", [ALICE, Anonymous()], ids=["password", "nobody"])
@pytest.mark.parametrize(
    "answer", [moved(PLAIN + "/"), principal(PLAIN + "/p/alice/")], ids=["redirect", "answer"]
)
async def test_nothing_is_asked_where_https_leads_to_http(
    answer: str | httpx.Response, credentials: Credentials
) -> None:
    hosts = Hosts({OURS: {"/": answer}, PLAIN: ROOM})

    with pytest.raises(Fatal, match="from https to http"):
        await hosts.server(credentials).find()
    assert not hosts.shown(PLAIN)
