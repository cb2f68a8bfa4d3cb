"""
How a feed is served: RFC 9110, and what calendar clients need beyond it.
"""

import asyncio
import re
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import httpx
import pytest
from starlette.types import Message

from service.core.ports import FeedRecord
from service.web.access_stats import AccessStats
from service.web.feeds.app import FeedApp
from service.web.network import Networks
from service.web.ratelimit import FailureLimit, Guard
from tests.core.given import DESK, NOW, ROOM, conference, listed, room, weekly
from tests.web.given import BASE, Web, served

SECOND = timedelta(seconds=1)


def http_date(seconds_after_now: float = 0) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds_after_now), usegmt=True)


def feed_app(web: Web) -> FeedApp:
    networks = Networks()
    guard = Guard(networks, FailureLimit(30, timedelta(minutes=1)), web.clock)
    return FeedApp(web.feeds, guard, AccessStats(networks), web.clock)


async def octets_sent(web: Web, method: str, path: str) -> int:
    """Return how long a body the application itself sends."""
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("a feed reads no body")

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    await feed_app(web)(scope, receive, send)
    return sum(len(message.get("body", b"")) for message in sent)


async def test_a_feed_is_a_calendar_with_its_validators(web: Web) -> None:
    response = await web.get()

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    assert response.headers["cache-control"] == "private, no-cache"
    assert response.headers["content-disposition"] == 'inline; filename="all.ics"'
    assert response.headers["content-length"] == str(len(response.content))
    assert response.headers["last-modified"] == http_date()
    assert response.headers["x-robots-tag"] == "noindex, nofollow"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert re.fullmatch('"[0-9a-f]{32}"', response.headers["etag"])
    assert response.content.startswith(b"BEGIN:VCALENDAR\r\n")
    assert response.content.count(b"BEGIN:VEVENT") == 2


async def test_head_says_the_same_without_the_body(web: Web) -> None:
    got = await web.get()

    head = await web.client.head(web.path())

    assert head.status_code == 200
    assert head.headers == got.headers


@pytest.mark.parametrize("path", ["", "/feeds/unknown/all.ics"])
async def test_the_answer_to_head_has_no_body(web: Web, path: str) -> None:
    # Asked without httpx, which drops such a body itself.
    assert await octets_sent(web, "GET", path or web.path()) > 0
    assert await octets_sent(web, "HEAD", path or web.path()) == 0


async def test_a_feed_that_did_not_change_costs_no_reading(web: Web) -> None:
    first = await web.get()
    second = await web.get()

    assert second.content == first.content
    assert web.store.reads == 1


@pytest.mark.parametrize(
    "form", ["{}", "W/{}", '"other", {}', '"other",W/{}', '{}, "other"', "*", " {} ", '"a,b", {}']
)
async def test_what_the_client_has_is_not_sent_again(web: Web, form: str) -> None:
    got = await web.get()

    response = await web.get(if_none_match=form.format(got.headers["etag"]))

    assert response.status_code == 304
    assert response.content == b""


@pytest.mark.parametrize(
    "form", ['"other"', 'W/"other"', '""', "{bare}", '"{bare}', "garbage", '"*"', ",,,", ""]
)
async def test_another_tag_or_none_gets_the_whole_feed(web: Web, form: str) -> None:
    got = await web.get()

    response = await web.get(if_none_match=form.format(bare=got.headers["etag"].strip('"')))

    assert response.status_code == 200


async def test_the_validators_and_caching_rules_stand_in_a_304(web: Web) -> None:
    got = await web.get()

    response = await web.get(if_none_match=got.headers["etag"])

    for name in ("etag", "last-modified", "cache-control", "x-robots-tag"):
        assert response.headers[name] == got.headers[name]
    assert "content-type" not in response.headers
    assert "content-disposition" not in response.headers


async def test_head_is_answered_with_304_as_well(web: Web) -> None:
    got = await web.get()

    response = await web.client.head(web.path(), headers={"If-None-Match": got.headers["etag"]})

    assert response.status_code == 304


@pytest.mark.parametrize(
    ("since", "status"),
    [
        (http_date(-1), 200),
        (http_date(), 304),
        (http_date(3600), 304),
        ("Mon, 05 Oct 2026 11:00:00 +0300", 304),
        ("Mon, 05 Oct 2026 10:30:00 +0300", 200),
        ("Monday, 05-Oct-26 08:00:00 GMT", 304),
        ("yesterday", 200),
        ("2026-10-05T08:00:00Z", 200),
        ("Mon, 99 Oct 2026 08:00:00 GMT", 200),
        ("Mon, 05 Oct 2026 08:00:00 +9999999999", 200),
        ("", 200),
        ("\xff\xfe", 200),
        ("0", 200),
    ],
)
async def test_a_date_counts_only_where_it_is_one(web: Web, since: str, status: int) -> None:
    await web.get()

    response = await web.client.get(web.path(), headers={b"If-Modified-Since": since.encode("latin-1")})

    assert response.status_code == status


