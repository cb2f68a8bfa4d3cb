"""
A state that tells the truth: what is refused, what is swallowed, and what goes wrong over and over.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
import structlog

from service.app.check_target import check_target
from service.app.targets import make_reconciler
from service.core.errors import Fatal
from service.core.target_state import TargetState
from service.publishing.model import Standing
from tests.caldav.configured import ConfiguredTargets
from tests.caldav.misbehaving import HOME, Misbehaving
from tests.caldav.reconcilers import Kept, answering, down
from tests.caldav.site import Site, resource, resources

WORK = f"{HOME}team/"
PAGE = "<html><head><title>Forbidden</title></head><body>Request blocked</body></html>"

Misbehavior = Callable[[httpx.Request], Awaitable[httpx.Response | None]]


def state_of(kept: Kept) -> TargetState:
    return kept.reconciler.status.state


def blocked(*methods: str, part: str = "") -> Misbehavior:
    """Answer as a firewall in front of the server does."""

    async def answer(request: httpx.Request) -> httpx.Response | None:
        hit = request.method in methods and part in request.url.path
        return httpx.Response(403, html=PAGE) if hit else None

    return answer


def swallowing(*uids: str) -> Misbehavior:
    """Say that these were stored, all if none is named, and store nothing."""

    async def answer(request: httpx.Request) -> httpx.Response | None:
        if request.method != "PUT" or (uids and not any(uid in request.url.path for uid in uids)):
            return None
        return httpx.Response(201, headers={"ETag": '"1"'})

    return answer


async def test_a_target_with_parked_events_is_incomplete(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    kept.desired = resources(range(3))
    answering(server, 413, method="PUT", path=resource(1).uid)
    for _ in range(4):
        await kept.later(minutes=1)

    assert state_of(kept) is TargetState.INCOMPLETE
    assert len(kept.reconciler.status.parked) == 1

    server.before = None
    await kept.later(days=1)
    assert state_of(kept) is TargetState.IN_STEP


@pytest.mark.parametrize("count", [1, 3, 9, 30])
async def test_every_write_refused_by_something_in_front_is_told_as_that(
    site: Site, server: Misbehaving, count: int
) -> None:
    kept = Kept(site)
    kept.desired = resources(range(count))
    server.before = blocked("PUT", "DELETE")

    for _ in range(5):
        await kept.later(minutes=30)
        assert state_of(kept) is TargetState.FAILING
        assert "every write is refused with 403 by something in front" in kept.reconciler.status.error

    server.before = None
    await kept.later(minutes=30)
    assert state_of(kept) is TargetState.IN_STEP
    await site.means(kept.desired)


async def test_one_event_that_is_blocked_does_not_stop_the_others(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    kept.desired = resources(range(4))
    server.before = blocked("PUT", part=resource(1).uid)

    for _ in range(4):
        await kept.later(minutes=1)

    assert state_of(kept) is TargetState.INCOMPLETE
    assert ["in front of the server" in row.reason for row in kept.reconciler.status.parked] == [True]
    assert len(server.calendars[WORK]) == 3


async def test_a_server_that_stores_nothing_is_noticed_by_the_pass_that_wrote(
    site: Site, server: Misbehaving
) -> None:
    server.before = swallowing()

    with pytest.raises(Fatal, match="says that events are stored, and none of them is there"):
        await site.publish(resources(range(5)))
    assert {row.standing for row in (await site.rows()).values()} == {Standing.WAITING}


async def test_what_a_server_swallows_again_and_again_is_parked_with_the_reason(
    site: Site, server: Misbehaving
) -> None:
    kept = Kept(site)
    kept.desired = resources(range(4))
    server.before = swallowing(resource(1).uid)
    for _ in range(4):
        await kept.later(minutes=1)

    assert state_of(kept) is TargetState.INCOMPLETE
    assert [row.reason for row in kept.reconciler.status.parked] == [
        "the server said that it was stored, and does not have it"
    ]

    server.before = None
    await kept.later(days=1)
    assert state_of(kept) is TargetState.IN_STEP
    await site.means(kept.desired)


async def test_a_first_fill_costs_one_listing_and_later_writes_none(site: Site) -> None:
    await site.publish(resources(range(30)))
    assert site.wire.others()[-1:] == ["PROPFIND"]
    assert site.wire.methods()["PUT"] == 30
    site.wire.forget()

    await site.publish(resources(range(40)))

    assert site.wire.methods() == {"PUT": 10}


async def test_an_answer_that_provokes_an_error_is_a_failing_target_with_a_traceback(
    site: Site, server: Misbehaving
) -> None:
    kept = Kept(site)

    async def provoke(_request: httpx.Request) -> httpx.Response | None:
        raise KeyError("FOO")

    server.before = provoke
    with structlog.testing.capture_logs() as lines:
        pauses = [await kept.reconciler.once() for _ in range(4)]

    assert state_of(kept) is TargetState.FAILING
    assert "cannot be read (KeyError)" in kept.reconciler.status.error
    assert pauses == sorted(pauses)
    assert pauses[0] >= 5.0
    (told,) = [line for line in lines if line["event"] == "publish.target_failed"]
    assert isinstance(told["exc_info"].__cause__, KeyError)

    server.before = None
    await kept.later(hours=1)
    assert state_of(kept) is TargetState.IN_STEP


async def test_one_resource_whose_answer_is_not_understood_does_not_stop_the_others(
    site: Site, server: Misbehaving
) -> None:
    kept = Kept(site)
    kept.desired = resources(range(6))

    async def provoke(request: httpx.Request) -> httpx.Response | None:
        if request.method == "PUT" and resource(1).uid in request.url.path:
            raise NotImplementedError
        return None

    server.before = provoke
    await kept.reconciler.once()

    assert state_of(kept) is TargetState.FAILING
    assert len(server.calendars[WORK]) == 5
    assert sum(request.method == "PUT" for request in site.wire.requests) == 6


async def test_repeated_trouble_is_one_line_with_a_growing_count(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    down(server)
    with structlog.testing.capture_logs() as lines:
        for _ in range(120):
            await kept.later(minutes=15)
        server.before = None
        await kept.later(minutes=15)

    told = [line for line in lines if line["event"] == "publish.target_failed"]
    assert [line["times"] for line in told] == [1, 10, 100]
    (recovered,) = [line for line in lines if line["event"] == "publish.target_recovered"]
    assert (recovered["times"], recovered["after_seconds"]) == (120, 120 * 900)


async def test_another_trouble_meanwhile_is_another_line(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    with structlog.testing.capture_logs() as lines:
        for _ in range(4):
            down(server)
            await kept.later(minutes=15)
            answering(server, 503)
            await kept.later(minutes=15)

    assert len([line for line in lines if line["event"] == "publish.target_failed"]) == 2


async def test_check_fails_while_every_write_is_refused(site: Site, server: Misbehaving) -> None:
    targets_by_name = ConfiguredTargets(site)
    await targets_by_name.hear(3)
    configured = targets_by_name.of("cloud")["cloud"]
    reconciler = make_reconciler(configured, site.clock)
    server.before = blocked("PUT", "DELETE")
    await reconciler.once()

    refused = await check_target(configured)
    assert not refused.good
    assert refused.state is TargetState.INCOMPLETE
    assert refused.lines[0] == (
        "incomplete: 3 events are refused: something in front of the server does not permit it (status 403)"
    )

    server.before = None
    site.clock.now += timedelta(hours=1)
    await reconciler.once()
    assert (await check_target(configured)).good
