"""
Passes over one collection: what is requested, what is remembered.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta

import httpx
import pytest
import structlog

from service.core.errors import CollectionGone, Fatal, Retryable
from service.core.journal import JournalEntry
from service.publishing.model import Publication, Remote, RemoteRules, Standing
from service.publishing.ports import TargetRecord
from tests.caldav.misbehaving import HOME, PASSWORD, Misbehaving, Misbehavior
from tests.caldav.site import Site, foreign_events, resource, resources
from tests.store.memory_ledger import MemoryLedger

WORK = f"{HOME}team/"


class Crash(Exception):
    pass


class CrashingLedger(MemoryLedger):
    """Ends the pass with one of its writes, which it does not do."""

    def __init__(self, *, at_write: int) -> None:
        super().__init__()
        self._left = at_write

    async def record_publications(
        self,
        target: str,
        publications: Iterable[Publication],
        forgotten: Iterable[str] = (),
        *,
        journal: Sequence[JournalEntry] = (),
        record: TargetRecord | None = None,
    ) -> None:
        self._left -= 1
        if self._left == 0:
            raise Crash
        await super().record_publications(target, publications, forgotten, journal=journal, record=record)


def busy(times: int, status: int = 503, method: str = "PUT", **headers: str) -> Misbehavior:
    """Answer so many requests of a method with a status."""
    left = [times]

    async def answer(request: httpx.Request) -> httpx.Response | None:
        if request.method != method or not left[0]:
            return None
        left[0] -= 1
        return httpx.Response(
            status, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    return answer


async def test_one_poison_event_blocks_nothing_and_is_parked_after_three_refusals(
    site: Site, server: Misbehaving
) -> None:
    poison = resource(3)

    async def refuse(request: httpx.Request) -> httpx.Response | None:
        hit = request.method == "PUT" and poison.uid in str(request.url)
        return httpx.Response(415) if hit else None

    server.before = refuse
    desired = resources(range(6))

    reports = [await site.publish(desired) for _ in range(4)]

    assert [(r.created, r.refused, r.waiting) for r in reports] == [
        (5, 1, 1),
        (0, 1, 1),
        (0, 1, 0),
        (0, 0, 0),
    ]
    row = (await site.rows())[poison.uid]
    assert (row.standing, "415" in row.reason) == (Standing.PARKED, True)
    server.before = None
    report = await site.publish({**desired, **resources([3], topic="Healed", revision=1)})
    assert report.created == 1


async def test_a_target_that_refuses_everything_is_left_alone_at_once(
    site: Site, server: Misbehaving
) -> None:
    async def refuse(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(403) if request.method == "PUT" else None

    server.before = refuse

    with pytest.raises(Fatal, match="every resource is refused"):
        await site.publish(resources(range(100)))

    assert site.wire.methods()["PUT"] <= 14
    assert not any(row.standing is Standing.PARKED for row in (await site.rows()).values())
    server.before = None
    assert (await site.publish(resources(range(100)))).created == 100


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("Mon, 05 Oct 2026 08:00:09 GMT", 9.0)])
async def test_retry_after_is_obeyed_in_both_forms(
    site: Site, server: Misbehaving, header: str, seconds: float
) -> None:
    site.concurrency = 1
    server.before = busy(1, 429, Retry_After=header)

    report = await site.publish(resources(range(3)))

    assert report.created == 3
    assert site.clock.slept == [seconds]


async def test_a_server_that_wants_peace_for_minutes_ends_the_pass(site: Site, server: Misbehaving) -> None:
    server.before = busy(1, 503, Retry_After="600")

    with pytest.raises(Retryable) as told:
        await site.publish(resources(range(50)))

    assert told.value.delay_seconds == 600.0
    assert site.wire.methods()["PUT"] <= 4


async def test_concurrency_falls_to_one_and_grows_again(site: Site, server: Misbehaving) -> None:
    under_way = [0]
    most: list[int] = []

    async def crowded(request: httpx.Request) -> httpx.Response | None:
        if request.method != "PUT":
            return None
        under_way[0] += 1
        most.append(under_way[0])
        # Longer than rows take to be written, which holds up whoever comes next.
        for _ in range(20):
            await asyncio.sleep(0)
        under_way[0] -= 1
        return httpx.Response(423) if len(most) == 20 else None

    server.before = crowded

    report = await site.publish(resources(range(300)))

    assert report.created == 300
    assert max(most[:20]) == 4
    after = most[24:]
    assert max(after[:15]) == 1
    assert max(after) == 4


async def test_a_server_that_takes_one_writer_gets_one(site: Site, server: Misbehaving) -> None:
    most = [0, 0]

    async def count(request: httpx.Request) -> httpx.Response | None:
        if request.method == "PUT":
            most[0] += 1
            most[1] = max(most)
            await asyncio.sleep(0)
            most[0] -= 1
        return None

    server.before = count
    site.quirks = ("one-writer",)

    await site.publish(resources(range(30)))

    assert most[1] == 1


async def test_a_server_with_unreliable_tokens_is_listed_as_a_whole(site: Site) -> None:
    desired = resources(range(3))
    for quirks, method in (((), "REPORT"), (("no-sync-collection",), "PROPFIND")):
        site.quirks = quirks
        await site.publish(desired)
        await site.audit(desired)
        site.wire.forget()
        await site.audit(desired)
        assert [request.method for request in site.wire.requests] == [method]


async def test_a_collection_that_was_just_made_is_looked_over_once_it_was_filled(site: Site) -> None:
    await site.publish(resources(range(2)))

    methods = [request.method for request in site.wire.requests]
    assert methods[methods.index("MKCALENDAR") + 1 :] == ["PUT", "PUT", "PROPFIND"]


async def test_rows_that_are_lost_are_found_again_in_one_whole_listing(site: Site) -> None:
    desired = resources(range(3))
    await site.publish(desired)
    site.lose_the_database()
    site.wire.forget()

    report = await site.publish(desired)

    assert (report.adopted, site.wire.writes()) == (3, [])
    listings = [r for r in site.wire.requests if r.method == "PROPFIND" and r.url.path == WORK]
    assert [request.headers["Depth"] for request in listings][-1] == "1"


async def test_a_token_that_expired_leads_to_a_whole_listing(site: Site, server: Misbehaving) -> None:
    desired = resources(range(3))
    await site.publish(desired)
    await site.audit(desired)
    server.syncing = False
    site.wire.forget()

    await site.audit(desired)

    assert [request.method for request in site.wire.requests] == ["REPORT", "PROPFIND"]


async def test_the_loop_breaker_parks_what_somebody_keeps_undoing(site: Site, server: Misbehaving) -> None:
    site.audit_every = timedelta(minutes=5)
    desired = resources(range(3))
    await site.publish(desired)
    site.wire.forget()

    for _ in range(12):
        server.remove(WORK, f"{resource(1).uid}.ics")
        await site.audit(desired)
        if f"{resource(1).uid}.ics" not in server.calendars[WORK]:
            break

    assert site.wire.methods()["PUT"] == 5
    row = (await site.rows())[resource(1).uid]
    assert (row.standing, "6 times within an hour" in row.reason) == (Standing.PARKED, True)
    report = await site.publish({**desired, **resources([1], topic="Changed", revision=1)})
    assert report.created == 1


async def test_a_collection_that_was_deleted_is_not_mistaken_for_deleted_events(
    site: Site, server: Misbehaving
) -> None:
    desired = resources(range(3))
    await site.publish(desired)
    del server.calendars[WORK]

    with pytest.raises(CollectionGone):
        await site.audit(desired)
    with pytest.raises(CollectionGone):
        await site.publish({**desired, **resources([1], topic="Changed", revision=1)})
    assert {row.standing for row in (await site.rows()).values()} == {Standing.PUBLISHED}


async def test_two_targets_never_share_a_collection(site: Site) -> None:
    await site.publish(resources(range(2)))
    site.key = "other"

    with pytest.raises(Fatal, match="the target team publishes to this collection already"):
        await site.publish(resources(range(2)))


async def test_the_collection_is_remembered_by_its_address(site: Site, server: Misbehaving) -> None:
    await site.publish(resources(range(2)))
    server.home_calendars[WORK] = "Renamed by a person"
    site.wire.forget()

    await site.publish(resources(range(3)))
    await site.audit(resources(range(3)))

    assert list(server.calendars) == [WORK]
    assert "MKCALENDAR" not in site.wire.methods()


async def test_an_etag_that_the_answer_lacks_is_asked_for_together(site: Site, server: Misbehaving) -> None:
    server.etags = False

    await site.publish(resources(range(20)))

    assert site.wire.methods()["REPORT"] == 1
    assert all(row.etag for row in (await site.rows()).values())


@pytest.mark.parametrize(
    "at_write", [1, 2, 3], ids=["of what is intended", "of the first results", "of later results"]
)
async def test_a_crash_between_the_request_and_the_row_is_no_double(
    site: Site, server: Misbehaving, at_write: int
) -> None:
    desired = resources(range(40))
    site.ledger = CrashingLedger(at_write=at_write)
    site.concurrency = 1
    with pytest.raises(Crash):
        await site.publish(desired)
    assert bool(server.calendars[WORK]) == (at_write > 1)
    site.dispatcher = None

    await site.publish(desired)

    await site.means(desired)
    assert len(server.calendars[WORK]) == 40


@pytest.mark.parametrize("on_change", ["restore", "keep"])
async def test_foreign_events_are_not_even_read(site: Site, server: Misbehaving, on_change: Remote) -> None:
    site.rules = RemoteRules(on_change=on_change)
    server.calendars[WORK] = {}
    server.home_calendars[WORK] = "team"
    for name, body in foreign_events().items():
        server.put(WORK, name, body)

    await site.publish(resources(range(5)))
    await site.audit(resources(range(2, 7)))
    await site.publish({})

    asked = b"".join(request.content for request in site.wire.requests) + b"".join(
        str(request.url).encode() for request in site.wire.requests
    )
    assert b"person-" not in asked
    assert server.calendars[WORK] == foreign_events()


async def test_nothing_secret_or_personal_is_in_a_log_line(site: Site, server: Misbehaving) -> None:
    with structlog.testing.capture_logs() as lines:
        desired = resources(range(12), topic="Layoffs in spring")
        await site.publish(desired)
        server.put(WORK, f"{resource(1).uid}.ics", resource(1, topic="Mine and private").body)
        server.always_412 = True
        site.rules = RemoteRules(on_change="keep")
        await site.audit({**desired, **resources(range(1, 4), topic="Layoffs in summer", revision=1)})
        server.before = busy(50, 500)
        await site.audit({**desired, **resources(range(4), topic="Layoffs in autumn", revision=2)})

    text = repr(lines)
    assert len(lines) > 3
    for secret in ("Layoffs", "private", PASSWORD, "alice", "Authorization"):
        assert secret not in text
