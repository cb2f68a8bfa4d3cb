"""
A target on one server, its ledger, and every request that goes over the wire.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from service.caldav.connection import Connection
from service.caldav.discovery import CollectionSpec
from service.caldav.multistatus import parse_multistatus
from service.caldav.places import Places
from service.caldav.server import CalDavServer
from service.core.account_state import Entry, Revision
from service.core.conference import Conference, Key
from service.core.ical import render_vevent
from service.core.schedule import Once, Schedule, Weekday, Weekly
from service.core.vevent import Rendering, to_vevent
from service.core.weekly import WeeklyRules
from service.publishing.dispatch import Dispatcher, Timing
from service.publishing.equivalence import parse_resource
from service.publishing.model import Publication, RemoteRules, Resource, SyncReport
from service.publishing.ports import TargetCollection
from service.publishing.resource import Extras, render_resource
from service.publishing.sync_run import SyncRun
from tests.publishing.clock import START, Clock
from tests.publishing.collections import GivenCollection
from tests.reaching import reach
from tests.store.memory_ledger import MemoryLedger

WRITES = frozenset({"PUT", "DELETE"})
_RENDERING = Rendering(WeeklyRules("Europe/Moscow"))


def resource(
    number: int, topic: str = "Планёрка", revision: int = 0, extras: Extras | None = None
) -> Resource:
    """Return the resource of a conference; two in three are weekly."""
    start = START + timedelta(minutes=15 * number)
    schedule: Schedule = Once(start, timedelta(hours=1))
    if number % 3:
        schedule = Weekly(start, timedelta(minutes=45), frozenset({Weekday.MO, Weekday.TH}))
    conference = Conference(str(1000 + number), f"{topic} {number}, итоги; \\ планы", "brown", schedule)
    vevent = to_vevent(Key("video.test", conference.id), conference, _RENDERING)
    assert vevent is not None
    revised = Revision(revision, START + timedelta(minutes=revision))
    entry = Entry(Key("video.test", conference.id), conference, revised, b"", "lobby")
    return Resource.of(vevent.uid, render_resource(render_vevent(vevent, revised), extras, entry))


def resources(numbers: Iterable[int], **differences: Any) -> dict[str, Resource]:
    made = (resource(number, **differences) for number in numbers)
    return {each.uid: each for each in made}


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """
    Carries requests to the server and keeps count of them.
    """

    inner: httpx.AsyncBaseTransport
    requests: list[httpx.Request] = field(default_factory=list)
    answered: list[tuple[str, int]] = field(default_factory=list)
    tells_etags: bool = True
    """Whether every PUT so far was answered with an ETag where it was done."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        response = await self.inner.handle_async_request(request)
        self.answered.append((request.method, response.status_code))
        if request.method == "PUT" and response.is_success and "ETag" not in response.headers:
            self.tells_etags = False
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()

    def methods(self) -> dict[str, int]:
        """How often each method was sent."""
        counted: dict[str, int] = {}
        for request in self.requests:
            counted[request.method] = counted.get(request.method, 0) + 1
        return counted

    def writes(self) -> list[httpx.Request]:
        return [request for request in self.requests if request.method in WRITES]

    def others(self) -> list[str]:
        return [request.method for request in self.requests if request.method not in WRITES]

    def forget(self) -> None:
        self.requests.clear()
        self.answered.clear()


