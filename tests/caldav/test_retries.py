"""
What is tried again after a long while, what is not, and what is said of it meanwhile.
"""

from datetime import timedelta

import httpx
import pytest
import structlog
from typing_extensions import override

from service.core.errors import StoreUnavailable
from service.publishing.model import Standing
from service.publishing.ports import TargetRecord
from tests.caldav.misbehaving import HOME, Misbehaving
from tests.caldav.reconcilers import Kept, answering, down
from tests.caldav.site import Site, resource, resources
from tests.store.memory_ledger import MemoryLedger

WORK = f"{HOME}team/"


async def test_what_is_parked_is_tried_again_after_a_day(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    kept.desired = resources(range(3))
    answering(server, 413, method="PUT", path=resource(1).uid)
    for _ in range(3):
        await kept.later(minutes=1)
    site.wire.forget()
    await kept.later(hours=12)
    assert "PUT" not in site.wire.methods()

    server.before = None
    await kept.later(hours=12)

    await site.means(kept.desired)
    assert kept.reconciler.status.parked == {}


async def test_a_parked_deletion_is_tried_again_after_a_day(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    kept.desired = resources(range(2))
    await kept.reconciler.once()
    kept.desired = resources(range(1))
    answering(server, 403, method="DELETE")
    for _ in range(3):
        await kept.later(minutes=1)
    assert len(kept.reconciler.status.parked) == 1
    site.wire.forget()
    await kept.later(hours=12)
    assert "DELETE" not in site.wire.methods()

    server.before = None
    await kept.later(hours=12)

    await site.means(kept.desired)


async def test_what_the_server_failed_on_is_tried_again_within_an_hour(
    site: Site, server: Misbehaving
) -> None:
    desired = resources(range(3))
    answering(server, 500, method="PUT", path=resource(1).uid)
    for _ in range(3):
        await site.publish(desired)
    assert (await site.rows())[resource(1).uid].standing is Standing.PARKED

    server.before = None
    site.clock.now += timedelta(hours=1)
    report = await site.publish(desired)

    assert report.created == 1


async def test_the_next_pass_comes_in_time_for_what_is_parked(site: Site, server: Misbehaving) -> None:
    site.audit_every = timedelta(days=7)
    kept = Kept(site)
    kept.desired = resources(range(3))
    answering(server, 413, method="PUT", path=resource(1).uid)
    for _ in range(2):
        await kept.reconciler.once()

    assert await kept.reconciler.once() == timedelta(days=1).total_seconds()


async def test_a_fight_with_every_audit_ends_within_a_day(site: Site, server: Misbehaving) -> None:
    desired = resources(range(2))
    await site.publish(desired)
    site.wire.forget()

    for _ in range(72):
        if f"{resource(1).uid}.ics" in server.calendars[WORK]:
            server.remove(WORK, f"{resource(1).uid}.ics")
        await site.audit(desired)

    # Twelve with the first, and then one a day.
    assert site.wire.methods()["PUT"] <= 11 + 3
    row = (await site.rows())[resource(1).uid]
    assert (row.standing, "12 times in a row" in row.reason) == (Standing.PARKED, True)

    for _ in range(25):
        await site.audit(desired)
    await site.means(desired)


async def test_what_was_reverted_after_a_lost_answer_is_written_again(
    site: Site, server: Misbehaving
) -> None:
    before = resources(range(1))
    await site.publish(before)

    def lose(request: httpx.Request) -> None:
        if request.method == "PUT":
            raise httpx.ReadError("torn apart", request=request)

    server.after = lose
    with pytest.raises(Exception, match="broke the connection"):
        await site.publish(resources([0], topic="Moved", revision=1))
    server.after = None

    await site.publish(before)

    await site.means(before)


async def test_a_server_is_not_said_to_work_again_before_it_was_asked(
    site: Site, server: Misbehaving
) -> None:
    kept = Kept(site)
    kept.desired = before = resources(range(2))
    await kept.reconciler.once()
    reached_at = kept.reconciler.status.last_pass_at
    down(server)
    kept.desired = resources(range(3))
    with structlog.testing.capture_logs() as lines:
        first = await kept.later(minutes=1)
        # Nothing is left to be written, and no audit is due.
        kept.desired = before
        second = await kept.later(minutes=1)

        assert (kept.reconciler.status.state, kept.reconciler.status.last_pass_at) == ("down", reached_at)
        assert second > first
        assert "publish.target_recovered" not in [line["event"] for line in lines]

        server.before = None
        await kept.later(minutes=1)

    assert (kept.reconciler.status.state, kept.reconciler.status.error) == ("in step", "")
    assert [line["event"] for line in lines].count("publish.target_recovered") == 1
    assert kept.reconciler.status.last_pass_at == site.clock.now


async def test_a_target_without_calendars_is_no_proof_that_its_server_works(
    site: Site, server: Misbehaving
) -> None:
    kept = Kept(site)
    down(server)
    await kept.reconciler.once()
    kept.drop_collections()

    await kept.later(minutes=1)

    assert (kept.reconciler.status.state, kept.reconciler.status.last_pass_at) == ("down", None)


async def test_a_pass_without_a_request_is_not_a_pass_that_the_server_answered(site: Site) -> None:
    kept = Kept(site)
    kept.desired = resources(range(2))
    await kept.reconciler.once()
    reached_at = kept.reconciler.status.last_pass_at
    site.wire.forget()

    await kept.later(minutes=10)

    assert site.wire.requests == []
    assert (kept.reconciler.status.state, kept.reconciler.status.last_pass_at) == ("in step", reached_at)


class LockedLedger(MemoryLedger):
    """A ledger in a database that can be locked."""

    locked = False

    @override
    async def targets(self) -> dict[str, TargetRecord]:
        if self.locked:
            raise StoreUnavailable("The database is locked")
        return await super().targets()


async def test_the_database_is_asked_again_within_a_minute_or_two(site: Site) -> None:
    site.ledger = ledger = LockedLedger()
    kept = Kept(site)
    await kept.reconciler.once()

    ledger.locked = True
    pauses = [await kept.reconciler.once() for _ in range(12)]
    assert max(pauses) == 60.0
    assert kept.reconciler.status.state == "down"

    ledger.locked = False
    assert await kept.reconciler.once() == 3600.0
    assert kept.reconciler.status.state == "in step"


async def test_a_busy_server_gets_two_seconds_and_then_more(site: Site, server: Misbehaving) -> None:
    site.concurrency = 1
    left = [3]

    async def busy(request: httpx.Request) -> httpx.Response | None:
        if request.method != "PUT" or not left[0]:
            return None
        left[0] -= 1
        return httpx.Response(503, headers={"Retry-After": "1"})

    server.before = busy

    await site.publish(resources(range(2)))

    assert site.clock.slept == [2.0, 4.0, 8.0]


async def test_after_a_recovery_patience_begins_anew(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    kept.desired = resources(range(2))
    down(server)
    assert [await kept.reconciler.once() for _ in range(3)] == [5.0, 10.0, 20.0]
    server.before = None
    await kept.reconciler.once()
    down(server)
    kept.desired = resources(range(3))

    assert await kept.reconciler.once() == 5.0


async def test_a_server_is_left_alone_for_as_long_as_it_asks(site: Site, server: Misbehaving) -> None:
    async def busy(_request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(503, headers={"Retry-After": "1200"})

    kept = Kept(site)
    server.before = busy

    assert await kept.reconciler.once() == 1200.0


async def test_the_lag_is_counted_from_the_first_change_that_waited(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    await kept.reconciler.once()
    down(server)
    kept.desired = resources(range(2))
    kept.reconciler.mark_changed()
    first = site.clock.now
    await kept.later(minutes=10)
    kept.reconciler.mark_changed()
    server.before = None
    await kept.later(minutes=10)
    assert kept.reconciler.status.lag_seconds == (site.clock.now - first).total_seconds()

    kept.desired = resources(range(3))
    site.clock.now += timedelta(hours=1)
    kept.reconciler.mark_changed()
    await kept.later(seconds=7)

    assert kept.reconciler.status.lag_seconds == 7.0


async def test_a_change_during_a_pass_does_not_wait_for_the_next_one(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    await kept.reconciler.once()
    kept.desired = resources(range(2))

    async def change(request: httpx.Request) -> httpx.Response | None:
        if request.method == "PUT" and len(kept.desired) == 2:
            kept.desired = resources(range(3))
            kept.reconciler.mark_changed()
        return None

    server.before = change
    kept.reconciler.mark_changed()
    await kept.reconciler.once()
    assert kept.reconciler.status.totals.created == 3
    assert kept.reconciler.status.lag_seconds == 0.0
    await kept.later(seconds=9)

    assert kept.reconciler.status.totals.created == 3
    assert kept.reconciler.status.lag_seconds == 0.0


async def test_since_when_something_is_parked_is_remembered(site: Site, server: Misbehaving) -> None:
    kept = Kept(site)
    kept.desired = resources(range(2))
    answering(server, 413, method="PUT", path=resource(1).uid)
    for _ in range(3):
        await kept.later(minutes=1)
    parked_at = site.clock.now

    await kept.later(hours=5)

    assert list(kept.reconciler.status.parked.values()) == [parked_at]
