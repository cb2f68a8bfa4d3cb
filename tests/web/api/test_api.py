"""
The API tells what the dashboard shows, and does what it does.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from service.core.conference import Invitation, Listing, Rejection, Snapshot
from tests.core.given import DESK, NOW, ROOM, SERVER, conference, listed, many, once, room, weekly
from tests.web.administered import TOKEN, Administered, administered

HOUR = timedelta(hours=1)


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered(CALENDARS_FOR_PEOPLE="true", CALENDARS__FREE__REDACT="busy") as site:
        await site.accept(
            listed(
                replace(conference("100", schedule=weekly()), state="running"),
                replace(conference("200", "Later"), invitations=(Invitation("ivanov", "Ivan"),)),
                room("900"),
            )
        )
        yield site


async def test_the_status_tells_of_the_daemon_as_a_whole(site: Administered) -> None:
    status = (await site.api("GET", "/status")).json()

    assert status["version"]
    assert status["url"] == "https://calendars.example.com"
    assert (status["ready"], status["accounts"], status["conferences"], status["held"]) == (True, 1, 3, 0)
    assert [each["id"] for each in status["running"]] == ["100"]
    assert [each["id"] for each in status["rooms"]] == ["900"]
    assert status["started_at"] == "2026-10-05T08:00:00Z"


async def test_calendars_come_with_numbers_and_addresses(site: Administered) -> None:
    site.later(HOUR)
    feed = site.feeds.addresses.feed_url("all")
    for agent in ("A", "B", "B"):
        await site.client.get(feed, headers={"User-Agent": agent})

    listing = (await site.api("GET", "/calendars")).json()

    by_name = {each["name"]: each for each in listing["calendars"]}
    assert [each["kind"] for each in listing["calendars"]] == ["all", "rule", "account", "person"]
    assert (listing["total"], listing["after"]) == (4, "")
    everything = by_name["all"]
    assert (everything["events"], everything["subscribers"], everything["requests"]) == (2, 2, 3)
    assert everything["feed_url"] == feed
    assert everything["next"] == {
        "topic": "Planning",
        "start": "2026-10-12T07:00:00Z",
        "end": "2026-10-12T08:00:00Z",
    }
    assert by_name[f"ivanov@{SERVER}"]["events"] == 1
    assert by_name["free"]["redaction"] == "busy"


async def test_the_next_conference_moves_on_when_it_is_over(site: Administered) -> None:
    async def next_start() -> str:
        listing = (await site.api("GET", "/calendars")).json()
        return str(listing["calendars"][0]["next"]["start"])

    first = await next_start()
    site.later(timedelta(days=7))

    # It began an hour before now, and was over at this moment.
    assert first == "2026-10-12T07:00:00Z"
    assert await next_start() == "2026-10-19T07:00:00Z"


async def test_calendars_are_found_and_paged(site: Administered) -> None:
    found = (await site.api("GET", "/calendars?like=IVAN")).json()
    first = (await site.api("GET", "/calendars?limit=3")).json()
    second = (await site.api("GET", f"/calendars?limit=3&after={first['after']}")).json()

    assert [each["name"] for each in found["calendars"]] == [f"ivanov@{SERVER}"]
    assert (len(first["calendars"]), first["total"]) == (3, 4)
    assert [each["name"] for each in second["calendars"]] == [f"ivanov@{SERVER}"]
    assert second["after"] == ""


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "", "1e2", "٣", "9" * 5000])
async def test_a_limit_is_a_number_within_bounds(site: Administered, limit: str) -> None:
    answer = await site.api("GET", f"/calendars?limit={limit}")

    assert (answer.status_code, answer.json()["field"]) == (422, "limit")


async def test_rotating_gives_a_new_address_and_ends_the_old_one(site: Administered) -> None:
    old = site.feeds.addresses.feed_url(f"ivanov@{SERVER}")

    rotated = (await site.api("POST", f"/calendars/ivanov@{SERVER}/rotate")).json()

    assert (await site.client.get(old)).status_code == 410
    assert (await site.client.get(rotated["feed_url"])).status_code == 200
    listing = (await site.api("GET", "/calendars?like=ivanov")).json()
    assert listing["calendars"][0]["rotations"] == 1


async def test_a_held_list_is_told_and_approved(site: Administered) -> None:
    fourteen = [replace(each, schedule=once()) for each in many(14)]
    await site.accept(listed(*fourteen, account=DESK))
    await site.accept(listed(*fourteen[:3], account=DESK, at=NOW + HOUR))

    (held,) = (await site.api("GET", "/held")).json()
    approved = await site.api("POST", f"/held/{DESK}/approve")

    assert (held["account"], held["upcoming"], len(held["missing"])) == (str(DESK), 14, 11)
    assert {"id": "9", "topic": "Topic 9", "start": "2026-11-02T09:00:00Z"} in held["missing"]
    assert approved.json() == {"account": str(DESK), "removed": 11}
    assert (await site.api("GET", "/held")).json() == []
    assert (await site.api("POST", f"/held/{DESK}/approve")).status_code == 404


async def test_an_account_is_approved_however_it_is_spelled(site: Administered) -> None:
    fourteen = [replace(each, schedule=once()) for each in many(14)]
    await site.accept(listed(*fourteen, account=DESK))
    await site.accept(listed(*fourteen[:3], account=DESK, at=NOW + HOUR))

    approved = await site.api("POST", f"/held/{str(DESK).upper()}/approve")

    assert (approved.status_code, approved.json()["removed"]) == (200, 11)


async def test_an_approval_removes_what_was_looked_at_and_nothing_else(site: Administered) -> None:
    fourteen = [replace(each, schedule=once()) for each in many(14)]
    await site.accept(listed(*fourteen, account=DESK))
    await site.accept(listed(*fourteen[:3], account=DESK, at=NOW + HOUR))
    (looked_at,) = (await site.api("GET", "/held")).json()
    await site.accept(listed(fourteen[0], account=DESK, at=NOW + 2 * HOUR))

    path = f"/held/{DESK}/approve"
    late = await site.api("POST", f"{path}?digest={looked_at['digest']}")
    (again,) = (await site.api("GET", "/held")).json()
    approved = await site.api("POST", f"{path}?digest={again['digest']}")

    assert (late.status_code, late.headers["content-type"]) == (409, "application/problem+json")
    assert len(again["missing"]) == 13
    assert approved.json()["removed"] == 13


@pytest.mark.parametrize("query", ["digest=", "digset=1", "digest=1&digest=1", "digest=1&x=1"])
async def test_an_approval_with_an_odd_condition_is_refused(site: Administered, query: str) -> None:
    answer = await site.api("POST", f"/held/{DESK}/approve?{query}")

    assert answer.status_code == 422


async def test_a_fault_of_ours_is_a_problem_too(site: Administered) -> None:
    site.targets.fault = RuntimeError("a secret that stands in the log only")
    transport = httpx.ASGITransport(site.web, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=str(site.client.base_url)) as client:
        answer = await client.get("/api/targets", headers={"Authorization": f"Bearer {TOKEN}"})

    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.headers["cache-control"] == "no-store"
    assert "secret" not in answer.text


async def test_rejected_input_is_told_without_what_arrived(site: Administered) -> None:
    rejection = Rejection("4711", "schedule.start_time", "missing", b"secret content")
    await site.accept(Snapshot(ROOM, "hall", NOW, Listing((), (rejection,))))
    await site.rejections.write()

    answer = await site.api("GET", "/rejected")

    assert answer.json()[0]["conference"] == "4711"
    assert answer.json()[0]["reason"] == "missing"
    assert "secret content" not in answer.text


async def test_settings_are_told_with_secrets_masked(site: Administered) -> None:
    answer = await site.api("GET", "/settings")
    masked = {"name": "CONFCAL_ADMIN_TOKEN", "value": "********", "given": True, "origin": "", "place": ""}

    assert masked in answer.json()
    assert TOKEN not in answer.text


@pytest.mark.parametrize("path", ["/status", "/calendars", "/held", "/rejected", "/settings", "/targets"])
async def test_nothing_is_told_without_the_token(site: Administered, path: str) -> None:
    without = await site.client.get(f"/api{path}")
    wrong = await site.api("GET", path, token="wrong")
    basic = await site.client.get(f"/api{path}", headers={"Authorization": f"Basic {TOKEN}"})

    assert [each.status_code for each in (without, wrong, basic)] == [401, 401, 401]
    assert without.headers["www-authenticate"] == 'Bearer realm="confcal"'
    assert without.json()["title"] == "Unauthorized"


async def test_the_cookie_of_the_dashboard_does_not_open_the_api(site: Administered) -> None:
    signed_in = await site.client.post("/sign-in", data={"token": TOKEN})
    assert signed_in.status_code == 303

    assert (await site.client.get("/api/status")).status_code == 401


async def test_without_an_admin_token_the_api_says_how_to_turn_it_on() -> None:
    async with administered(ADMIN_TOKEN="") as site:
        answer = await site.client.get("/api/status", headers={"Authorization": "Bearer "})

    assert answer.status_code == 401
    assert answer.json()["detail"] == "The API is off; set CONFCAL_ADMIN_TOKEN and restart confcal."


async def test_a_database_that_is_away_is_told_as_that(site: Administered) -> None:
    site.store.failing = True

    rejected = await site.api("GET", "/rejected")
    rotated = await site.api("POST", "/calendars/all/rotate")

    assert (rejected.status_code, rotated.status_code) == (503, 503)
    assert rotated.headers["retry-after"] == "60"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("POST", "/calendars/nobody/rotate", 404),
        ("POST", "/held/nobody/approve", 404),
        ("GET", "/calendars/all/rotate", 405),
        ("PUT", "/status", 405),
    ],
)
async def test_what_is_not_there_is_a_problem_too(
    site: Administered, method: str, path: str, status: int
) -> None:
    answer = await site.api(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert ("allow" in answer.headers) is (status == 405)


async def test_nothing_of_the_api_is_kept_by_anybody(site: Administered) -> None:
    answer = await site.api("GET", "/calendars")

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