async def test_the_tag_goes_before_the_date(web: Web) -> None:
    got = await web.get()

    newer = await web.get(if_none_match='"other"', if_modified_since=http_date(3600))
    older = await web.get(if_none_match=got.headers["etag"], if_modified_since=http_date(-3600))

    assert newer.status_code == 200
    assert older.status_code == 304


@pytest.mark.parametrize(
    "method", ["PROPFIND", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "REPORT", "MKCALENDAR"]
)
async def test_a_feed_can_only_be_read(web: Web, method: str) -> None:
    response = await web.client.request(method, web.path(), content=b"<propfind/>")

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/all.ics",
        "/feeds/all/all.ics",
        "/feeds/",
        "/feeds//all.ics",
        "/feeds/%00%ff/all.ics",
        "/feeds/../all.ics",
    ],
)
async def test_an_unknown_token_leads_nowhere(web: Web, path: str) -> None:
    response = await web.client.get(path)

    assert response.status_code == 404
    assert "www-authenticate" not in response.headers


@pytest.mark.parametrize("name", ["", "all", "all.ICS.txt", "a/b.ics"])
async def test_only_a_name_that_ends_in_ics_is_a_feed(web: Web, name: str) -> None:
    response = await web.client.get(web.path().replace("trueconf.ics", name))

    assert response.status_code == 404


async def test_a_rotated_address_is_gone_and_the_new_one_works() -> None:
    async with served(records={"all": FeedRecord(generation=2)}) as web:
        await web.accept(listed(conference()))

        answers = [await web.client.get(web.path(generation=n)) for n in range(4)]

    assert [answer.status_code for answer in answers] == [410, 410, 200, 404]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer"},
        {"Authorization": "Basic bWU6cHc="},
        {"Accept": "text/html"},
        {"User-Agent": "Microsoft Office/16.0 (Microsoft Outlook)"},
        {"Accept-Encoding": "gzip, deflate, br", "Range": "bytes=0-10"},
    ],
)
async def test_whatever_clients_send_they_get_the_plain_feed(web: Web, headers: dict[str, str]) -> None:
    expected = await web.get()

    response = await web.client.get(web.path(), headers=headers)

    assert response.status_code == 200
    assert response.content == expected.content
    assert "content-encoding" not in response.headers
    assert "set-cookie" not in response.headers


async def test_before_the_first_list_there_is_no_calendar_rather_than_an_empty_one(empty_web: Web) -> None:
    response = await empty_web.get()

    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert b"BEGIN:VCALENDAR" not in response.content


async def test_an_account_without_conferences_has_a_valid_calendar(empty_web: Web) -> None:
    await empty_web.accept(listed())

    response = await empty_web.get(str(ROOM))

    assert response.status_code == 200
    assert b"BEGIN:VTIMEZONE" in response.content
    assert b"BEGIN:VEVENT" not in response.content


async def test_while_the_store_fails_the_last_good_feed_is_served(web: Web) -> None:
    good = await web.get()
    await web.accept(listed(conference("100"), conference("300")))
    web.store.failing = True

    meanwhile = await web.get()
    web.store.failing = False
    afterwards = await web.get()

    assert (meanwhile.status_code, meanwhile.content) == (200, good.content)
    assert meanwhile.headers["etag"] == good.headers["etag"]
    assert afterwards.content != good.content


async def test_a_store_that_fails_from_the_start_is_503(web: Web) -> None:
    web.store.failing = True

    response = await web.get()

    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0


async def test_a_removal_moves_last_modified_and_the_tag(web: Web) -> None:
    before = await web.get()
    web.clock.now += timedelta(minutes=10)
    await web.accept(listed(conference("100"), at=web.clock.now))

    after = await web.get(if_none_match=before.headers["etag"])

    assert after.status_code == 200
    assert after.content.count(b"BEGIN:VEVENT") == 2
    assert after.content.count(b"UNTIL=") == 1, "what took place of it stays"
    assert parsedate_to_datetime(after.headers["last-modified"]) == web.clock.now


async def test_an_unchanged_list_leaves_every_byte_and_header(web: Web) -> None:
    before = await web.get()
    web.clock.now += timedelta(minutes=10)
    again = (conference("100"), conference("200", "Stand-up", weekly()))
    await web.accept(listed(*again, at=web.clock.now))

    after = await web.get()

    assert after.content == before.content
    assert after.headers == before.headers


