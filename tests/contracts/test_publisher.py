"""
What publishing promises, on every server: those in memory with their faults, and real ones.

CONFCAL_TEST_CALDAV_URL, _USERNAME and _PASSWORD add any other server.
"""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from math import ceil

import httpx
import pytest

from service.core.errors import Fatal, Retryable
from service.publishing.model import RemoteRules, Resource
from tests.caldav.loopback import Loopback
from tests.caldav.site import Site, foreign_events, resource, resources
from tests.contracts.sites import EXTERNAL, FAULTY, GOOD, ODD, REAL, site_of
from tests.tools import IN_CI, how_often

_MOST_PASSES = 60
_AT_HAND = [kind for kind in GOOD if kind != "external" or os.environ.get(EXTERNAL)]


_FOR_MANY = [
    (kind, how_often(300, 130 if kind in REAL else 500, 500))
    for kind in ([*_AT_HAND, *ODD] if IN_CI else [each for each in (*_AT_HAND, *ODD) if each not in REAL])
]
"""
Real servers take half a minute of CPU time for 500 resources and show the same with 130; they run in CI.
300 are more than one REPORT asks for.
"""

_IN_ONE_REPORT = 250


@pytest.fixture(params=[*_AT_HAND, *ODD])
async def good(request: pytest.FixtureRequest, loopback: Callable[[str], Loopback]) -> AsyncIterator[Site]:
    """A server that answers every request."""
    async with site_of(request.param, loopback) as site:
        yield site


@pytest.fixture(params=[*_AT_HAND, *ODD, *FAULTY])
async def any_site(
    request: pytest.FixtureRequest, loopback: Callable[[str], Loopback]
) -> AsyncIterator[Site]:
    """A server, whatever is wrong with it."""
    async with site_of(request.param, loopback) as site:
        yield site


async def until_done(site: Site, desired: Mapping[str, Resource], *, audit: bool = False) -> None:
    """Pass after pass, as the daemon does, until one goes through with nothing left waiting."""
    if audit:
        site.clock.now += site.audit_every
    for _ in range(_MOST_PASSES):
        try:
            report = await site.publish(desired)
        except Retryable:
            continue
        if not report.waiting:
            return
    pytest.fail("it never came to an end")


@pytest.mark.parametrize(("good", "many"), _FOR_MANY, indirect=["good"])
async def test_as_many_conferences_are_as_many_puts_and_at_most_6_other_requests(
    good: Site, many: int
) -> None:
    desired = resources(range(many))

    report = await good.publish(desired)

    assert (report.created, report.refused, report.waiting) == (many, 0, 0)
    assert good.wire.methods()["PUT"] == many
    assert all(request.headers["If-None-Match"] == "*" for request in good.wire.writes())
    # Where a PUT tells no ETag, one question for 250 of them comes on top.
    unanswered = sum(1 for row in (await good.rows()).values() if not row.etag)
    assert unanswered == 0
    assert len(good.wire.others()) <= (6 if good.wire.tells_etags else 8)

    good.wire.forget()
    await good.publish(desired)
    assert good.wire.requests == []

    changed = {**resources(range(10, many)), **resources(range(10, 20), topic="Новая тема", revision=1)}
    report = await good.publish(changed)
    assert (report.updated, report.deleted) == (10, 10)
    conditional = [r for r in good.wire.writes() if r.headers.get("If-Match", "").startswith('"')]
    assert len(conditional) == len(good.wire.writes()) == 20
    assert len(good.wire.requests) == (20 if good.wire.tells_etags else 21)

    good.wire.forget()
    good.lose_the_database()
    report = await good.publish(changed)
    assert report.adopted == many - 10
    assert good.wire.writes() == []
    listings = [
        r for r in good.wire.requests if r.method == "PROPFIND" and r.url == await good.collection_url()
    ]
    assert len(listings) == 1
    assert good.wire.methods()["REPORT"] == ceil((many - 10) / _IN_ONE_REPORT)

    good.wire.forget()
    await good.publish(changed)
    assert good.wire.requests == []
    await good.means(changed)


async def test_every_fault_ends_with_the_collection_equal_to_the_calendar(any_site: Site) -> None:
    first = resources(range(60))
    await until_done(any_site, first)
    foreign = foreign_events()
    for name, body in foreign.items():
        await any_site.person_puts(name, body)

    second = {**resources(range(10, 70)), **resources(range(20, 30), topic="Moved", revision=1)}
    await until_done(any_site, second)
    await any_site.means(second, foreign)

    await until_done(any_site, second, audit=True)
    any_site.lose_the_database()
    await until_done(any_site, second)
    await any_site.means(second, foreign)

    third = {**second, **resources(range(40, 50), topic="Again", revision=2)}
    await until_done(any_site, third)
    await any_site.means(third, foreign)

    # What `confcal purge` does.
    await until_done(any_site, {})
    await any_site.means({}, foreign)
    assert await any_site.rows() == {}


async def test_a_person_s_change_is_overwritten_only_with_restore(good: Site) -> None:
    desired = resources(range(6))
    good.rules = RemoteRules(on_change="keep", on_delete="keep")
    await good.publish(desired)
    edited, deleted = resource(1), resource(2)
    await good.person_puts(f"{edited.uid}.ics", edited.body.replace("Планёрка".encode(), "Обед".encode()))
    await good.person_deletes(f"{deleted.uid}.ics")

    report = await good.audit(desired)
    assert (report.left, report.writes) == (2, 0)
    # Not even when the conference changes; what was only deleted comes back with the change.
    changed = {**desired, **resources([1, 2], topic="Другое", revision=1)}
    await good.publish(changed)
    held = await good.held()
    mine = next(body for href, body in held.items() if edited.uid in href)
    assert "Обед".encode() in mine.replace(b"\r\n ", b"").replace(b"\n ", b"")
    assert len(held) == 6

    good.rules = RemoteRules()
    await good.publish(changed)
    await good.means(changed)


async def test_what_a_person_edited_is_never_deleted(good: Site) -> None:
    desired = resources(range(3))
    await good.publish(desired)
    edited = resource(1)
    body = edited.body.replace("Планёрка".encode(), "Обед".encode())
    await good.person_puts(f"{edited.uid}.ics", body)

    report = await good.publish({})

    assert (report.deleted, report.left) == (2, 1)
    await good.means({}, {"edited": body})
    await good.publish({})
    assert await good.rows() == {}


async def test_restore_brings_back_what_people_changed_and_deleted(good: Site) -> None:
    desired = resources(range(6))
    await good.publish(desired)
    await good.person_puts(f"{resource(1).uid}.ics", resource(1, topic="Обед").body)
    await good.person_deletes(f"{resource(2).uid}.ics")

    report = await good.audit(desired)

    assert (report.created, report.updated) == (1, 1)
    await good.means(desired)


async def test_an_audit_of_an_untouched_collection_is_one_request(good: Site) -> None:
    desired = resources(range(5))
    await good.publish(desired)
    await good.audit(desired)
    good.wire.forget()

    await good.audit(desired)

    assert len(good.wire.requests) == 1


async def test_a_wrong_password_is_told_and_nothing_is_written(good: Site) -> None:
    good.auth = httpx.BasicAuth("alice", "wrong-password-7")

    with pytest.raises(Fatal, match="refuses the user name or the password") as told:
        await good.publish(resources(range(3)))

    assert "wrong-password-7" not in str(told.value)
    assert good.wire.writes() == []
