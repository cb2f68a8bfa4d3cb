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
from service.caldav.credentials import Basic, Credentials, Nobody, http_auth
from service.caldav.discovery import Wish
from service.caldav.protocol import Request
from service.caldav.server import CalDavServer
from service.core.errors import Fatal
from service.core.publishing import Create, RemoteRules
from service.core.publishing_ports import Found
from tests.caldav.scripted import multistatus
from tests.caldav.site import Clock, resource
from tests.caldav.test_discovery import CALENDAR, COLLECTION, EVENTS, home, principal

OURS, OTHER, PLAIN = "https://dav.example.org", "https://calendars.example.net", "http://dav.example.org"
ALICE = Basic("alice", "secret")
SHOWN = "Basic " + base64.b64encode(b"alice:secret").decode()

Properties = str
Answers = Mapping[str, Properties | httpx.Response]

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

    def server(self, credentials: Credentials = ALICE, *, certified: bool = False) -> CalDavServer:
        clock = Clock()
        connection = Connection(
            httpx.AsyncClient(transport=httpx.MockTransport(self)),
            trusted=OURS + "/",
            auth=http_auth(credentials, clock),
            timeout=timedelta(seconds=5),
            clock=clock,
            certified=certified,
        )
        return CalDavServer(connection, Wish(OURS + "/", "team"), RemoteRules(), 4)


ICLOUD, NUMBERED = "https://caldav.icloud.com", "https://p07-caldav.icloud.com"


def icloud(quirks: tuple[str, ...]) -> tuple[Hosts, CalDavServer]:
    inner = {"/": principal(NUMBERED + "/p/alice/")}
    hosts = Hosts({ICLOUD: inner, NUMBERED: ROOM}, closed=frozenset({ICLOUD, NUMBERED}))
    clock = Clock()
    connection = Connection(
        httpx.AsyncClient(transport=httpx.MockTransport(hosts)),
        trusted=ICLOUD + "/",
        auth=http_auth(ALICE, clock),
        timeout=timedelta(seconds=5),
        clock=clock,
    )
    return hosts, CalDavServer(connection, Wish(ICLOUD + "/", "team", quirks=quirks), RemoteRules(), 4)


async def test_the_numbered_host_gets_the_password_unless_the_quirk_is_off() -> None:
    hosts, server = icloud(())
    assert (await server.find()).url == f"{NUMBERED}/cal/alice/team/"
    assert hosts.shown(NUMBERED) == {SHOWN}

    hosts, server = icloud(("-partition-host",))
    with pytest.raises(Fatal, match="not for that place"):
        await server.find()
    with pytest.raises(Fatal, match="not for that place"):
        await server.publisher(f"{NUMBERED}/cal/alice/team/", "iCloud").apply(Create(resource(1)))
    assert hosts.shown(NUMBERED) == {None}


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

    assert await hosts.server().find() == Found(f"{OURS}/cal/alice/team/", "")
    assert hosts.shown(OURS) == {SHOWN}


@pytest.mark.parametrize("other", [OTHER, "https://dav.example.org:444"])
async def test_another_host_that_wants_a_password_does_not_get_ours(other: str) -> None:
    hosts = Hosts({OURS: {"/": moved(other + "/")}, other: ROOM}, closed=frozenset({OURS, other}))

    with pytest.raises(Fatal, match="name its address in URL if it is the right one") as refused:
        await hosts.server().find()
    assert other.removeprefix("https://") in str(refused.value)
    assert hosts.shown(other) == {None}


async def test_an_open_server_on_another_host_is_used_without_the_password() -> None:
    hosts = Hosts({OURS: {"/": moved(OTHER + "/")}, OTHER: ROOM}, closed=frozenset({OURS}))
    server = hosts.server()

    found = await server.find()
    row = await server.publisher(found.url, found.server).apply(Create(resource(1)))

    assert found.url == f"{OTHER}/cal/alice/team/"
    assert row
    assert row.etag == '"1"'
    assert hosts.shown(OTHER) == {None}
    assert hosts.shown(OURS) == {SHOWN}


async def test_another_host_may_lead_back_to_where_the_password_belongs() -> None:
    hosts = Hosts(
        {OURS: {**ROOM, "/": moved(OTHER + "/login")}, OTHER: {"/login": moved(OURS + "/p/alice/")}},
        closed=frozenset({OURS}),
    )

    assert (await hosts.server().find()).url == f"{OURS}/cal/alice/team/"
    assert hosts.shown(OTHER) == {None}


@pytest.mark.parametrize("path", ["/", "/p/alice/"])
async def test_an_address_on_another_host_inside_an_answer_gets_no_password_either(path: str) -> None:
    inner = principal(f"{OTHER}/p/alice/") if path == "/" else home(f"{OTHER}/cal/alice/")
    hosts = Hosts({OURS: {**ROOM, path: inner}, OTHER: ROOM}, closed=frozenset({OURS, OTHER}))

    with pytest.raises(Fatal, match=r"calendars\.example\.net"):
        await hosts.server().find()
    assert hosts.shown(OTHER) == {None}


async def test_with_nobody_to_be_every_host_is_alike() -> None:
    hosts = Hosts({OURS: {"/": moved(OTHER + "/")}, OTHER: ROOM})

    assert (await hosts.server(Nobody()).find()).url == f"{OTHER}/cal/alice/team/"


@pytest.mark.parametrize("credentials", [ALICE, Nobody()], ids=["password", "nobody"])
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


async def test_another_host_does_not_see_the_client_certificate() -> None:
    hosts = Hosts({OURS: {"/": moved(OTHER + "/")}, OTHER: ROOM})

    with pytest.raises(Fatal, match="not for that place"):
        await hosts.server(Nobody(), certified=True).find()
    assert not hosts.shown(OTHER)
