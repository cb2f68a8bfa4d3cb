"""
What the dashboard calls things, where a word for word translation would read as something else.
"""

from collections.abc import AsyncIterator

import pytest

from tests.core.given import ROOM, conference, listed
from tests.web.administered import Administered, administered
from tests.web.browsing import sign_in
from tests.web.document import Document


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered() as site:
        await site.accept(listed(conference()))
        await sign_in(site)
        yield site


async def words(site: Administered, path: str, language: str) -> str:
    page = await site.client.get(path, headers={"accept-language": language})
    return Document(page.text).words


async def test_a_calendar_says_what_it_is_of_by_one_noun(site: Administered) -> None:
    assert f"{ROOM} account" in await words(site, "/calendars", "en")
    assert f"{ROOM} учётная запись" in await words(site, "/calendars", "ru")


async def test_what_is_measured_back_from_now_says_that_it_changed(site: Administered) -> None:
    assert "Changed 1 minute ago" in await words(site, "/rooms", "en")
    assert "Изменилось 1 минуту назад" in await words(site, "/rooms", "ru")


async def test_a_page_that_is_not_live_says_of_when_it_tells(site: Administered) -> None:
    for path in ("/", "/rooms", "/conferences", "/journal", "/settings"):
        assert "Данные на пн, 5 окт." in await words(site, path, "ru"), path
