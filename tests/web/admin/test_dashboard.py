"""
The dashboard behind its sign-in, without a browser: what it shows, what it does, and for whom.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from service.core.conference import Listing, Rejection, Snapshot
from service.core.replicas import Replica
from service.core.sources import SourceState
from service.sources.status import SourceStatus
from tests.core.given import DESK, NOW, ROOM, conference, listed, many, once, room
from tests.web.administered import TOKEN, Administered, administered
from tests.web.browsing import dashboard, form_token, sign_in
from tests.web.document import Document

HOUR = timedelta(hours=1)
HOSTILE = '</bdi><script>alert("1")</script>'


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered() as site:
        await site.accept(listed(replace(conference("100", HOSTILE), state="running"), room("900")))
        yield site


async def hold_a_list(site: Administered) -> None:
    fourteen = [replace(each, schedule=once()) for each in many(14)]
    await site.accept(listed(*fourteen, account=DESK))
    await site.accept(listed(*fourteen[:3], account=DESK, at=NOW + HOUR))


async def held_form(site: Administered) -> dict[str, str]:
    """Return what the form of the held list sends, as the page has it now."""
    page = await dashboard(site)
    form = page[page.index('action="/approve"') :]
    return dict(re.findall(r'name="(form_token|account|digest)" value="([^"]+)"', form)[:3])


async def test_the_page_shows_what_there_is_and_texts_as_text(site: Administered) -> None:
    await hold_a_list(site)
    rejection = Rejection("4711", "schedule.start_time", "missing", b"{}")
    await site.accept(Snapshot(ROOM, "hall", NOW, Listing((), (rejection,))))
    await site.rejections.write()
    shown = {
        "/": ("Held list of", "Remove 11 now", "4711"),
        "/rooms": ("waiting for an event", "4711"),
        "/conferences": ("A virtual room", "&lt;script&gt;alert"),
        "/calendars": ("ivanov@video.example.com", "&lt;script&gt;alert"),
        "/targets": ("There is no target.",),
        "/settings": ("********",),
    }

    for path, texts in shown.items():
        page = await dashboard(site, path)
        for words in texts:
            assert words in page, (path, words)
        assert "<script>alert" not in page
        assert TOKEN not in page


async def test_the_page_keeps_to_its_policy(site: Administered) -> None:
    await sign_in(site)
    page = await site.client.get("/")

    assert "connect-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"<script(?! src=)|\son\w+=|\sstyle=", page.text)


async def test_rotating_ends_the_old_link_and_says_so(site: Administered) -> None:
    token = await form_token(site)
    old = site.feeds.addresses.feed_url("all")

    rotation = {"form_token": token, "calendar": "all", "sure": "yes", "like": "a", "after": "b"}
    answer = await site.client.post("/rotate", data=rotation)
    page = await site.client.get(answer.headers["location"])

    assert answer.status_code == 303
    assert "The calendar all has a new link." in page.text
    assert f'value="{site.feeds.addresses.page_url("all")}"' in page.text
    assert answer.headers["location"].endswith("&like=a&after=b")
    assert (await site.client.get(old)).status_code == 410
    assert (await site.client.get(site.feeds.addresses.feed_url("all"))).status_code == 200


async def test_a_page_that_shows_an_older_link_does_not_end_the_new_one(site: Administered) -> None:
    rotation = {"form_token": await form_token(site), "calendar": "all", "sure": "yes", "rotations": "0"}
    assert 'name="rotations" value="0"' in (await site.client.get("/calendars")).text

    await site.client.post("/rotate", data=rotation)
    again = await site.client.post("/rotate", data=rotation)

    assert "Nothing was done" in (await site.client.get(again.headers["location"])).text
    assert site.feeds.directory.generation("all") == 1


async def test_a_link_ends_only_where_somebody_is_sure(site: Administered) -> None:
    token = await form_token(site)
    old = site.feeds.addresses.feed_url("all")

    answer = await site.client.post("/rotate", data={"form_token": token, "calendar": "all", "like": "a"})
    page = await site.client.get(answer.headers["location"])

    assert "tick the box first" in page.text
    assert 'name="like" value="a"' in page.text
    assert (await site.client.get(old)).status_code == 200


async def test_approving_applies_the_held_list(site: Administered) -> None:
    await hold_a_list(site)
    fields = await held_form(site)

    answer = await site.client.post("/approve", data=fields)
    page = await site.client.get(answer.headers["location"])

    assert "The held list of ivanov@video.example.com was applied." in page.text
    assert "Held list of" not in page.text
    assert len(site.synchronizer.state.account(DESK).reported) == 3


async def test_an_approval_of_an_old_page_removes_nothing(site: Administered) -> None:
    await hold_a_list(site)
    fields = await held_form(site)
    await site.accept(listed(conference("1", "Topic 1"), account=DESK, at=NOW + 2 * HOUR))

    answer = await site.client.post("/approve", data=fields)
    page = await site.client.get(answer.headers["location"])

    assert "the held list is another by now" in page.text
    assert "Remove 13 now" in page.text
    assert len(site.synchronizer.state.account(DESK).reported) == 14


async def test_an_approval_that_does_not_say_of_what_removes_nothing(site: Administered) -> None:
    await hold_a_list(site)
    fields = {name: value for name, value in (await held_form(site)).items() if name != "digest"}

    await site.client.post("/approve", data=fields)

    assert len(site.synchronizer.state.account(DESK).reported) == 14


@pytest.mark.parametrize(
    ("path", "data"), [("/rotate", {"calendar": "all", "sure": "yes"}), ("/approve", {"account": str(DESK)})]
)
@pytest.mark.parametrize("wrong", ["no token", "another session", "another site", "nobody"])
async def test_nothing_is_done_that_no_page_of_the_session_asked_for(
    site: Administered, path: str, data: dict[str, str], wrong: str
) -> None:
    await hold_a_list(site)
    before = site.feeds.addresses.feed_url("all")
    headers: dict[str, str] = {}
    token = await form_token(site)
    match wrong:
        case "no token":
            token = ""
        case "another session":
            await sign_in(site)
        case "another site":
            headers = {"Sec-Fetch-Site": "cross-site"}
        case _:
            site.client.cookies.clear()

    answer = await site.client.post(path, data={"form_token": token, **data}, headers=headers)

    assert answer.headers["location"] in ("/?done=expired", "/calendars?done=expired")
    assert site.feeds.addresses.feed_url("all") == before
    assert len(site.synchronizer.state.account(DESK).reported) == 14


@pytest.mark.parametrize(
    ("path", "data", "back"),
    [
        ("/rotate", {"calendar": "nobody", "sure": "yes"}, "/calendars"),
        ("/approve", {"account": "nobody"}, "/"),
    ],
)
async def test_what_is_gone_is_told(site: Administered, path: str, data: dict[str, str], back: str) -> None:
    token = await form_token(site)

    answer = await site.client.post(path, data={"form_token": token, **data})

    assert answer.headers["location"] == f"{back}?done=gone"


async def test_a_database_that_is_away_leaves_the_page_standing(site: Administered) -> None:
    token = await form_token(site)
    site.store.failing = True

    page = await site.client.get("/")
    rotation = {"form_token": token, "calendar": "all", "sure": "yes"}
    answer = await site.client.post("/rotate", data=rotation)

    assert "The database cannot be read at the moment." in page.text
    assert answer.headers["location"] == "/calendars?done=unavailable"


async def test_calendars_are_found_and_paged(site: Administered) -> None:
    await site.accept(listed(*(conference(str(number)) for number in range(3))))
    await sign_in(site)

    found = (await site.client.get("/calendars?like=lobby")).text
    none = (await site.client.get("/calendars", params={"like": '"><b>x'})).text

    assert 'id="link-lobby@video.example.com"' in found
    assert 'id="link-all"' not in found
    assert "No calendar is named like" in none
    assert "<b>x" not in none


async def test_what_is_said_to_be_done_is_one_of_the_known_things(site: Administered) -> None:
    await sign_in(site)

    page = (await site.client.get("/?done=<b>x</b>&about=y")).text

    assert "<b>x" not in page


@pytest.mark.parametrize("done", ["rotated", "approved"])
async def test_a_link_cannot_say_that_something_was_done(site: Administered, done: str) -> None:
    await sign_in(site)

    page = (await site.client.get(f"/?done={done}&about=all")).text

    assert "has a new link" not in page
    assert "was applied" not in page


async def test_what_was_done_is_said_once_and_in_its_own_session(site: Administered) -> None:
    token = await form_token(site)
    rotation = {"form_token": token, "calendar": "all", "sure": "yes"}
    answer = await site.client.post("/rotate", data=rotation)
    said = site.client.cookies["confcal_done"]
    first = (await site.client.get(answer.headers["location"])).text
    second = (await site.client.get(answer.headers["location"])).text
    await sign_in(site)
    site.client.cookies.set("confcal_done", said)
    stolen = (await site.client.get(answer.headers["location"])).text

    assert ["has a new link" in page for page in (first, second, stolen)] == [True, False, False]


async def test_without_an_admin_token_a_sentence_says_how_to_turn_it_on() -> None:
    async with administered(ADMIN_TOKEN="") as site:
        answer = await site.client.get("/")
        signing_in = await site.client.post("/sign-in", data={"token": ""})

    assert answer.status_code == 404
    assert "set CONFCAL_ADMIN_TOKEN to a long random text" in answer.text
    assert signing_in.status_code == 404


@dataclass(frozen=True)
class Endpoint:
    """A source that is doing as a test says."""

    status: SourceStatus


async def test_replicas_are_listed_and_a_source_of_another_one_is_shown_as_held_by_it() -> None:
    async with administered(SOURCES__LOBBY__URL="ws://10.0.0.15:8765") as site:
        connecting = SourceStatus("lobby", SourceState.CONNECTING, None, None, "", NOW)
        site.reporter.endpoints = (Endpoint(connecting),)
        alone = await dashboard(site, "/settings")
        lasts = timedelta(seconds=15)
        await site.store.leases.renew(Replica("other-1", "1.1"), lasts=lasts)
        await site.store.leases.take(["source/lobby"], "other-1", lasts=lasts)
        await site.leases.join()
        await site.accept(listed(conference("100"), source="lobby"))
        page, rooms = await dashboard(site, "/settings"), await dashboard(site, "/rooms")

    assert re.search(r'<section id="replicas"[^>]* hidden>', alone)
    assert not re.search(r'<section id="replicas"[^>]* hidden>', page)
    assert "<li><bdi>source/lobby</bdi></li>" in page
    lobby = rooms[rooms.index("<h2><bdi>lobby</bdi></h2>") :]
    assert lobby.index("listening") < lobby.index("Held by replica other-1. What it said last:")


async def test_a_calendar_says_when_it_was_fetched_last_and_by_what(site: Administered) -> None:
    feed = site.feeds.addresses.feed_url("all")
    await site.client.get(feed, headers={"User-Agent": "Google-Calendar-Importer"})
    site.later(timedelta(minutes=5))
    await sign_in(site)
    words = Document((await site.client.get("/calendars")).text).words
    calendar = (await site.api("GET", "/calendars?limit=1")).json()["calendars"][0]

    assert "5 minutes ago Google-Calendar-Importer" in words
    assert calendar["fetched_by"] == "Google-Calendar-Importer"
