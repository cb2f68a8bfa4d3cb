"""
What is ours stays known to be ours, whatever becomes of answers, collections and names of targets.
"""

from dataclasses import replace

import httpx
import pytest

from service.core.errors import Fatal, Retryable
from service.publishing.model import RemoteRules
from tests.caldav.misbehaving import HOME, Misbehaving
from tests.caldav.reconcilers import Kept, answering
from tests.caldav.site import Site, foreign_events, resource, resources

WORK = f"{HOME}team/"
MOVED = f"{HOME}moved/"


def losing_answers(server: Misbehaving) -> None:
    def lose(request: httpx.Request) -> None:
        if request.method == "PUT":
            raise httpx.ReadError("torn apart", request=request)

    server.after = lose


@pytest.mark.parametrize("rules", [RemoteRules(), RemoteRules("keep", "keep")])
async def test_two_lost_answers_in_a_row_leave_ours_ours(
    site: Site, server: Misbehaving, rules: RemoteRules
) -> None:
    site.rules = rules
    await site.publish(resources(range(2)))
    losing_answers(server)
    with pytest.raises(Retryable):
        await site.publish({**resources([0]), **resources([1], topic="Second", revision=1)})
    server.after = None
    # The next request does not even arrive.
    answering(server, 503, method="PUT")
    third = {**resources([0]), **resources([1], topic="Third", revision=2)}
    with pytest.raises(Retryable):
        await site.publish(third)
    server.before = None

    await site.publish(third)
    await site.means(third)
    await site.publish(resources([0]))
    await site.means(resources([0]))


async def test_a_lost_answer_and_a_refused_edit_leave_nothing_behind(site: Site, server: Misbehaving) -> None:
    await site.publish(resources(range(2)))
    losing_answers(server)
    with pytest.raises(Retryable):
        await site.publish({**resources([0]), **resources([1], topic="Second", revision=1)})
    server.after = None
    answering(server, 413, method="PUT")
    await site.publish({**resources([0]), **resources([1], topic="Third", revision=2)})
    server.before = None

    report = await site.publish(resources([0]))

    assert report.deleted == 1
    await site.means(resources([0]))


async def test_what_was_refused_and_never_written_is_forgotten_without_a_request(
    site: Site, server: Misbehaving
) -> None:
    await site.publish(resources([0]))
    answering(server, 413, method="PUT")
    await site.publish(resources(range(2)))
    site.wire.forget()

    await site.publish(resources([0]))

    assert site.wire.requests == []
    assert set(await site.rows()) == {resource(0).uid}


async def test_what_was_given_up_after_lost_answers_is_still_ours(site: Site, server: Misbehaving) -> None:
    lost = resource(1).uid

    def lose(request: httpx.Request) -> None:
        if lost in request.url.path:
            raise httpx.ReadError("torn apart", request=request)

    server.after = lose
    report = await site.publish(resources(range(30)))
    assert (report.created, report.refused) == (29, 1)
    assert f"{lost}.ics" in server.calendars[WORK]
    server.after = None

    await site.publish(resources([0]))

    await site.means(resources([0]))


@pytest.mark.parametrize("rules", [RemoteRules(), RemoteRules("keep", "keep")])
async def test_a_redirect_for_a_while_makes_nobody_forget_what_is_there(
    site: Site, server: Misbehaving, rules: RemoteRules
) -> None:
    site.rules = rules
    kept = Kept(site)
    kept.desired = resources(range(3))
    await kept.reconciler.once()

    async def maintenance(_request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(302, headers={"Location": "https://status.dav.test/"})

    server.before = maintenance
    kept.desired = {**resources([0]), **resources([1], topic="Moved", revision=1)}
    await kept.later(minutes=10)
    assert kept.reconciler.status.error
    server.before = None

    await kept.later(hours=1)

    assert kept.reconciler.status.error == ""
    await site.means(kept.desired)


@pytest.mark.parametrize("rules", [RemoteRules(), RemoteRules("keep", "keep")])
async def test_a_collection_that_moved_is_found_at_its_new_address(
    site: Site, server: Misbehaving, rules: RemoteRules
) -> None:
    site.rules = rules
    kept = Kept(site)
    kept.desired = resources(range(2))
    await kept.reconciler.once()
    server.home_calendars[MOVED] = server.home_calendars.pop(WORK)
    server.calendars[MOVED] = {}
    for name, body in server.calendars.pop(WORK).items():
        server.put(MOVED, name, body)

    async def moved(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.startswith(WORK):
            return None
        return httpx.Response(301, headers={"Location": request.url.path.replace(WORK, MOVED)})

    server.before = moved
    kept.desired = resources(range(3))
    for _ in range(2):
        await kept.later(hours=1)

    assert kept.reconciler.status.error == ""
    assert len(server.calendars[MOVED]) == 3


async def test_a_collection_that_seemed_gone_is_taken_up_where_it_was_left(
    site: Site, server: Misbehaving
) -> None:
    kept = Kept(site)
    kept.desired = resources(range(3))
    await kept.reconciler.once()
    answering(server, 404, path=WORK)
    kept.desired = resources(range(2))
    await kept.later(hours=1)
    assert len(await site.rows()) == 3
    server.before = None

    await kept.later(hours=1)

    await site.means(kept.desired)


async def test_a_collection_made_anew_at_its_address_is_filled_at_once(
    site: Site, server: Misbehaving
) -> None:
    desired = resources(range(3))
    await site.publish(desired)
    server.calendars.clear()
    server.home_calendars.clear()
    record = (await site.ledger.targets())["team"]
    await site.ledger.record_target("team", replace(record, identity="other settings"))

    report = await site.publish(desired)

    assert report.created == 3
    await site.means(desired)


async def test_a_target_that_got_another_name_goes_on_with_its_collection(
    site: Site, server: Misbehaving
) -> None:
    await site.publish(resources(range(4)))
    for name, body in foreign_events(5).items():
        server.put(WORK, name, body)
    body = resource(1, topic="Mine").body
    server.put(WORK, f"{resource(1).uid}.ics", body)
    site.key, site.named = "staff", lambda key: key == "staff"

    report = await site.publish(resources(range(3, 6)))

    assert (report.created, report.deleted) == (2, 2)
    await site.means(resources(range(3, 6)), {"edited": body, **foreign_events(5)})
    assert list(await site.ledger.targets()) == ["staff"]


async def test_a_living_target_keeps_its_collection(site: Site) -> None:
    await site.publish(resources(range(2)))
    site.key, site.named = "staff", lambda key: key in {"staff", "team"}

    with pytest.raises(Fatal, match="the target team publishes to this collection already"):
        await site.publish(resources(range(2)))

    assert list(await site.ledger.targets()) == ["team"]


async def test_what_is_left_in_another_collection_stays_known(site: Site) -> None:
    await site.publish(resources(range(2)))
    before = await site.rows()
    site.collection, site.identity = "other", "another collection"

    await site.publish(resources(range(2)))

    assert set(await site.ledger.targets()) == {"team", "team~1"}
    assert await site.ledger.publications("team~1") == before

    # Back again: nothing is written anew, and what left meanwhile is taken away.
    site.collection, site.identity = "team", "identity"
    site.named = lambda key: key == "team"
    site.wire.forget()
    await site.publish(resources(range(1)))

    assert site.wire.methods().get("PUT", 0) == 0
    await site.means(resources(range(1)))
    # The first address is the target's own again, and the second one is what is left now.
    assert set(await site.ledger.targets()) == {"team", "team~2"}
