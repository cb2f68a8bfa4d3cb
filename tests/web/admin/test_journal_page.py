"""
The journal over HTTP: the page behind the sign-in, and the API.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from service.core.journal import FieldChange, Happening, JournalEntry
from tests.core.given import DESK, NOW, conference, listed, many, once, weekly
from tests.web.administered import Administered, administered
from tests.web.browsing import dashboard, form_token, sign_in
from tests.web.document import Document

HOUR = timedelta(hours=1)
HOSTILE = '</bdi><script>alert("1")</script>'


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered() as site:
        yield site


async def show(site: Administered, query: str = "") -> str:
    await sign_in(site)
    return (await site.client.get(f"/journal{query}")).text


async def hold_a_list(site: Administered) -> dict[str, str]:
    """Hold a list, and return what the form beside it sends."""
    fourteen = [replace(each, schedule=once()) for each in many(14)]
    await site.accept(listed(*fourteen, account=DESK))
    await site.accept(listed(*fourteen[:3], account=DESK, at=NOW + HOUR))
    page = await dashboard(site)
    form = page[page.index('action="/keep"') :]
    return dict(re.findall(r'name="(form_token|account|digest)" value="([^"]+)"', form)[:3])


async def test_the_page_is_for_the_administrator_alone(site: Administered) -> None:
    answer = await site.client.get("/journal")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?to=journal")


async def test_the_page_shows_what_lists_changed_and_texts_as_text(site: Administered) -> None:
    await site.accept(listed(conference("100", HOSTILE)))
    await site.accept(listed(conference("100", "Renamed"), at=NOW + HOUR))

    page = await show(site)

    assert "conference added" in page
    assert "<ins><bdi>Renamed</bdi></ins>" in page
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


async def test_the_page_filters_and_turns_pages_without_a_gap(site: Administered) -> None:
    await site.accept(listed(*many(150)))

    first = await show(site, "?event=conference_added")
    older = re.search(r'href="/journal\?([^"]*before=\d+)"', first)
    assert older
    second = await show(site, "?" + older[1].replace("&amp;", "&"))

    ids = [re.findall(r'journal\?conference=(\d+)"', page) for page in (first, second)]
    assert [len(each) for each in ids] == [100, 50]
    assert len({*ids[0], *ids[1]}) == 150


@pytest.mark.parametrize(
    "query", ["?event=nonsense", "?since=soon", "?before=-1", f"?conference={'9' * 999}"]
)
async def test_a_filter_that_cannot_be_used_is_said_so_and_not_repeated(
    site: Administered, query: str
) -> None:
    page = await show(site, query)

    assert "This filter cannot be used" in page
    assert query[-5:] not in page


async def test_the_page_is_there_in_russian(site: Administered) -> None:
    await site.accept(listed(conference("100")))

    assert "конференция добавлена" in await show(site, "?lang=ru")


async def test_the_api_gives_pages_that_follow_one_another(site: Administered) -> None:
    await site.accept(listed(*many(5)))

    first = (await site.api("GET", "/journal?limit=4")).json()
    second = (await site.api("GET", f"/journal?limit=4&before={first['before']}")).json()

    assert [len(first["entries"]), len(second["entries"]), second["before"]] == [4, 2, None]
    assert second["entries"][-1]["event"] == "list_changed"
    assert second["entries"][-1]["fields"] == [{"name": "added", "before": "", "after": "5"}]


async def test_the_journal_tells_of_sign_ins_and_links_and_holds_no_token(site: Administered) -> None:
    await site.accept(listed(conference("100")))
    token = await form_token(site)
    await site.client.post("/rotate", data={"form_token": token, "calendar": "all", "sure": "yes"})

    told = await site.api("GET", "/journal")

    events = {each["event"] for each in told.json()["entries"]}
    assert {"signed_in", "link_rotated"} <= events
    assert not any(secret in told.text for secret in site.feeds.addresses.tokens.values())


async def test_a_held_list_is_kept_by_its_form_and_stays(site: Administered) -> None:
    fields = await hold_a_list(site)

    answer = await site.client.post("/keep", data=fields)
    page = await dashboard(site)

    assert answer.status_code == 303
    assert "are kept until" in page.replace("&#39;", "'")
    assert 'action="/keep"' not in page
    (held,) = (await site.api("GET", "/held")).json()
    assert (held["kept"], held["applied_at"]) == (True, None)


async def test_a_held_list_that_changed_meanwhile_is_not_kept(site: Administered) -> None:
    fields = await hold_a_list(site)
    answer = await site.client.post("/keep", data={**fields, "digest": "0" * 32})

    assert "done=changed" in answer.headers["location"]


async def test_the_api_keeps_a_held_list(site: Administered) -> None:
    fields = await hold_a_list(site)

    kept = await site.api("POST", f"/held/{DESK}/keep?digest={fields['digest']}")

    assert kept.json() == {"account": str(DESK), "kept": 11}
    assert (await site.api("POST", "/held/nobody@nowhere/keep")).status_code == 404


async def test_what_went_wrong_with_a_source_is_shown_with_its_reason(site: Administered) -> None:
    entry = JournalEntry(NOW, Happening.SOURCE_DOWN, source="hall", note="no answer")
    await site.store.journal.write([entry])

    assert "no answer" in await show(site)


async def test_fields_are_in_the_viewer_s_words_and_zone() -> None:
    async with administered(TIMEZONE="Europe/Moscow") as site:
        await site.accept(listed(conference("1", "Plan", weekly())))
        await sign_in(site)
        english = Document((await site.client.get("/journal")).text).words
        russian = Document((await site.client.get("/journal?lang=ru")).text).words

    assert "schedule: every week" in english
    assert "start: Mon 5 Oct, 10:00" in english
    assert "days: Monday" in english
    assert "расписание: каждую неделю" in russian
    assert "дни: понедельник" in russian


async def test_a_word_that_is_a_state_of_both_means_what_it_means_of_each(site: Administered) -> None:
    waits = FieldChange("state", "", "waiting")
    of_target = JournalEntry(NOW, Happening.TARGET_REFUSED, target="cloud", fields=(waits,))
    of_source = JournalEntry(NOW, Happening.SOURCE_DOWN, source="hall", fields=(waits,))
    await site.store.journal.write([of_target, of_source])

    assert "waits to try again" in Document(await show(site, "?event=target_refused")).words
    assert "waiting for an event" in Document(await show(site, "?event=source_down")).words


async def test_a_moment_is_picked_in_the_viewer_s_zone() -> None:
    async with administered(TIMEZONE="Europe/Moscow") as site:
        await site.accept(listed(conference("1", "Plan"), at=NOW))
        await sign_in(site)
        local = NOW.astimezone(ZoneInfo("Europe/Moscow")).replace(tzinfo=None)
        shown = (await site.client.get(f"/journal?since={local.isoformat()}")).text
        later = (await site.client.get(f"/journal?since={(local + HOUR).isoformat()}")).text

    assert "Since (Moscow Time" in shown
    assert ">Plan<" in shown
    assert ">Plan<" not in later