@dataclass
class Site:
    """
    One target.
    """

    http: httpx.AsyncClient
    wire: Wire
    url: str
    auth: httpx.Auth
    collection: str
    rules: RemoteRules = field(default_factory=RemoteRules)
    concurrency: int = 4
    quirks: tuple[str, ...] = ()
    clock: Clock = field(default_factory=Clock)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    create: bool = True
    key: str = "team"
    identity: str = "identity"
    named: Callable[[str], bool] = lambda _key: True
    audit_every: timedelta = timedelta(hours=1)
    dispatcher: Dispatcher | None = None
    shared: Connection | None = None
    """A connection that a test made; else each use has a new one."""

    @property
    def connection(self) -> Connection:
        return self.shared or Connection(
            self.http,
            places=Places(self.url),
            auth=self.auth,
            timeout=timedelta(seconds=20),
            clock=self.clock,
        )

    @property
    def server(self) -> CalDavServer:
        spec = CollectionSpec(self.url, self.collection, create=self.create, quirks=self.quirks)
        return CalDavServer(self.connection, spec, self.rules, self.concurrency)

    async def publish(self, desired: Mapping[str, Resource]) -> SyncReport:
        """One pass."""
        return await self.carry_out(
            GivenCollection(
                self.key, self.identity, self.server, self.rules, self.audit_every, desired, self.named
            )
        )

    async def carry_out(self, target: TargetCollection) -> SyncReport:
        """One pass for a target that is made elsewhere."""
        self.dispatcher = self.dispatcher or Dispatcher(
            self.concurrency, Timing(self.clock.sleep, lambda: 0.5)
        )
        one = SyncRun(target, self.ledger, self.dispatcher, clock=self.clock)
        return await one.run()

    async def audit(self, desired: Mapping[str, Resource]) -> SyncReport:
        """One pass, long enough after the last for an audit."""
        self.clock.now += self.audit_every
        return await self.publish(desired)

    def lose_the_database(self) -> None:
        self.ledger = MemoryLedger()

    async def collection_url(self) -> str:
        return (await self.ledger.targets())[self.key].url

    async def rows(self) -> dict[str, Publication]:
        return await self.ledger.publications(self.key)

    async def reach_rows(self, count: int) -> None:
        """Wait until the ledger has this many rows."""

        async def is_there() -> bool:
            return len(await self.rows()) >= count

        await reach(is_there, pause=0)

    async def held(self) -> dict[str, bytes]:
        """Every body in the collection by path, read behind confcal's back."""
        listed = await self._person("PROPFIND", "", headers={"Depth": "1"})
        assert listed.status_code == 207
        held = {}
        for answer in parse_multistatus(listed.content, str(listed.request.url)).answers:
            if answer.href.endswith(".ics"):
                held[answer.href] = (await self._person("GET", answer.url)).content
        return held

    async def _person(self, method: str, name: str, **options: Any) -> httpx.Response:
        """Do what somebody else's client does, as often as the network wants it."""
        url = httpx.URL(await self.collection_url()).join(name)
        async with httpx.AsyncClient(transport=_Kept(self.wire.inner), timeout=30, auth=self.auth) as http:
            for _ in range(20):
                with suppress(httpx.TransportError):
                    response = await http.request(method, url, **options)
                    if response.status_code != 429:
                        return response
        raise AssertionError("the server never answered")

    async def means(
        self, desired: Mapping[str, Resource], foreign: Mapping[str, bytes] | None = None
    ) -> None:
        """Assert that the collection holds exactly these, each once."""
        expected = [parse_resource(each.body) for each in desired.values()]
        expected += [parse_resource(body) for body in (foreign or {}).values()]
        found = [parse_resource(body) for body in (await self.held()).values()]
        assert sorted(r.uid for r in found) == sorted(r.uid for r in expected)
        assert sorted((r.uid, r.content_hash) for r in found) == sorted(
            (r.uid, r.content_hash) for r in expected
        )

    async def person_puts(self, name: str, body: bytes) -> None:
        """Write as a person does."""
        kind = {"Content-Type": "text/calendar; charset=utf-8"}
        done = await self._person("PUT", name, content=body, headers=kind)
        assert done.is_success, done.status_code

    async def person_deletes(self, name: str) -> None:
        """Delete as a person does."""
        done = await self._person("DELETE", name)
        assert done.is_success or done.status_code == 404, done.status_code


class _Kept(httpx.AsyncBaseTransport):
    """A transport that outlives the client that borrows it."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._inner.handle_async_request(request)


def foreign_events(count: int = 50) -> dict[str, bytes]:
    """What people have in the calendar already, by file name."""
    events = {}
    for number in range(count):
        start = START + timedelta(days=number)
        lines = (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Person//Phone//EN",
            "BEGIN:VEVENT",
            f"UID:person-{number}",
            "DTSTAMP:20260101T000000Z",
            f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
            f"DTEND:{start + timedelta(hours=2):%Y%m%dT%H%M%SZ}",
            f"SUMMARY:Dentist {number}",
            "END:VEVENT",
            "END:VCALENDAR",
        )
        events[f"person-{number}.ics"] = ("\r\n".join(lines) + "\r\n").encode()
    return events


@asynccontextmanager
async def opened(
    inner: httpx.AsyncBaseTransport, url: str, collection: str, auth: httpx.Auth
) -> AsyncIterator[Site]:
    wire = Wire(inner)
    async with httpx.AsyncClient(transport=wire, timeout=30, headers={"Accept-Encoding": "identity"}) as http:
        yield Site(http, wire, url, auth, collection)
