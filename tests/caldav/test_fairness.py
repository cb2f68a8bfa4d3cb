"""
What goes wrong with some resources, or with one collection, costs nothing to the others.
"""

import httpx
import pytest

from service.core.errors import Fatal
from service.publishing.model import Standing
from tests.caldav.misbehaving import HOME, Misbehaving
from tests.caldav.reconcilers import Kept, answering
from tests.caldav.site import Site, resource, resources

SECOND = f"{HOME}b/"


def refusing(server: Misbehaving, numbers: range, status: int) -> None:
    uids = [resource(number).uid for number in numbers]

    async def refuse(request: httpx.Request) -> httpx.Response | None:
        hit = request.method == "PUT" and any(uid in request.url.path for uid in uids)
        return httpx.Response(status) if hit else None

    server.before = refuse


async def test_a_dozen_refused_resources_are_parked_and_a_new_one_is_published(
    site: Site, server: Misbehaving
) -> None:
    refusing(server, range(12), 415)
    for _ in range(3):
        await site.publish(resources(range(12)))
    assert {row.standing for row in (await site.rows()).values()} == {Standing.PARKED}

    report = await site.publish(resources(range(13)))

    assert (report.created, report.refused) == (1, 0)


async def test_a_new_resource_is_published_although_a_dozen_may_not_be_written(
    site: Site, server: Misbehaving
) -> None:
    refusing(server, range(12), 403)
    with pytest.raises(Fatal):
        await site.publish(resources(range(20)))

    report = await site.publish(resources(range(20)))

    assert report.created == 8


async def test_one_success_tells_that_the_target_is_not_at_fault(site: Site, server: Misbehaving) -> None:
    refusing(server, range(1, 16), 403)

    report = await site.publish(resources(range(16)))

    assert (report.created, report.refused) == (1, 15)


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_a_collection_that_fails_does_not_keep_those_after_it_waiting(
    site: Site, server: Misbehaving, status: int
) -> None:
    kept = Kept(site)
    kept.collections = "abc"
    kept.desired = resources(range(2))
    await kept.reconciler.once()
    answering(server, status, path=SECOND)
    kept.desired = resources(range(4))

    await kept.later(hours=1)

    assert [len(server.calendars[f"{HOME}{name}/"]) for name in "abc"] == [4, 2, 4]
    assert kept.reconciler.status.state in {"failing", "down"}
    assert kept.reconciler.status.error

    server.before = None
    await kept.later(hours=1)
    assert len(server.calendars[SECOND]) == 4
    assert (kept.reconciler.status.state, kept.reconciler.status.error) == ("in step", "")


async def test_a_collection_that_never_answers_comes_last(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    kept.collections = "abc"
    kept.desired = resources(range(2))
    await kept.reconciler.once()
    answering(server, 504, path=SECOND)
    kept.desired = resources(range(4))

    for _ in range(2):
        await kept.later(hours=1)

    assert [len(server.calendars[f"{HOME}{name}/"]) for name in "abc"] == [4, 2, 4]


async def test_a_collection_that_cannot_be_made_is_tried_ever_more_rarely(
    site: Site, server: Misbehaving
) -> None:
    kept = Kept(site)
    kept.collections = "ab"
    kept.desired = resources(range(2))
    answering(server, 403, method="MKCALENDAR", path=SECOND)

    for _ in range(60):
        await kept.later(minutes=1)

    assert 2 <= sum(request.url.path == SECOND for request in site.wire.requests) <= 30
    assert len(server.calendars[f"{HOME}a/"]) == 2


async def test_too_many_new_calendars_do_not_stop_those_there_are(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    kept.collections = "a"
    await kept.reconciler.once()
    kept.collections = "ba"

    async def busy(request: httpx.Request) -> httpx.Response | None:
        hit = request.method == "MKCALENDAR"
        return httpx.Response(429, headers={"Retry-After": "3000"}) if hit else None

    server.before = busy
    kept.desired = resources(range(2))
    await kept.reconciler.once()
    assert len(server.calendars[f"{HOME}a/"]) == 2

    site.wire.forget()
    kept.desired = resources(range(3))
    for _ in range(9):
        await kept.later(minutes=5)
    assert site.wire.methods() == {"PUT": 1}


async def test_a_wrong_password_is_tried_once_for_all_collections(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    kept.collections = "abc"
    answering(server, 401)

    assert await kept.reconciler.once() >= 60
    assert len(site.wire.requests) == 1
    assert kept.reconciler.status.state == "failing"


async def test_what_cannot_be_read_is_looked_at_again_with_the_next_audit(
    site: Site, server: Misbehaving
) -> None:
    desired = resources(range(4))
    await site.publish(desired)
    await site.audit(desired)
    unreadable = resource(1).uid

    async def fail(request: httpx.Request) -> httpx.Response | None:
        hit = unreadable.encode() in str(request.url).encode() + request.content
        return httpx.Response(500) if hit else None

    for number in (1, 2):
        body = resource(number, topic="Mine").body
        server.put(f"{HOME}team/", f"{resource(number).uid}.ics", body)
    server.before = fail
    report = await site.audit({**desired, **resources([5])})
    assert (report.created, report.updated) == (1, 1)

    server.before = None
    await site.audit({**desired, **resources([5])})

    await site.means({**desired, **resources([5])})
