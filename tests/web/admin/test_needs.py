"""
What needs a person, on the overview and in the API, with what can be done about it.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from service.core.conference import Listing, Rejection, Snapshot
from service.core.errors import LeaseLost, SchemaTooNew, StoreUnavailable
from service.core.journal import Happening, JournalQuery
from service.core.needs import OpenSecret, VersionBehind
from service.core.sources import SourceState
from service.core.target_state import TargetState
from service.sources.status import SourceStatus
from service.web.schemas import ParkedView, TargetView
from tests.core.given import DESK, NOW, ROOM, conference, listed, many, once
from tests.web.administered import TOKEN, Administered, administered
from tests.web.browsing import dashboard, sign_in

HOUR = timedelta(hours=1)
GOOD = b'{"id":"4711","topic":"Understood by now","schedule_type":"none"}'
BAD = b'{"id":"4711","schedule":{"type":1}}'


class FakeRoom:
    def __init__(self, state: SourceState) -> None:
        self.status = SourceStatus("lobby", state, ROOM, None, "wrong PIN", NOW - HOUR)


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered(SOURCES__LOBBY__URL="ws://10.0.0.15:8765") as site:
        yield site


async def reject(site: Administered, raw: bytes = BAD) -> int:
    rejection = Rejection("4711", "schedule.start_time", "missing", raw)
    await site.accept(Snapshot(ROOM, "hall", NOW, Listing((conference(),), (rejection,))))
    await site.rejections.write()
    return (await site.store.load_rejected())[0].number


async def fill(site: Administered) -> int:
    """Have a bit of everything need somebody."""
    whole = [replace(each, schedule=once()) for each in many(14)]
    await site.accept(listed(*whole, account=DESK, source="desk"))
    await site.accept(listed(*whole[:3], account=DESK, at=NOW + HOUR, source="desk"))
    site.reporter.endpoints = (FakeRoom(SourceState.PIN_REJECTED),)
    parked = (ParkedView("5b1f", "403: not taken", NOW),)
    site.targets.shown = [TargetView("cloud", TargetState.INCOMPLETE, "all", 0, parked=parked)]
    site.reporter.list_open_secrets = lambda: [OpenSecret("/etc/confcal.env", "CONFCAL_SECRET")]
    site.reporter.list_versions = lambda: {"host-1": "0.1.0", "host-2": "0.2.0"}
    return await reject(site)


async def form(site: Administered, path: str) -> dict[str, str]:
    """Return what the first form with this address on the overview sends."""
    page = await dashboard(site)
    found = re.search(rf'<form method="post" action="/{path}">(.*?)</form>', page, re.DOTALL)
    assert found, path
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', found[1]))


async def send(site: Administered, path: str, fields: dict[str, str]) -> str:
    """Send a form and return the page that follows."""
    answer = await site.client.post(f"/{path}", data=fields)
    assert answer.status_code == 303
    return (await site.client.get(answer.headers["location"])).text


async def told(site: Administered, event: Happening) -> list[tuple[str, str, str]]:
    entries = await site.store.journal.read(JournalQuery(frozenset({event})))
    return [(each.source, each.target, each.conference_id) for each in entries]


async def kinds(site: Administered) -> list[str]:
    return [each["kind"] for each in (await site.api("GET", "/needs")).json()]


async def test_the_api_and_the_page_have_the_same_order(site: Administered) -> None:
    await fill(site)
    page = await dashboard(site)
    needs = (await site.api("GET", "/needs")).json()

    assert [each["kind"] for each in needs] == [
        "held",
        "room",
        "target",
        "rejected",
        "open_secret",
        "version",
    ]
    places = [page.index(f">{each['title']}<") for each in needs]
    assert places == sorted(places)
    assert TOKEN not in page[page.index('id="needs"') : page.index('id="overview"')].replace("form_token", "")


async def test_a_program_finds_what_goes_and_where_to_send_a_decision(site: Administered) -> None:
    await fill(site)
    held = (await site.api("GET", "/needs")).json()[0]

    assert (held["name"], len(held["missing"])) == (str(DESK), 11)
    assert [each["name"] for each in held["actions"]] == ["keep", "approve"]
    kept = await site.api("POST", held["actions"][0]["path"])
    assert kept.json() == {"account": str(DESK), "kept": 11}
    assert "held" not in await kinds(site)


async def test_without_anything_to_do_the_page_says_so(site: Administered) -> None:
    await site.accept(listed(conference()))

    assert "Nothing needs you." in await dashboard(site)
    assert await kinds(site) == []


async def test_what_is_kept_needs_nobody_and_can_still_be_removed(site: Administered) -> None:
    await fill(site)
    page = await send(site, "keep", await form(site, "keep"))

    assert "Held list of" not in page
    assert f"Kept for {DESK}" in page
    page = await send(site, "approve", await form(site, "approve"))
    assert "Kept for" not in page
    assert len(site.synchronizer.state.account(DESK).reported) == 3


async def test_a_page_from_before_somebody_kept_them_removes_nothing(site: Administered) -> None:
    await fill(site)
    stale = await form(site, "approve")
    await send(site, "keep", await form(site, "keep"))
    page = await send(site, "approve", {**stale, "form_token": (await form(site, "approve"))["form_token"]})

    assert "Nothing was removed" in page
    assert f"Kept for {DESK}" in page
    assert len(site.synchronizer.state.account(DESK).reported) == 14


async def test_a_room_is_asked_and_the_journal_tells_it(site: Administered) -> None:
    await fill(site)
    fields = await form(site, "ask")

    assert "Room lobby is being asked for its list." in await send(site, "ask", fields)
    assert await told(site, Happening.SOURCE_ASKED) == [("lobby", "", "")]
    assert "less than a minute ago" in await send(site, "ask", fields)
    assert await told(site, Happening.SOURCE_ASKED) == [("lobby", "", "")]


async def test_a_target_is_tried_again_and_the_journal_tells_it(site: Administered) -> None:
    await fill(site)

    page = await send(site, "retry-target", await form(site, "retry-target"))

    assert "Everything of the target cloud is being tried again." in page
    assert await told(site, Happening.TARGET_RETRIED) == [("", "cloud", "")]


async def test_rejected_input_is_dismissed_for_good(site: Administered) -> None:
    number = await fill(site)
    fields = await form(site, "dismiss-rejected")

    assert f"Rejected input {number} was dismissed." in await send(site, "dismiss-rejected", fields)
    assert await told(site, Happening.REJECTED_DISMISSED) == [("hall", "", "4711")]
    assert "it is no longer there" in await send(site, "dismiss-rejected", fields)
    assert len(await told(site, Happening.REJECTED_DISMISSED)) == 1


async def test_what_is_understood_by_now_enters_the_calendars(site: Administered) -> None:
    number = await reject(site, GOOD)

    page = await send(site, "retry-rejected", await form(site, "retry-rejected"))

    assert f"Rejected input {number} is understood now" in page
    assert set(site.synchronizer.state.account(ROOM).reported) == {"100", "4711"}
    assert await told(site, Happening.REJECTED_RETRIED) == [("hall", "", "4711")]
    assert await site.store.load_rejected() == []


async def test_what_is_not_understood_now_either_stays_kept(site: Administered) -> None:
    number = await reject(site)

    assert "It stays kept." in await send(site, "retry-rejected", await form(site, "retry-rejected"))
    refused = await site.api("POST", f"/rejected/{number}/retry")
    assert (refused.status_code, "still not understood" in refused.json()["detail"]) == (409, True)
    assert [each.number for each in await site.store.load_rejected()] == [number]


async def test_a_good_list_without_it_cures_rejected_input(site: Administered) -> None:
    await reject(site)
    assert await kinds(site) == ["rejected"]

    await site.accept(listed(conference(), at=NOW + HOUR, source="hall"))

    assert await kinds(site) == []


@pytest.mark.parametrize("path", ["ask", "retry-target", "retry-rejected", "dismiss-rejected"])
async def test_no_form_of_another_page_does_anything(site: Administered, path: str) -> None:
    await fill(site)
    fields = {**await form(site, path), "form_token": "another"}
    before = await site.store.journal.last_number()

    assert "Nothing was done: the page was too old." in await send(site, path, fields)
    assert await site.store.journal.last_number() == before


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("ask", {"source": "hall"}),
        ("ask", {"source": "<script>"}),
        ("retry-target", {"target": "nowhere"}),
        ("dismiss-rejected", {"number": "-1"}),
        ("retry-rejected", {"number": "9" * 40}),
        ("retry-rejected", {}),
    ],
)
async def test_what_is_not_there_is_left_alone(site: Administered, path: str, fields: dict[str, str]) -> None:
    await sign_in(site)
    await fill(site)
    token = (await form(site, "ask"))["form_token"]

    assert "it is no longer there" in await send(site, path, {**fields, "form_token": token})


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sources/lobby/ask", 202),
        ("/sources/hall/ask", 404),
        ("/targets/cloud/retry", 202),
        ("/targets/nowhere/retry", 404),
        ("/rejected/999/dismiss", 404),
        ("/rejected/x/retry", 404),
    ],
)
async def test_the_api_does_the_same(site: Administered, path: str, status: int) -> None:
    await fill(site)

    answers: list[httpx.Response] = [await site.api("POST", path) for _ in range(2)]

    assert answers[0].status_code == status
    if status == 202:
        assert (answers[1].status_code, answers[1].headers["retry-after"]) == (429, "60")


@pytest.mark.parametrize("failure", [StoreUnavailable, SchemaTooNew, LeaseLost])
async def test_while_the_database_cannot_be_used_nothing_is_done(
    site: Administered, failure: type[StoreUnavailable]
) -> None:
    await fill(site)
    fields = await form(site, "dismiss-rejected")
    site.store.failing, site.store.failure = True, failure

    assert "the database cannot be written" in await send(site, "dismiss-rejected", fields)
    assert (await site.api("GET", "/needs")).status_code == 503


async def test_an_update_that_waits_for_a_restart_is_told(site: Administered) -> None:
    site.reporter.version = "0.0.1"

    (need,) = site.reporter.versions()

    assert (need.where, need.running) == ("", "0.0.1")
    assert isinstance(need, VersionBehind)


async def test_each_decision_is_told_to_open_pages_at_once(site: Administered) -> None:
    await fill(site)
    fields = await form(site, "ask")
    stream = site.live.stream()
    await anext(stream)

    await send(site, "ask", fields)

    assert b"event: changed" in await anext(stream)
    await stream.aclose()
