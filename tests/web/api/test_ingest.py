"""
`POST /api/events/{source}`.
"""

import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service.web.api.ingest import MOST_BYTES
from tests.conftest import SAMPLES
from tests.web.administered import HALL_TOKEN, TOKEN, Administered, administered

GOOD: dict[str, Any] = {
    "event": "conferenceList",
    "cnt": 1,
    "conferences": [
        {
            "id": "100",
            "topic": "Planning",
            "owner": "brown",
            "schedule_type": "once",
            "schedule": {"start_time": 1793610000, "duration": 3600},
        }
    ],
}
UNKNOWN_SCHEDULE = {"id": "200", "topic": "T", "owner": "brown", "schedule_type": "month", "schedule": {}}
MEBIBYTE = 2**20
PACKED = gzip.compress(b"{}")


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered() as site:
        yield site


async def post(
    site: Administered,
    event: Any = GOOD,
    *,
    source: str = "hall",
    token: str = HALL_TOKEN,
    kind: str = "application/json",
    encoding: str = "",
) -> httpx.Response:
    content = event if isinstance(event, bytes) else json.dumps(event).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    if encoding:
        headers["Content-Encoding"] = encoding
    return await site.client.post(f"/api/events/{source}", content=content, headers=headers)


async def test_an_accepted_event_is_in_the_feed(site: Administered) -> None:
    answer = await post(site)

    assert answer.status_code == 202
    assert answer.json() == {
        "account": "hall@video.example.com",
        "accepted": 1,
        "rejected": [],
        "doubts": [],
    }
    feed = await site.client.get(site.feeds.addresses.feed_url("hall@video.example.com"))
    assert "SUMMARY:Planning" in feed.text


async def test_a_conference_that_is_not_understood_is_told_and_kept(site: Administered) -> None:
    answer = await post(site, {**GOOD, "cnt": 3, "conferences": [*GOOD["conferences"], UNKNOWN_SCHEDULE]})
    await site.rejections.write()

    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert answer.json()["rejected"][0]["conference"] == "200"
    assert answer.json()["rejected"][0]["field"] == "schedule_type"
    assert answer.json()["doubts"] == ["cnt says 3, the list has 2"]
    assert [each.conference_id for each in await site.store.load_rejected()] == ["200"]


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
async def test_whatever_the_samples_hold_is_answered(site: Administered, sample: Any) -> None:
    answer = await post(site, sample.read_bytes())

    assert answer.status_code in {202, 400, 422}


async def test_an_event_may_be_packed(site: Administered) -> None:
    answer = await post(site, gzip.compress(json.dumps(GOOD).encode()), encoding="gzip")

    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("event", "status", "field"),
    [
        (b"", 400, None),
        (b"{", 400, "frame"),
        (b"[]", 400, "frame"),
        (b'"text"', 400, "frame"),
        (b"\xff\xfe", 400, "frame"),
        ({"event": "logout"}, 422, "event"),
        ({"event": "conferenceList"}, 422, "conferences"),
        ({"event": "conferenceList", "conferences": {}}, 422, "conferences"),
        ({**GOOD, "succeed": False}, 422, "succeed"),
        ({**GOOD, "result": False}, 422, "result"),
    ],
)
async def test_what_is_no_list_is_refused_with_the_place(
    site: Administered, event: Any, status: int, field: str | None
) -> None:
    answer = await post(site, event)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json().get("field") == field
    assert answer.json()["detail"].endswith(".")
    assert site.synchronizer.state.accounts == {}


@pytest.mark.parametrize("token", ["", "wrong", TOKEN, HALL_TOKEN + "x"])
async def test_another_token_is_refused(site: Administered, token: str) -> None:
    answer = await post(site, token=token)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="confcal"'


async def test_a_source_that_takes_no_events_is_not_found(site: Administered) -> None:
    assert (await post(site, source="lobby")).status_code == 404


async def test_guessing_is_slowed_down_and_the_right_token_is_not(site: Administered) -> None:
    statuses = [(await post(site, token="wrong")).status_code for _ in range(31)]

    assert statuses == [401] * 30 + [429]
    assert (await post(site)).status_code == 202


