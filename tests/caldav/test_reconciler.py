"""
A target over days: what waits, what collapses, what others notice of it.
"""

import asyncio
from datetime import timedelta

import httpx
import pytest

from service.core.errors import PlanRefused
from service.publishing.dispatch import Timing
from service.publishing.model import RemoteRules, Standing
from tests.caldav.misbehaving import Misbehaving
from tests.caldav.reconcilers import Kept, down
from tests.caldav.site import Site, resource, resources
from tests.reaching import reach, stop


async def test_ten_edits_during_an_outage_are_one_put_afterwards(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    kept.desired = resources(range(5))
    await kept.reconciler.once()
    down(server)
    for revision in range(1, 11):
        kept.desired = {**kept.desired, **resources([2], topic=f"Edit {revision}", revision=revision)}
        kept.reconciler.mark_changed()
        await kept.reconciler.once()
    server.before = None
    site.wire.forget()

    await kept.reconciler.once()

    assert site.wire.methods() == {"PUT": 1}
    await site.means(kept.desired)


async def test_a_server_that_is_down_is_asked_ever_more_rarely(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    kept.desired = resources(range(5))
    down(server)

    pauses = [await kept.reconciler.once() for _ in range(12)]

    assert pauses == sorted(pauses)
    assert pauses[0] == 5.0
    assert pauses[-1] == 900.0
    assert kept.reconciler.status.state == "down"
    assert "cannot be reached" in kept.reconciler.status.error

    server.before = None
    assert await kept.reconciler.once() == 3600.0
    assert (kept.reconciler.status.state, kept.reconciler.status.error) == ("in step", "")


async def test_the_pass_after_an_outage_begins_with_one_request(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    await kept.reconciler.once()
    kept.desired = resources(range(50))
    down(server)
    await kept.reconciler.once()
    site.wire.forget()

    await kept.reconciler.once()

    # One at a time, until so many failed in a row that the target counts as down.
    assert site.wire.methods() == {"PUT": 5}


async def test_bells_wait_while_the_target_is_down(site: Site, server: Misbehaving) -> None:
    down(server)
    slept = asyncio.Event()
    go_on = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        slept.set()
        await go_on.wait()

    kept = Kept(site, Timing(sleep, lambda: 0.5))
    kept.desired = resources(range(2))
    running = asyncio.create_task(kept.reconciler.run())
    await slept.wait()
    before = len(site.wire.requests)
    for _ in range(10):
        kept.reconciler.mark_changed()
        await asyncio.sleep(0)
    assert len(site.wire.requests) == before
    await stop(running)


async def test_a_change_rings_and_is_published(site: Site) -> None:
    kept = Kept(site)
    running = asyncio.create_task(kept.reconciler.run())
    for count in (2, 4):
        kept.desired = resources(range(count))
        kept.reconciler.mark_changed()
        await site.reach_rows(count)
    await reach(lambda: kept.reconciler.status.lag_seconds is not None, pause=0)
    await stop(running)
    await site.means(kept.desired)


async def test_it_ends_even_where_the_bell_rings_at_that_moment(site: Site) -> None:
    kept = Kept(site)
    running = asyncio.create_task(kept.reconciler.run())
    await reach(lambda: kept.reconciler.status.last_pass_at, pause=0)
    await asyncio.sleep(0)
    kept.reconciler.mark_changed()
    await stop(running)


async def test_a_lost_collection_is_made_anew_with_restore(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    kept.desired = resources(range(3))
    await kept.reconciler.once()
    server.calendars.clear()
    server.home_calendars.clear()
    site.clock.now += timedelta(hours=1)

    assert await kept.reconciler.once() < 60
    await kept.later(minutes=1)

    await site.means(kept.desired)


async def test_a_lost_collection_stays_lost_with_keep(site: Site, server: Misbehaving) -> None:
    site.rules = RemoteRules("keep", "keep")
    kept = Kept(site)
    kept.desired = resources(range(3))
    await kept.reconciler.once()
    server.calendars.clear()
    server.home_calendars.clear()
    site.clock.now += timedelta(hours=1)

    for _ in range(3):
        await kept.later(minutes=1)

    assert server.calendars == {}
    assert "was deleted" in kept.reconciler.status.error
    assert len(await site.rows()) == 3


async def test_what_is_parked_is_told_with_its_reason(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    kept.desired = resources(range(3))

    async def refuse(request: httpx.Request) -> httpx.Response | None:
        hit = request.method == "PUT" and resource(1).uid in str(request.url)
        return httpx.Response(413) if hit else None

    server.before = refuse
    assert await kept.reconciler.once() == 60.0
    assert (kept.reconciler.status.state, kept.reconciler.status.pending) == ("waiting", 1)
    for _ in range(2):
        await kept.reconciler.once()

    assert [row.uid for row in kept.reconciler.status.parked] == [resource(1).uid]
    assert all(
        row.standing is Standing.PARKED and "too large" in row.reason for row in kept.reconciler.status.parked
    )


async def test_without_a_list_nothing_is_asked_for(site: Site) -> None:
    kept = Kept(site)
    kept.refusal = PlanRefused("no list was heard yet")
    await kept.reconciler.once()

    assert (kept.reconciler.status.state, kept.reconciler.status.error) == (
        "waiting",
        "no list was heard yet",
    )
    assert site.wire.requests == []


async def test_the_first_list_is_published_at_once(site: Site) -> None:
    kept = Kept(site)
    kept.refusal = PlanRefused("no list was heard yet")
    running = asyncio.create_task(kept.reconciler.run())
    await asyncio.sleep(0)
    kept.desired = resources(range(2))
    kept.refusal = None
    kept.reconciler.mark_changed()
    await site.reach_rows(2)
    await stop(running)
    assert site.clock.slept == []


@pytest.mark.parametrize("status", [401, 403])
async def test_a_target_that_needs_a_person_is_asked_seldom(
    site: Site, server: Misbehaving, status: int
) -> None:
    kept = Kept(site)
    kept.desired = resources(range(30))

    async def refuse(_request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(status)

    server.before = refuse

    assert await kept.reconciler.once() >= 60
    assert kept.reconciler.status.state == "failing"


async def test_one_collection_of_several_that_fails_does_not_hold_up_the_others(site: Site) -> None:
    kept = Kept(site)
    kept.desired = resources(range(2))
    # The second one leads to the same collection, which it is refused.
    kept.second_key = "team/second"

    assert await kept.reconciler.once() >= 60.0
    assert (kept.reconciler.status.state, len(await site.rows())) == ("failing", 2)
    running = asyncio.create_task(kept.reconciler.run())
    kept.desired = resources(range(3))
    kept.reconciler.mark_changed()
    await site.reach_rows(3)
    await stop(running)
    assert site.clock.slept == []
