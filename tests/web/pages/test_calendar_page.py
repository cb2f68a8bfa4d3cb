"""
The page for whoever holds the link: what TrueConf tells is text there, whatever it is.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service.calendars.rules import Rule
from service.calendars.tokens import token_of
from service.core.ports import FeedRecord
from tests.core.given import NOW, ROOM, SERVER, at, conference, listed, once, room, weekly
from tests.web.document import Document
from tests.web.given import BASE, SECRET, Web, served


def outer(page: Document) -> list[str]:
    """The links that lead away from the page itself."""
    return [link for link in page.links if not link.startswith(("#", "?"))]


def coming_up(response: httpx.Response) -> Document:
    """The part of the page that tells of the next conferences."""
    return Document(response.text.partition('id="next"')[2].partition("</section>")[0])


@pytest.mark.parametrize(
    "topic",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"><svg onload=alert(1)>',
        "</bdi></li></ol><h1>Fooled</h1>",
        "{{ 7 * 7 }}{% raw %}",
        "&lt;b&gt; & &amp;",
        "javascript:alert(1)",
        "\u202egnp.exe\u202c \u2067עברית\u2069",
        "🎉" * 240,
        "-->]]><!--",
        "100 %(num)d %s",
    ],
)
async def test_a_hostile_topic_is_text(web: Web, topic: str) -> None:
    plain = Document((await web.page()).text)
    hostile = conference("100", topic, once("2026-10-06 09:00"))
    await web.accept(listed(hostile, conference("200", topic, weekly())))

    page = Document((await web.page()).text)

    assert topic in page.told
    assert set(page.tags) <= set(plain.tags)
    assert not {name for name in page.attributes if name.startswith("on")}


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", 'https://e.com/" onclick="x', "//evil"]
)
async def test_a_hostile_link_is_not_followed(empty_web: Web, url: str) -> None:
    hostile = replace(conference("100", schedule=once("2026-10-06 09:00")), url=url)
    await empty_web.accept(listed(hostile))

    page = Document((await empty_web.page()).text)

    assert f"https://{SERVER}/c/100" in page.links
    assert all(link.startswith(("https://", "webcal://")) for link in outer(page))


async def test_a_hostile_address_line_is_text(web: Web) -> None:
    response = await web.page(query='?month="><script>&view=<b>&lang=<i>')

    assert response.status_code == 200
    assert "<i>" not in response.text
    assert '"><script>' not in response.text


async def test_the_page_shows_the_address_to_subscribe_to(web: Web) -> None:
    response = await web.page()

    feed_url = web.feeds.addresses.feed_url("all")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert f'value="{feed_url}"' in response.text
    links = Document(response.text).links
    assert feed_url.replace("https:", "webcal:") in links
    assert f"{feed_url}?download" in links


async def test_the_secret_is_in_no_title_and_in_no_link_of_the_page_itself(web: Web) -> None:
    response = await web.page()

    token = web.feeds.addresses.tokens["all"]
    title = response.text.partition("<title>")[2].partition("</title>")[0]
    assert title == "TrueConf · confcal"
    assert not [link for link in Document(response.text).links if link[0] in "?#" and token in link]


async def test_a_preview_in_a_chat_tells_neither_whose_calendar_it_is_nor_its_address(web: Web) -> None:
    head = (await web.page(str(ROOM))).text.partition("</title>")[2].partition("</head>")[0]

    assert '<meta property="og:title" content="confcal">' in head
    assert ROOM.peer not in head
    assert web.feeds.addresses.tokens[str(ROOM)] not in head


@pytest.mark.parametrize("view", ["day", "week", "month", "agenda"])
async def test_a_page_of_fifty_conferences_is_lighter_than_sixty_kilobytes(empty_web: Web, view: str) -> None:
    series = [conference(f"{n}", f"Weekly of team {n}", weekly("2026-10-05 07:00")) for n in range(25)]
    single = [conference(f"{n}", f"Review {n}", once(f"2026-10-{n - 45:02} 09:00")) for n in range(50, 75)]
    await empty_web.accept(listed(*series, *single))

    for language in ("en", "ru"):
        page = await empty_web.page(query=f"?view={view}", accept_language=language)
        assert len(page.content) < 60_000


@pytest.mark.parametrize(
    ("changes", "subtitle"),
    [
        ({}, "TrueConf conferences of your organization"),
        (
            {"rule": Rule(owners=frozenset({"brown"}))},
            "A selection of your organization's TrueConf conferences",
        ),
        ({"redaction": "busy"}, "When conferences take place, without topics and links"),
        ({"person": "brown@video.example.com"}, "Conferences of brown@video.example.com"),
    ],
)
async def test_the_subtitle_says_what_kind_of_calendar_it_is(
    web: Web, changes: dict[str, Any], subtitle: str
) -> None:
    calendars = web.feeds.directory.calendars
    web.feeds.directory.calendars = {**calendars, "all": replace(calendars["all"], **changes)}

    hero = (await web.page()).text.partition('class="hero"')[2].partition("</header>")[0]

    assert subtitle in Document(hero).words


async def test_what_follows_a_page_is_as_secret_as_the_page(web: Web) -> None:
    token = web.feeds.addresses.tokens["all"]

    following = await web.client.head(f"/calendars/{token}/live")
    unknown = await web.client.get(f"/calendars/{'A' * 32}/live")

    assert following.headers["content-type"].startswith("text/event-stream")
    assert following.headers["cache-control"] == "no-store"
    assert unknown.status_code == 404


async def test_the_page_may_load_nothing_from_elsewhere_and_tells_no_one_its_address(web: Web) -> None:
    headers = (await web.page()).headers

    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; connect-src 'self'"
    )
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert "camera=()" in headers["permissions-policy"]


async def test_links_that_lead_away_take_nothing_with_them(web: Web) -> None:
    text = (await web.page()).text

    away = [line for line in text.split("<a ")[1:] if 'href="http' in line or 'href="webcal' in line]
    assert away
    assert all("noreferrer" in line.partition(">")[0] for line in away)


async def test_everything_the_page_loads_is_served(web: Web) -> None:
    text = (await web.page()).text
    loaded = [part.partition('"')[0] for part in text.split('="/static/')[1:]]

    names = {name.partition("?")[0] for name in loaded}
    scripts = {"copy.js", "live.js", "meeting.js", "subscribe.js", "zone.js"}
    assert names == {"page.css", "icon.svg", *scripts}
    for name in loaded:
        response = await web.client.get(f"/static/{name}")
        assert response.status_code == 200, name
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "immutable" in response.headers["cache-control"]


async def test_the_next_conferences_stand_in_order_with_days_and_hours() -> None:
    async with served(timezone="Europe/Moscow") as web:
        web.clock.now = at("2026-10-05 07:30")
        await web.accept(
            listed(
                conference("1", "Every Monday", weekly("2026-10-05 07:00")),
                conference("2", "On Tuesday", once("2026-10-06 09:00")),
                conference("3", "Over since long", once("2026-08-01 09:00")),
                conference("4", "Next year", once("2028-09-01 09:00")),
                room(),
            )
        )

        response = await web.page()

    up = coming_up(response)
    assert up.told[:3] == ["Every Monday", "On Tuesday", "Every Monday"]
    assert "Monday, 5 October 2026 10:00–11:00 now" in up.words
    assert "Tue 6 Oct, 12:00 On Tuesday" in up.words
    assert "Times in Moscow Time, Europe/Moscow." in up.words
    assert "3 upcoming conferences" in Document(response.text).words
    assert "Over since long" not in response.text
    assert "Next year" not in response.text


async def test_more_conferences_are_shown_as_the_next_beside_the_card_than_above_the_schedule(
    web: Web,
) -> None:
    await web.accept(listed(*(conference(f"{n}", schedule=once("2026-10-06 09:00")) for n in range(30))))

    assert len(coming_up(await web.page()).told) == 7
    assert len(coming_up(await web.page(query="?subscribed=1")).told) == 5


async def test_a_calendar_without_conferences_says_so(empty_web: Web) -> None:
    await empty_web.accept(listed())

    page = Document((await empty_web.page()).text)
    month = Document((await empty_web.page(query="?view=agenda")).text)

    assert "Nothing is planned. What is planned later will appear here" in page.words
    assert "Nothing is planned this week." in page.words
    assert "Nothing is planned this month." in month.words
    assert "0 upcoming conferences" in page.words


async def test_before_the_first_list_there_is_a_page_that_says_to_wait(empty_web: Web) -> None:
    response = await empty_web.page()

    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert "not ready yet" in response.text
    assert response.headers["referrer-policy"] == "no-referrer"


async def test_the_page_of_an_account_shows_its_own_address_and_whose_it_is(web: Web) -> None:
    response = await web.page(str(ROOM))

    assert web.feeds.addresses.feed_url(str(ROOM)) in response.text
    assert f"TrueConf: {ROOM}" in response.text
    assert f"Conferences of {ROOM}" in response.text


async def test_an_unknown_token_has_a_page_of_its_own(web: Web) -> None:
    response = await web.client.get("/calendars/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")

    assert response.status_code == 404
    assert "There is no such calendar" in response.text
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in response.headers["content-security-policy"]


async def test_the_page_of_a_rotated_address_is_gone_and_says_what_to_do() -> None:
    async with served(records={"all": FeedRecord(generation=1)}) as web:
        await web.accept(listed(conference()))
        old = await web.client.get(f"/calendars/{token_of(SECRET, 'all', 0)}")
        new = await web.client.get(f"/calendars/{token_of(SECRET, 'all', 1)}")

    assert (old.status_code, new.status_code) == (410, 200)
    assert "This calendar has a new address" in old.text
    assert "subscribe again with it, and remove the old calendar." in old.text
    assert token_of(SECRET, "all", 1) not in old.text


async def test_a_page_can_only_be_read(web: Web) -> None:
    path = web.feeds.addresses.page_url("all").removeprefix(BASE)

    refused = await web.client.post(path)
    head = await web.client.head(path)

    assert refused.status_code == 405
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert head.status_code == 200


async def test_a_fresh_list_is_said_to_be_fresh(web: Web) -> None:
    web.clock.now = NOW + timedelta(minutes=12)

    page = Document((await web.page()).text)

    assert "updated 12 minutes ago" in page.words
    assert "out of date" not in page.words


async def test_a_list_older_than_half_an_hour_is_a_warning(web: Web) -> None:
    web.clock.now = NOW + timedelta(minutes=31)

    page = Document((await web.page()).text)

    assert "updated 31 minutes ago" in page.words
    assert "Room lobby has been silent since 08:00; its conferences may be out of date." in page.words


async def test_a_calendar_that_tells_only_times_tells_only_times_on_its_page(web: Web) -> None:
    calendars = web.feeds.directory.calendars
    busy = replace(calendars["all"], redaction="busy")
    web.feeds.directory.calendars = {**calendars, "all": busy}

    page = Document((await web.page()).text)

    assert "Stand-up" not in page.words
    assert "Busy" in page.told
    assert not [link for link in page.links if SERVER in link]
