"""
What a subscriber chooses in the address of a feed.
"""

from datetime import timedelta

import icalendar
import pytest
from ical.calendar_stream import IcsCalendarStream

from tests.core.given import conference, listed, weekly
from tests.web.administered import administered
from tests.web.given import Web


def minutes_before(body: bytes) -> list[int]:
    """Return how long before the start each alarm of a feed is, as an independent reader finds them."""
    alarms = icalendar.Calendar.from_ical(body).walk("VALARM")
    return [-alarm.decoded("TRIGGER") // timedelta(minutes=1) for alarm in alarms]


@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        ("reminder=0", 0),
        ("reminder=5", 5),
        ("reminder=10", 10),
        ("reminder=15", 15),
        ("reminder=30", 30),
        ("reminder=60", 60),
        ("reminder=PT15M", 15),
        ("reminder=PT1H", 60),
        ("reminder=5&reminder=15", 15),
    ],
)
async def test_each_event_reminds_as_the_address_says(web: Web, query: str, minutes: int) -> None:
    response = await web.client.get(f"{web.path()}?{query}")

    assert response.status_code == 200
    assert minutes_before(response.content) == [minutes] * response.content.count(b"BEGIN:VEVENT")
    assert minutes_before(response.content)


@pytest.mark.parametrize(
    "query",
    ["reminder=none", "reminder=7", "reminder=-5", "free=yes", "color=red", "%ff=%fe&&=", "a=" + "b" * 5000],
)
async def test_what_is_no_choice_changes_no_byte(web: Web, query: str) -> None:
    given = await web.get()

    response = await web.client.get(f"{web.path()}?{query}")

    assert response.content == given.content
    assert response.headers["etag"] == given.headers["etag"]


async def test_each_choice_has_an_etag_of_its_own_and_keeps_it(web: Web) -> None:
    queries = ("", "?reminder=5", "?reminder=15", "?free=1", "?free=1&reminder=15")
    first = [await web.client.get(web.path() + query) for query in queries]
    again = [await web.client.get(web.path() + query) for query in queries]

    assert [each.content for each in first] == [each.content for each in again]
    assert len({each.headers["etag"] for each in first}) == len(queries)
    for query, each in zip(queries, first, strict=True):
        asked = {"if-none-match": each.headers["etag"]}
        assert (await web.client.get(web.path() + query, headers=asked)).status_code == 304
    other = {"if-none-match": first[0].headers["etag"]}
    assert (await web.client.get(web.path() + "?reminder=5", headers=other)).status_code == 200


async def test_the_order_of_the_choices_does_not_matter(web: Web) -> None:
    one = await web.client.get(web.path() + "?free=1&reminder=15")
    other = await web.client.get(web.path() + "?reminder=PT15M&x=1&free=1")

    assert one.content == other.content


@pytest.mark.parametrize("calendar_is_free", ["true", "false"])
async def test_a_subscriber_may_show_the_time_as_busy_or_free(calendar_is_free: str) -> None:
    async with administered(
        CALENDARS__BOARD__TOPIC="*", CALENDARS__BOARD__TRANSPARENT=calendar_is_free
    ) as site:
        await site.accept(listed(conference("100", "Merger", weekly())))
        url = site.feeds.addresses.feed_url("board")
        given = await site.client.get(url)
        busy, free = [await site.client.get(f"{url}?free={each}") for each in "01"]

    assert b"TRANSP:OPAQUE" in busy.content
    assert b"CDO-BUSYSTATUS:FREE" not in busy.content
    assert free.content.count(b"TRANSP:TRANSPARENT") == 1
    assert free.content.count(b"CDO-BUSYSTATUS:FREE") == 1
    assert given.content == (free if calendar_is_free == "true" else busy).content


async def test_a_chosen_feed_follows_the_conferences() -> None:
    async with administered() as site:
        await site.accept(listed(conference("100", "Merger")))
        url = site.feeds.addresses.feed_url("all") + "?reminder=15"
        before = await site.client.get(url)
        await site.accept(listed(conference("100", "Lunch\\nBEGIN:VEVENT")))
        after = await site.client.get(url)

    assert "DESCRIPTION:Merger" in before.text
    assert "Merger" not in after.text
    assert minutes_before(after.content) == [15]
    assert before.headers["etag"] != after.headers["etag"]


@pytest.mark.parametrize("minutes", [0, 15, 60])
async def test_home_assistants_parser_sees_the_reminder_of_every_event(empty_web: Web, minutes: int) -> None:
    await empty_web.accept(listed(conference("1", "Планёрка; отдел, продаж", weekly("2026-10-05 07:00"))))

    text = (await empty_web.client.get(f"{empty_web.path()}?reminder={minutes}&free=1")).text
    events = IcsCalendarStream.calendar_from_ics(text).events

    assert [event.summary for event in events] == ["Планёрка; отдел, продаж"]
    assert [[alarm.trigger for alarm in event.alarm] for event in events] == [[timedelta(minutes=-minutes)]]
    assert [alarm.action for event in events for alarm in event.alarm] == ["DISPLAY"]
    assert [event.transparency for event in events] == ["TRANSPARENT"]
