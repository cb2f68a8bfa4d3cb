"""
The servers that the publisher's contract is held against.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from uuid import uuid4

import httpx

from tests.caldav import misbehaving
from tests.caldav.loopback import PASSWORD, USERNAME, Loopback
from tests.caldav.misbehaving import Misbehaving
from tests.caldav.site import Site, opened

EXTERNAL = "CONFCAL_TEST_CALDAV_URL"

# Read here: the tests hide all settings of whoever runs them.
_URL = os.environ.get(EXTERNAL)
_AUTH = httpx.BasicAuth(
    os.environ.get("CONFCAL_TEST_CALDAV_USERNAME", ""), os.environ.get("CONFCAL_TEST_CALDAV_PASSWORD", "")
)

REAL = ("radicale", "xandikos")
GOOD = ("memory", *REAL, "external")
ODD = ("rewriting", "multistatus", "no-sync")
FAULTY = ("no-etag", "slow", "resets", "storms", "lost-answers")


def misbehavior(kind: str) -> Misbehaving:  # noqa: C901 -- one case for each fault
    """Return a server in memory with one fault."""
    server = Misbehaving()
    numbers = count(1)

    def every(period: int, error: type[httpx.TransportError]) -> Callable[[httpx.Request], None]:
        def fail(request: httpx.Request) -> None:
            if next(numbers) % period == 0:
                raise error("torn apart", request=request)

        return fail

    async def first(fail: Callable[[httpx.Request], None], request: httpx.Request) -> httpx.Response | None:
        fail(request)
        return None

    match kind:
        case "no-etag":
            server.etags = False
        case "rewriting":
            server.rewriting = True
        case "multistatus":
            server.multistatus_put = True
        case "no-sync":
            server.syncing = False
        case "slow":
            late = every(7, httpx.ReadTimeout)
            server.before = lambda request: first(late, request)
        case "resets":
            torn = every(5, httpx.ReadError)
            server.before = lambda request: first(torn, request)
        case "storms":
            server.before = storms(numbers)
        case "lost-answers":
            server.after = every(6, httpx.RemoteProtocolError)
    return server


def storms(numbers: "count[int]") -> Callable[[httpx.Request], Awaitable[httpx.Response | None]]:
    async def throttle(_request: httpx.Request) -> httpx.Response | None:
        number = next(numbers)
        if number % 40 < 3:
            when = "2" if number % 80 < 40 else "Mon, 05 Oct 2026 08:00:20 GMT"
            return httpx.Response(429, headers={"Retry-After": when})
        return None

    return throttle


@asynccontextmanager
async def site_of(kind: str, loopback: Callable[[str], Loopback]) -> AsyncIterator[Site]:
    """Give a target on one of the servers, with a collection of its own."""
    name = f"confcal-{uuid4().hex[:12]}"
    if kind == "external":
        async with _external(name) as site:
            yield site
        return
    if kind in REAL:
        url = f"http://127.0.0.1:{loopback(kind).port}/"
        auth = httpx.BasicAuth(USERNAME, PASSWORD)
        async with opened(httpx.AsyncHTTPTransport(), url, name, auth) as site:
            yield site
        return
    transport = httpx.MockTransport(misbehavior(kind).handle)
    auth = httpx.BasicAuth(misbehaving.USERNAME, misbehaving.PASSWORD)
    async with opened(transport, misbehaving.ORIGIN + "/", name, auth) as site:
        yield site


@asynccontextmanager
async def _external(name: str) -> AsyncIterator[Site]:
    assert _URL
    async with opened(httpx.AsyncHTTPTransport(), _URL, name, _AUTH) as site:
        try:
            yield site
        finally:
            for record in (await site.ledger.targets()).values():
                async with httpx.AsyncClient(timeout=30, auth=_AUTH) as http:
                    await http.delete(record.url)
