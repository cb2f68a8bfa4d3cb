"""
The links of the calendars as a file: from the dashboard and from the API.
"""

import csv
import re
from collections.abc import AsyncIterator
from io import StringIO

import httpx
import pytest

from tests.core.given import conference, listed
from tests.web.administered import TOKEN, Administered, administered
from tests.web.browsing import sign_in

COLUMNS = ["name", "person", "page", "feed", "text_en", "text_ru"]
OWNER = "lobby@video.example.com"


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered(CALENDARS__BOARD__TITLE="=Совет") as site:
        await site.accept(listed(conference("100")))
        yield site


def rows(answer: httpx.Response) -> list[list[str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "no-store" in answer.headers["cache-control"]
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def test_who_is_signed_in_gets_the_links_of_all_calendars(site: Administered) -> None:
    await sign_in(site)

    answer = await site.client.get("/calendars.csv")
    columns, *found = rows(answer)

    assert columns == COLUMNS
    assert [row[0] for row in found] == ["all", "board", OWNER]
    assert found[1][1] == "'=Совет", "a title is not a formula"
    for _, _, page, feed, *texts in found:
        assert all(page in text and text.count("\n") == 1 for text in texts)
        assert texts[0].startswith("Calendar of TrueConf conferences")
        assert texts[1].startswith("Календарь конференций TrueConf")
        assert (await site.client.get(httpx.URL(page).path)).status_code == 200
        assert (await site.client.get(httpx.URL(feed).path)).status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf"), "Excel reads Cyrillic"


async def test_only_what_is_sought_is_in_the_file(site: Administered) -> None:
    await sign_in(site)

    assert [row[0] for row in rows(await site.client.get("/calendars.csv?like=LOBBY"))] == ["name", OWNER]
    assert "/calendars.csv?like=lobby" in (await site.client.get("/calendars?like=lobby")).text


async def test_who_is_not_signed_in_gets_no_links(site: Administered) -> None:
    answer = await site.client.get("/calendars.csv")

    assert "/feeds/" not in answer.text
    assert answer.status_code == 303


async def test_the_api_gives_the_same_file_to_who_accepts_it(site: Administered) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "text/csv"}
    by_api = await site.client.get("/api/calendars?like=lobby", headers=headers)
    refused = await site.client.get("/api/calendars", headers={"Accept": "text/csv"})
    await sign_in(site)

    assert rows(by_api) == rows(await site.client.get("/calendars.csv?like=lobby"))
    assert refused.status_code == 401


async def test_the_page_of_the_calendars_has_a_text_to_send_in_each_language(site: Administered) -> None:
    await sign_in(site)

    page = (await site.client.get("/calendars?like=lobby")).text

    english, russian = re.findall(r'<textarea id="(\S+)" lang="(\w+)"[^>]*>([^<]+)</textarea>', page)
    assert (english[1], russian[1]) == ("en", "ru")
    assert "Open this page" in english[2]
    assert "Откройте эту страницу" in russian[2]
    for key, _, text in (english, russian):
        assert "/calendars/" in text
        assert f'data-copy="{key}"' in page
