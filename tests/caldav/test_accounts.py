"""
A refused password: tried twice, then every six hours, whoever shows it.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest

from service.caldav.accounts import Account
from service.caldav.connection import Connection
from service.caldav.discovery import CollectionSpec, discover
from service.caldav.places import Places
from service.caldav.protocol import get, put
from service.core.errors import CredentialsRefused
from tests.caldav.misbehaving import ORIGIN, PASSWORD, USERNAME, Misbehaving
from tests.caldav.reconcilers import Kept
from tests.caldav.site import Site, resources
from tests.publishing.clock import Clock

URL = "https://dav.example.org/cal/"


@dataclass
class Door:
    """A server that counts who knocks."""

    good: bool = False
    status: int = 401
    asked: list[str] = field(default_factory=list)
    open_paths: tuple[str, ...] = ()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        await asyncio.sleep(0)
        is_open = self.good or request.url.path in self.open_paths
        return httpx.Response(200 if is_open else self.status)


def connections(door: Door, clock: Clock, count: int = 1) -> list[Connection]:
    """Targets that show the same credentials."""
    account = Account(clock)
    http = httpx.AsyncClient(transport=httpx.MockTransport(door))
    auth = httpx.BasicAuth(USERNAME, PASSWORD)
    return [
        Connection(
            http, places=Places(URL), auth=auth, timeout=timedelta(seconds=5), clock=clock, account=account
        )
        for _ in range(count)
    ]


async def knocked(one: Connection, url: str = URL) -> float | None:
    """How long the credentials are to rest, None where they are good."""
    try:
        await one.send(get(url))
    except CredentialsRefused as refused:
        return refused.delay_seconds
    return None


async def test_several_targets_try_a_password_together_not_each() -> None:
    door, clock = Door(), Clock()
    three = connections(door, clock, 3)

    waits = await asyncio.gather(*(knocked(one) for one in three))

    assert len(door.asked) == 1
    assert waits == [60.0, 60.0, 60.0]


async def test_after_the_second_try_six_hours_pass() -> None:
    door, clock = Door(), Clock()
    first, second = connections(door, clock, 2)
    for _ in range(24 * 60):
        await knocked(first)
        await knocked(second)
        clock.now += timedelta(minutes=1)

    # At once, a minute later, and then four times a day.
    assert len(door.asked) == 2 + 3
    with pytest.raises(CredentialsRefused, match="every six hours, or after a restart"):
        await first.send(get(URL))


async def test_a_password_that_is_good_again_is_used_at_once() -> None:
    door, clock = Door(), Clock()
    (one,) = connections(door, clock)
    await knocked(one)
    door.good = True
    clock.now += timedelta(minutes=1)

    assert await knocked(one) is None
    assert await knocked(one) is None


async def test_what_the_server_shows_to_anybody_proves_no_password() -> None:
    door, clock = Door(open_paths=("/cal/",)), Clock()
    (one,) = connections(door, clock)
    waits = []
    for _ in range(4):
        assert (await one.send(get(URL))).good
        waits.append(await knocked(one, URL + "closed"))
        clock.now += timedelta(seconds=waits[-1] or 0)

    assert waits == [60.0, 21600.0, 21600.0, 21600.0]


async def test_a_write_proves_a_password_that_was_refused_elsewhere() -> None:
    door, clock = Door(), Clock()
    (one,) = connections(door, clock)
    await knocked(one, URL + "listing")
    door.good = True
    clock.now += timedelta(minutes=1)
    await one.send(put(URL + "1.ics", b"x", etag=None))
    door.good = False

    # A first refusal again, not the second one.
    assert await knocked(one) == 60.0


async def test_requests_that_were_under_way_together_are_one_try() -> None:
    door, clock = Door(good=True), Clock()
    (one,) = connections(door, clock)
    await one.send(get(URL))
    door.good = False

    refused = await asyncio.gather(
        *(one.send(put(URL + "1.ics", b"x", etag=None)) for _ in range(4)), return_exceptions=True
    )

    assert all(isinstance(each, CredentialsRefused) and each.delay_seconds == 60.0 for each in refused)


async def test_a_login_that_is_refused_with_403_is_a_refused_password_too() -> None:
    door, clock = Door(status=403), Clock()
    (one,) = connections(door, clock)

    with pytest.raises(CredentialsRefused, match="403") as refused:
        await one.run(discover(CollectionSpec(URL, "team")))
    assert refused.value.delay_seconds == 60.0
    asked = len(door.asked)
    with pytest.raises(CredentialsRefused):
        await one.run(discover(CollectionSpec(URL, "team")))
    assert len(door.asked) == asked


async def test_a_target_with_a_refused_password_knocks_five_times_a_day(
    site: Site, server: Misbehaving
) -> None:
    account = Account(site.clock)
    connection = Connection(
        site.http,
        places=Places(ORIGIN + "/"),
        auth=httpx.BasicAuth(USERNAME, "changed"),
        timeout=timedelta(seconds=20),
        clock=site.clock,
        account=account,
    )
    site.shared = connection
    kept = Kept(site)
    kept.desired = resources(range(3))
    end = site.clock.now + timedelta(days=1)
    while site.clock.now < end:
        await site.clock.sleep(await kept.reconciler.once())

    assert kept.reconciler.status.state == "failing"
    assert [request.method for request in site.wire.requests] == ["PROPFIND"] * 5
    assert server.calendars == {}
