"""
One meeting of the schedule: its details, and the file with it alone.
"""

import re
from dataclasses import replace

import icalendar
import pytest

from service.core.schedule import Weekday
from tests.core.given import SERVER, at, conference, listed, once, weekly
from tests.web.document import Document
from tests.web.given import Web, served

LONG = "A topic that goes on " * 11
MONDAYS = weekly("2026-10-05 20:30", Weekday.MO, Weekday.TH)


def refs(text: str) -> list[str]:
    """Return how the page names the meetings that it shows."""
    return re.findall(r"meeting=([0-9a-f]{12}-\d+)#meeting", text)


def details(text: str) -> Document:
    return Document(text.partition('id="meeting"')[2].partition("</section>")[0])


async def test_the_details_tell_the_whole_topic_whose_it_is_how_long_and_when_again() -> None:
    async with served(timezone="UTC") as web:
        await web.accept(listed(replace(conference("77", LONG, MONDAYS), mode="OxP", owner="brown")))
        ref = refs((await web.page(query="?view=week&zone=Asia/Tokyo")).text)[0]

        found = details((await web.page(query=f"?meeting={ref}&zone=Asia/Tokyo")).text)

    assert found.told[0] == LONG.strip()
    # Half past eight in the evening in UTC is the next morning in Tokyo.
    assert "Tuesday, 6 October 2026, 05:30–06:30" in found.words
    assert "Length 1 hour" in found.words
    assert "every week: Tuesday and Friday" in found.words
    assert "Owner brown" in found.words
    assert "Mode video lecture" in found.words
    assert f"https://{SERVER}/c/77" in found.links


async def test_the_file_holds_the_one_meeting_and_nothing_that_repeats(empty_web: Web) -> None:
    await empty_web.accept(listed(conference("1", "Stand-up", MONDAYS)))
    first, second = list(dict.fromkeys(refs((await empty_web.page(query="?view=week")).text)))[:2]

    files = [
        await empty_web.page(query=f"?meeting={ref}&as=ics&reminder=15", accept_language="ru")
        for ref in (first, second, first)
    ]

    events = [icalendar.Calendar.from_ical(file.content).events for file in files]
    assert [len(each) for each in events] == [1, 1, 1]
    assert [each[0].start for each in events[:2]] == [at("2026-10-05 20:30"), at("2026-10-08 20:30")]
    assert "RRULE" not in events[0][0]
    assert len({str(each[0]["UID"]) for each in events}) == 2
    assert str(events[0][0]["UID"]) not in (await empty_web.get()).text
    assert len(events[0][0].alarms.times) == 1
    assert files[0].content == files[2].content
    assert files[0].headers["content-disposition"] == 'attachment; filename="conference.ics"'
    assert files[0].headers["content-type"] == "text/calendar; charset=utf-8"
    assert files[0].headers["cache-control"] == "no-store"


async def test_a_single_conference_has_the_uid_that_it_has_in_the_feed(empty_web: Web) -> None:
    await empty_web.accept(listed(conference("1", "Board", once("2026-10-06 09:00"))))
    ref = refs((await empty_web.page(query="?view=week")).text)[0]

    event = icalendar.Calendar.from_ical(
        (await empty_web.page(query=f"?meeting={ref}&as=ics")).content
    ).events[0]

    assert f"UID:{event['UID']}" in (await empty_web.get()).text


@pytest.mark.parametrize(
    "ref", ["", "x", "0" * 12 + "-1", "{first}1", "{digits}-99999999999", "<script>", "{digits}-1791232201"]
)
async def test_a_meeting_that_there_is_not_is_not_shown(web: Web, ref: str) -> None:
    await web.accept(listed(conference("1", "Stand-up", MONDAYS)))
    first = refs((await web.page(query="?view=week")).text)[0]
    asked = ref.format(first=first, digits=first.partition("-")[0])

    response = await web.page(query=f"?meeting={asked}&as=ics")

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert 'id="meeting"' not in response.text


async def test_of_a_busy_calendar_no_meeting_can_be_asked_for(web: Web) -> None:
    await web.accept(listed(conference("1", "Stand-up", MONDAYS)))
    ref = refs((await web.page(query="?view=week")).text)[0]
    calendars = web.feeds.directory.calendars
    web.feeds.directory.calendars = {**calendars, "all": replace(calendars["all"], redaction="busy")}

    for query in ("?view=week", "?view=month", "?view=agenda", "?view=day", f"?meeting={ref}", "?q=stand"):
        response = await web.page(query=query)
        assert "Stand-up" not in response.text
        assert not refs(response.text)
        assert 'id="meeting"' not in response.text
    assert "Busy" in Document((await web.page(query="?view=week")).text).told
    file = await web.page(query=f"?meeting={ref}&as=ics")
    assert file.headers["content-type"].startswith("text/html")


async def test_a_search_finds_each_conference_once_by_topic_owner_or_id(empty_web: Web) -> None:
    await empty_web.accept(
        listed(
            conference("100", "Планёрка отдела", weekly("2026-10-05 07:00", *Weekday)),
            replace(conference("200", "Board", once("2026-10-06 09:00")), owner="otdel@video.example.com"),
            conference("300", "Kick-off", once("2026-09-01 09:00")),
        )
    )

    async def found(words: str) -> Document:
        text = (await empty_web.page(query=f"?q={words}")).text
        return Document(text.partition('id="found"')[2].partition("</section>")[0])

    assert (await found("ПЛАНЁРКА отд")).told == ["Планёрка отдела"]
    assert (await found("otdel")).told == ["Board"]
    assert (await found("300")).told == ["Kick-off"]
    assert (await found("0")).told == ["Планёрка отдела", "Board", "Kick-off"]
    assert "3 conferences found" in (await found("0")).words
    assert "No conference has these words" in (await found("nothing")).words


async def test_a_zone_chosen_by_hand_is_kept_until_it_is_given_up(web: Web) -> None:
    chosen = await web.page(query="?zone=Asia/Tokyo", cookie="confcal_zone=Europe/Berlin")
    kept = await web.page(cookie='confcal_zone=Europe/Berlin; confcal_zone_chosen="Asia/Tokyo"')
    given_up = await web.page(
        query="?zone=auto", cookie="confcal_zone=Europe/Berlin; confcal_zone_chosen=Asia/Tokyo"
    )
    nonsense = await web.page(query="?zone=Mars/Olympus", cookie="confcal_zone=Europe/Berlin")

    assert 'data-zone="Asia/Tokyo"' in chosen.text
    assert 'confcal_zone_chosen="Asia/Tokyo"' in chosen.headers["set-cookie"]
    assert "You chose this zone; the organization" in kept.text
    assert "data-zone-chosen" in kept.text
    assert "set-cookie" not in kept.headers
    assert 'data-zone="Europe/Berlin"' in given_up.text
    assert "Max-Age=0" in given_up.headers["set-cookie"]
    assert 'data-zone="Europe/Berlin"' in nonsense.text
    assert "set-cookie" not in nonsense.headers