@pytest.mark.parametrize("kind", ["", "text/plain", "application/xml", "application/x-www-form-urlencoded"])
async def test_another_media_type_is_refused(site: Administered, kind: str) -> None:
    assert (await post(site, kind=kind)).status_code == 415


async def test_json_may_say_its_charset(site: Administered) -> None:
    assert (await post(site, kind="Application/JSON; charset=utf-8")).status_code == 202


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
async def test_another_encoding_is_refused_with_those_that_work(site: Administered, encoding: str) -> None:
    answer = await post(site, encoding=encoding)

    assert answer.status_code == 415
    assert answer.headers["accept-encoding"] == "gzip, identity"


async def test_an_event_that_is_too_large_is_refused(site: Administered) -> None:
    assert (await post(site, b" " * (MOST_BYTES + 1))).status_code == 413


async def test_a_body_without_a_length_is_bounded_too(site: Administered) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * MEBIBYTE

    headers = {"Authorization": f"Bearer {HALL_TOKEN}", "Content-Type": "application/json"}
    answer = await site.client.post("/api/events/hall", content=endless(), headers=headers)

    assert answer.status_code == 413


async def test_a_small_body_that_unpacks_to_much_is_refused(site: Administered) -> None:
    bomb = gzip.compress(b" " * (100 * MEBIBYTE), compresslevel=1)
    assert len(bomb) < MEBIBYTE

    tracemalloc.start()
    try:
        answer = await post(site, bomb, encoding="gzip")
        _, most_octets = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert answer.status_code == 413
    assert most_octets < 3 * MOST_BYTES


@pytest.mark.parametrize(
    "packed",
    [b"no gzip", PACKED[:-6], PACKED + b"tail", PACKED * 2, b""],
    ids=["none", "cut off", "with a tail", "twice", "empty"],
)
async def test_broken_gzip_is_refused(site: Administered, packed: bytes) -> None:
    assert (await post(site, packed, encoding="gzip")).status_code == 400


async def test_a_list_of_too_many_conferences_is_refused_by_its_count(site: Administered) -> None:
    many = b'{"event":"conferenceList","conferences":[' + b"0," * (4 * MEBIBYTE) + b"0]}"

    tracemalloc.start()
    try:
        answer = await post(site, gzip.compress(many, compresslevel=1), encoding="gzip")
        _, most_octets = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert answer.status_code == 422
    assert answer.json()["field"] == "conferences"
    assert answer.json()["detail"] == "More than 20,000 conferences, the most that is taken."
    assert most_octets < 6 * len(many)


async def test_a_source_that_posts_too_much_is_told_when_to_come_back(site: Administered) -> None:
    answers = [await post(site) for _ in range(100)]
    answer = answers[-1]

    assert answers[0].status_code == 202
    assert answer.status_code == 429
    assert "This source posts more than is taken" in answer.json()["detail"]
    (source,) = site.reporter.sources()
    assert source.state == "flooding"

    site.clock.now += timedelta(seconds=int(answer.headers["retry-after"]))
    assert (await post(site)).status_code == 202


async def test_an_event_is_sent_again_later_while_the_database_is_away(site: Administered) -> None:
    await post(site)
    site.store.failing = True
    answer = await post(site, {**GOOD, "conferences": []})
    site.store.failing = False

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
    assert (await post(site)).status_code == 202


async def test_only_posting_is_understood(site: Administered) -> None:
    answer = await site.client.get("/api/events/hall", headers={"Authorization": f"Bearer {HALL_TOKEN}"})

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


async def test_the_dashboard_shows_how_the_source_is_doing(site: Administered) -> None:
    (before,) = site.reporter.sources()
    await post(site, b"{")
    (wrong,) = site.reporter.sources()
    await post(site)
    (after,) = site.reporter.sources()

    assert (before.kind, before.state, before.account) == ("events", "waiting", "hall@video.example.com")
    assert wrong.error.startswith("The last event was rejected: frame: ")
    assert (after.state, after.error, after.last_list_at) == ("listening", "", site.clock.now)