async def test_two_changes_within_a_second_are_told_apart_but_never_in_the_future(web: Web) -> None:
    first = await web.get()
    await web.accept(listed(conference("100"), conference("300")))

    second = await web.get()
    since_first = await web.get(if_modified_since=first.headers["last-modified"])
    web.clock.now += SECOND
    a_second_later = await web.get()

    assert parsedate_to_datetime(second.headers["last-modified"]) == NOW
    assert since_first.status_code == 200
    assert parsedate_to_datetime(a_second_later.headers["last-modified"]) == NOW + SECOND


async def test_a_clock_that_was_set_back_does_not_turn_last_modified_back(web: Web) -> None:
    await web.get()
    web.clock.now -= timedelta(hours=1)
    await web.accept(listed(conference("100"), conference("300"), at=NOW))
    await web.get()
    web.clock.now += timedelta(hours=2)

    response = await web.get()

    assert parsedate_to_datetime(response.headers["last-modified"]) == NOW + SECOND


async def test_after_a_restart_the_feed_is_the_same_with_the_same_date(web: Web) -> None:
    before = await web.get()
    web.clock.now += timedelta(days=1)

    await web.feeds.start()
    after = await web.get()

    assert (after.content, after.headers) == (before.content, before.headers)


async def test_a_feed_holds_the_conferences_of_its_calendar_only(web: Web) -> None:
    await web.accept(listed(conference("100"), conference("500", "Of the desk"), account=DESK))

    of_all, of_room, of_desk = [await web.get(name) for name in ("all", str(ROOM), str(DESK))]

    assert of_all.content.count(b"BEGIN:VEVENT") == 3
    assert b"Of the desk" not in of_room.content
    assert of_desk.content.count(b"BEGIN:VEVENT") == 2
    assert of_all.content.count(b"X-CONFCAL-ID:100\r\n") == 1


async def test_a_virtual_room_without_a_schedule_is_no_event(empty_web: Web) -> None:
    await empty_web.accept(listed(room(), conference()))

    assert (await empty_web.get()).content.count(b"BEGIN:VEVENT") == 1


async def test_the_file_name_comes_from_the_calendar_never_from_the_request(web: Web) -> None:
    asked = web.path().replace("trueconf", "x%22%0d%0aSet-Cookie:%20a=b%0d%0a%d0%96")

    response = await web.client.get(asked)

    assert response.headers["content-disposition"] == 'inline; filename="all.ics"'
    assert "set-cookie" not in response.headers


async def test_the_name_of_an_account_is_a_readable_file_name(web: Web) -> None:
    response = await web.get(str(ROOM))

    assert 'filename="lobby-video.example.com.ics"' in response.headers["content-disposition"]


async def test_requests_at_the_same_time_build_the_feed_once(web: Web) -> None:
    answers = await asyncio.gather(*(web.get() for _ in range(5)))

    assert len({answer.content for answer in answers}) == 1
    assert web.store.reads == 1


async def test_a_change_while_a_feed_is_built_is_in_the_next_answer(web: Web) -> None:
    async def changing() -> None:
        web.store.meanwhile = None
        await web.accept(listed(conference("100"), conference("300", "Meanwhile")))

    web.store.meanwhile = changing

    first = await web.get()
    second = await web.get()

    assert b"Meanwhile" not in first.content
    assert b"Meanwhile" in second.content


@pytest.mark.parametrize("query", ["?download", "?download=1", "?x=1&download"])
async def test_a_feed_that_is_taken_away_as_a_file_says_so(web: Web, query: str) -> None:
    feed = await web.get()

    file = await web.client.get(web.path() + query)

    assert file.headers["content-disposition"] == 'attachment; filename="all.ics"'
    assert file.content == feed.content
    assert file.headers["etag"] == feed.headers["etag"]


@pytest.mark.parametrize("query", ["?downloads", "?nodownload=1", "?x=download", "?"])
async def test_any_other_query_changes_nothing(web: Web, query: str) -> None:
    assert (await web.client.get(web.path() + query)).headers == (await web.get()).headers


async def test_another_name_after_a_good_token_is_no_feed_and_no_guess(web: Web) -> None:
    for name in ("", "all", "all.ics/x", "x/all.ics"):
        path = web.path().rpartition("/")[0] + "/" + name
        assert [(await web.client.get(path)).status_code for _ in range(60)] == [404] * 60
    assert (await web.get()).status_code == 200


async def test_what_a_client_makes_of_the_name_is_served_but_not_remembered(web: Web) -> None:
    app = feed_app(web)
    folder = web.path().rpartition("/")[0]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        for number in range(5):
            answer = await client.get(f"{folder}/{number}{'x' * 50_000}.ics")
            assert answer.status_code == 200
        await client.get(f"{folder}/all.ics")

    assert list(vars(app)["_paths"]) == [f"{folder}/all.ics"]
