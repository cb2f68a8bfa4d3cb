"""
Finding conferences, and why calendars hold them: the pages and the API.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from service.core.conference import Key
from service.core.vevent import uid_of
from service.publishing.model import Publication, Standing
from tests.core.given import DESK, HOUR, NOW, SERVER, conference, listed, many, once, room, weekly
from tests.web.administered import Administered, administered
from tests.web.browsing import sign_in
from tests.web.document import Document

HOSTILE = '</bdi><script>alert("1")</script>'


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered(CALENDARS__BOARD__TOPIC="board*") as site:
        yield site


async def test_conferences_are_found_and_paged_and_texts_are_texts(site: Administered) -> None:
    await site.accept(listed(*many(60), conference("100", HOSTILE)))
    await sign_in(site)

    first = (await site.client.get("/conferences?q=topic")).text
    hostile = (await site.client.get("/conferences?q=script")).text

    assert first.count("/conferences/video.example.com/") == 50
    assert "More conferences" in first
    assert "<script>alert" not in hostile
    assert "&lt;script&gt;" in hostile


async def test_the_api_filters_and_pages(site: Administered) -> None:
    running = replace(conference("1", "A"), state="running")
    await site.accept(listed(running, conference("2", "B", weekly()), room("3")))

    async def ids(query: str) -> list[str]:
        found = (await site.api("GET", f"/conferences?{query}")).json()["conferences"]
        return [each["id"] for each in found]

    assert await ids("is=running") == ["1"]
    assert await ids("is=weekly") == ["2"]
    assert await ids("is=unscheduled") == ["3"]
    assert await ids("is=disputed") == []
    page = (await site.api("GET", "/conferences?limit=2")).json()
    assert await ids(f"limit=2&after={page['after']}") == ["2"]


async def test_a_conference_says_which_calendars_hold_it_and_by_which_condition_not(
    site: Administered,
) -> None:
    await site.accept(listed(conference("1", "Planning", once())))
    await site.accept(listed(conference("2", "Board meeting"), account=DESK))

    told = (await site.api("GET", f"/conferences/{SERVER}/1")).json()
    await sign_in(site)
    page = await site.client.get(f"/conferences/{SERVER}/1")

    assert {each["calendar"]: each["condition"] for each in told["calendars"]} == {
        "all": "",
        "board": "topic",
        f"ivanov@{SERVER}": "account",
        f"lobby@{SERVER}": "",
    }
    assert told["vevent"].startswith("BEGIN:VEVENT")
    assert "the topic does not fit" in page.text
    assert (await site.client.get(f"/conferences/{SERVER}/404")).status_code == 404


@pytest.mark.parametrize(("language", "word"), [("en", "refused by the server"), ("ru", "сервер не принял")])
async def test_a_conference_says_how_each_target_has_it_and_why_not(language: str, word: str) -> None:
    async with administered(
        TARGETS__CLOUD__URL="http://127.0.0.1:1/", TARGETS__CLOUD__CALENDAR="all"
    ) as site:
        await site.accept(listed(conference("1", "Planning", once())))
        row = Publication(uid_of(Key(SERVER, "1")), standing=Standing.PARKED, reason="too <large>")
        await site.store.ledger.record_publications("cloud", [row])

        described = (await site.api("GET", f"/conferences/{SERVER}/1")).json()
        await sign_in(site)
        page = (await site.client.get(f"/conferences/{SERVER}/1?lang={language}")).text

    assert described["targets"] == [
        {"target": "cloud", "calendar": "all", "state": "refused", "reason": "too <large>"}
    ]
    assert f'{word}: <span lang="en">too &lt;large&gt;</span>' in page


async def test_a_conference_says_its_rule_in_words_and_who_reports_it_differently() -> None:
    async with administered() as site:
        await site.accept(listed(conference("1", "Plan", weekly())))
        await site.accept(listed(conference("1", "Other plan", weekly()), account=DESK, at=NOW + HOUR / 6))
        await site.accept(listed(conference("1", "Plan", weekly()), at=NOW + HOUR / 3))
        await sign_in(site)
        site.later(HOUR)
        words = Document((await site.client.get("/conferences/video.example.com/1")).text).words

    assert "every week: Monday, 1 hour" in words
    assert "Mon 12 Oct, 07:00–08:00" in words
    assert f"Accounts report it differently. Calendars follow {DESK}" in words
