"""
No page repeats what only its address says: a link would put words into confcal's mouth.
"""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from tests.core.given import conference, listed
from tests.web.administered import Administered, administered
from tests.web.browsing import form_token, sign_in

WORDS = "Your token has expired: write to evil.example"
MARK = "evil.example"
NAMES = (
    *("done", "about", "like", "after", "lang", "view", "month", "day", "next", "signed-in"),
    *("return", "redirect", "url", "error", "message", "reminder", "free", "q", MARK),
)
QUERIES = [f"{name}={quote(WORDS)}" for name in NAMES]
TOGETHER = "&".join([*QUERIES, "done=rotated", "done=approved"])


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered() as site:
        await site.accept(listed(conference()))
        yield site


async def shows(site: Administered, path: str, **headers: str) -> bool:
    """Whether the answer has the words anywhere: in text, attributes, headers or cookies."""
    answer = await site.client.get(path, headers={name.replace("_", "-"): v for name, v in headers.items()})
    return MARK in answer.text or any(MARK in value for value in answer.headers.values())


@pytest.mark.parametrize("query", [*QUERIES, TOGETHER])
async def test_the_dashboard_repeats_nothing_of_its_query(site: Administered, query: str) -> None:
    await sign_in(site)

    for path in ("/", "/rooms", "/calendars", "/targets", "/settings"):
        assert not await shows(site, f"{path}?{query}"), path


@pytest.mark.parametrize("query", [*QUERIES, TOGETHER])
async def test_pages_for_everybody_repeat_nothing_of_their_query(site: Administered, query: str) -> None:
    page = f"/calendars/{site.feeds.addresses.tokens['all']}"
    for path in (page, "/", "/sign-in", "/nothing", "/calendars/x", "/feeds/x/y.ics", "/healthz", "/live"):
        assert not await shows(site, f"{path}?{query}"), path


@pytest.mark.parametrize(
    "before", ["/", "/calendars/", "/feeds/", "/static/", "/sign-in/", "/api/events/", "//"]
)
async def test_no_answer_repeats_a_path(site: Administered, before: str) -> None:
    for path in (f"{before}{quote(WORDS)}", f"{before}{quote(WORDS)}.ics", f"{before}{MARK}/%2e%2e/x"):
        assert not await shows(site, path), path


async def test_no_answer_repeats_a_header(site: Administered) -> None:
    token = site.feeds.addresses.tokens["all"]
    for path in (
        "/",
        "/sign-in",
        "/nothing",
        f"/calendars/{token}",
        f"/feeds/{token}/all.ics",
        "/api/status",
    ):
        assert not await shows(
            site,
            path,
            host=MARK,
            referer=f"https://{MARK}/",
            user_agent=MARK,
            accept_language=f"ru, {MARK}",
            cookie=f"confcal_lang={MARK}; confcal_zone={MARK}; confcal_done={MARK}.{MARK}; confcal={MARK}",
            x_forwarded_host=MARK,
            x_forwarded_prefix=f"/{MARK}",
            origin=f"https://{MARK}",
        ), path


@pytest.mark.parametrize(
    "where", ["//evil.example", "https://evil.example/", "/\\evil.example", "%2f%2fevil.example"]
)
async def test_no_redirect_leads_elsewhere(site: Administered, where: str) -> None:
    token = await form_token(site)
    query = f"next={where}&return={where}&redirect={where}&url={where}"
    rotation = {
        "form_token": token,
        "calendar": where,
        "like": where,
        "after": where,
        "next": where,
        "sure": "1",
    }
    for path in ("/rotate", "/approve", "/sign-out", "/sign-in"):
        answer = await site.client.post(f"{path}?{query}", data=rotation | {"account": where})
        location = answer.headers.get("location", "/")

        assert location.startswith("/"), path
        assert not location.startswith(("//", "/\\")), path
        assert "evil" not in location.partition("?")[0], path


async def test_what_is_sought_is_shown_where_a_calendar_is_named_so(site: Administered) -> None:
    await sign_in(site)

    found = (await site.client.get("/calendars?like=LOBBY")).text
    none = (await site.client.get("/calendars?like=lobbyist")).text

    assert 'value="LOBBY"' in found
    assert "lobbyist" not in none
    assert "No calendar is named like that." in none


async def test_a_language_switch_keeps_what_the_page_understood(site: Administered) -> None:
    await sign_in(site)
    page = (await site.client.get("/calendars?like=lobby&after=nobody&x=1")).text

    assert 'href="?like=lobby&amp;lang=ru"' in page
