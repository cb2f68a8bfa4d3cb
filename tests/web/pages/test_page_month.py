"""
The month and the agenda: every meeting on each of its days, in the viewer's zone and week.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from service.core.schedule import Weekday
from service.web.pages.meetings import Meeting
from service.web.pages.month import Month, Slots, agenda_days, grid, slots_by_day
from tests.core.given import at, conference, listed, once, weekly
from tests.web.document import Document
from tests.web.given import Web

MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY = 0


def meeting(start: str, hours: float = 1, topic: str = "Planning") -> Meeting:
    return Meeting(
        topic, at(start), at(start) + timedelta(hours=hours), "https://example.com/c/1", weekly=False
    )


def slots_of(
    meetings: Iterable[Meeting], zone: ZoneInfo, first: date, last: date, most: int = 100
) -> dict[date, Slots]:
    return slots_by_day(meetings, zone, first, last, show=lambda each: each, most=most)


def on_days(
    *meetings: Meeting, zone: ZoneInfo = MOSCOW, first: str = "2026-10-01", last: str = "2026-10-31"
) -> dict[str, list[str]]:
    found = slots_of(meetings, zone, date.fromisoformat(first), date.fromisoformat(last))
    return {day.isoformat(): [slot.part for slot in slots.shown] for day, slots in found.items()}


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2026-10", Month(2026, 10)),
        ("2026-1", None),
        ("2026-13", None),
        ("2026-00", None),
        ("9999-12", None),
        ("", None),
        ("٢٠٢٦-١٠", None),
        ("2026-10\n", None),
    ],
)
def test_a_month_is_read_or_it_is_none(text: str, month: Month | None) -> None:
    assert Month.read(text) == month


def test_months_follow_each_other_over_the_years() -> None:
    assert Month(2026, 12).shift(1) == Month(2027, 1)
    assert Month(2026, 1).shift(-1) == Month(2025, 12)
    assert Month(2026, 10).shift(15) == Month(2028, 1)
    assert str(Month(2026, 4)) == "2026-04"


@given(some.integers(1990, 2100), some.integers(1, 12), some.integers(0, 6))
def test_weeks_are_whole_begin_on_their_day_and_hold_the_month_once(
    year: int, number: int, first: int
) -> None:
    weeks = Month(year, number).weeks(first)
    days = [day for week in weeks for day in week]

    assert all(len(week) == 7 and week[0].weekday() == first for week in weeks)
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    inside = [day for day in days if (day.year, day.month) == (year, number)]
    assert inside[0].day == 1
    assert (inside[-1] + timedelta(days=1)).day == 1
    assert all(any(day in inside for day in week) for week in weeks)


def test_a_meeting_is_on_the_day_that_the_zone_has() -> None:
    assert on_days(meeting("2026-10-04 21:30")) == {"2026-10-05": ["whole"]}
    assert on_days(meeting("2026-10-04 21:30"), zone=ZoneInfo("America/New_York")) == {
        "2026-10-04": ["whole"]
    }


def test_a_long_meeting_is_on_each_of_its_days() -> None:
    assert on_days(meeting("2026-10-14 06:00", 72)) == {
        "2026-10-14": ["first"],
        "2026-10-15": ["middle"],
        "2026-10-16": ["middle"],
        "2026-10-17": ["last"],
    }


def test_a_meeting_that_ends_at_midnight_has_nothing_of_the_next_day() -> None:
    assert on_days(meeting("2026-10-14 20:00", 1)) == {"2026-10-14": ["whole"]}


def test_of_a_meeting_that_lasts_for_years_only_the_days_shown_are_counted() -> None:
    found = on_days(meeting("1990-01-01 00:00", 24 * 365 * 100))

    assert len(found) == 31
    assert set(map(tuple, found.values())) == {("middle",)}


def test_the_grid_marks_today_and_the_neighbors_days() -> None:
    weeks = grid(Month(2026, 10), MONDAY, {}, today=date(2026, 10, 5))
    days = [day for week in weeks for day in week]

    assert [day.date for day in days if day.today] == [date(2026, 10, 5)]
    assert [day.date.isoformat() for day in days if not day.inside] == [
        "2026-09-28", "2026-09-29", "2026-09-30", "2026-11-01",
    ]  # fmt: skip


def test_the_agenda_has_the_days_of_the_month_that_have_meetings() -> None:
    slots = slots_of(
        [meeting("2026-09-30 10:00"), meeting("2026-10-02 10:00"), meeting("2026-11-01 10:00")],
        MOSCOW,
        date(2026, 9, 28),
        date(2026, 11, 1),
    )

    assert [day.date for day in agenda_days(Month(2026, 10), slots, today=date(2026, 10, 5))] == [
        date(2026, 10, 2)
    ]


def table(text: str) -> str:
    return text.partition("<table")[2].partition("</table>")[0]


def cells(text: str) -> dict[str, list[str]]:
    """Return the topics of each day of the table."""
    found = {}
    for cell in table(text).split("<td ")[1:]:
        day = re.search(r'datetime="(\d{4}-\d\d-\d\d)"', cell)
        assert day is not None
        found[day[1]] = Document(cell).told
    return found


async def test_a_weekly_conference_is_on_each_of_its_days(web: Web) -> None:
    await web.accept(listed(conference("1", "Stand-up", weekly("2026-10-05 07:00", Weekday.MO, Weekday.TH))))

    text = (await web.page(query="?month=2026-11")).text

    days = [day for day, topics in cells(text).items() if topics and day.startswith("2026-11")]
    assert days == [f"2026-11-{day:02}" for day in (2, 5, 9, 12, 16, 19, 23, 26, 30)]
    assert "November 2026" in text


@pytest.mark.parametrize(
    ("accept", "first"),
    [("en-US,en;q=0.9", "Sun"), ("en-GB", "Mon"), ("en", "Mon"), ("ru", "пн"), ("ar-EG,en-US;q=0.5", "Sun")],
)
async def test_weeks_begin_where_the_viewer_is_used_to(web: Web, accept: str, first: str) -> None:
    head = table((await web.page(query="?view=month", accept_language=accept)).text).partition("</thead>")[0]

    assert Document(f"<table{head}").words.split()[-7:][0] == first


async def test_the_months_are_bounded_at_both_ends(web: Web) -> None:
    earliest = Document((await web.page(query="?month=1999-01")).text)
    latest = Document((await web.page(query="?month=2999-01")).text)

    assert "April 2026" in earliest.words
    assert "Previous month" not in earliest.words
    assert "?view=month&month=2026-05#schedule" in earliest.links
    assert "October 2027" in latest.words
    assert "Next month" not in latest.words


def test_of_a_crowded_day_the_first_are_kept_and_all_are_counted() -> None:
    many = [meeting(f"2026-10-21 {hour:02}:00", topic=f"at {hour}") for hour in range(6, 20)]

    slots = slots_of(many, MOSCOW, date(2026, 10, 1), date(2026, 10, 31), most=3)[date(2026, 10, 21)]

    assert [slot.meeting.topic for slot in slots.shown] == ["at 6", "at 7", "at 8"]
    assert slots.count == 14


async def test_a_crowded_day_names_some_and_leads_to_all(web: Web) -> None:
    crowd = [conference(f"{n}", f"Topic {n}", once("2026-10-21 09:00")) for n in range(100, 150)]
    await web.accept(listed(*crowd))

    month = await web.page(query="?view=month")
    agenda = await web.page(query="?view=agenda")
    day = await web.page(query="?day=2026-10-21")

    assert len(cells(month.text)["2026-10-21"]) == 3
    assert "47 more" in Document(table(month.text)).words
    assert "45 more" in Document(agenda.text).words
    assert "?view=agenda&day=2026-10-21#schedule" in Document(month.text).links
    assert "?view=agenda&day=2026-10-21#schedule" in Document(agenda.text).links
    assert len(Document(day.text.partition('id="d2026-10-21"')[2].partition("</ul>")[0]).told) == 50
    assert "Show the whole month" in day.text
    assert "<table" not in day.text


@pytest.mark.parametrize("day", ["2026-10-32", "yesterday", "0001-01-01", "9999-12-31", "", "20261005"])
async def test_a_day_that_there_is_not_is_shown_as_something_else(web: Web, day: str) -> None:
    assert (await web.page(query=f"?day={day}")).status_code == 200


@pytest.mark.parametrize(("day", "month"), [("2027-11-01", "October 2027"), ("2026-03-30", "April 2026")])
async def test_of_a_day_beyond_the_months_shown_nothing_is_claimed(web: Web, day: str, month: str) -> None:
    await web.accept(listed(conference("1", "Stand-up", weekly("2026-10-05 07:00"))))

    page = Document((await web.page(query=f"?day={day}")).text)

    assert month in page.words
    assert "Nothing is planned on this day." not in page.words


async def test_a_day_without_meetings_says_so(web: Web) -> None:
    assert "Nothing is planned on this day." in (await web.page(query="?day=2026-10-11")).text


async def test_days_and_hours_are_those_of_the_viewers_zone_where_it_is_known(web: Web) -> None:
    await web.accept(listed(conference("1", "Late", once("2026-10-06 20:00"))))

    month = "?view=month"
    here = (await web.page(query=month)).text
    there = (await web.page(query=month, cookie="confcal_zone=Asia/Tokyo")).text
    nowhere = (await web.page(query=month, cookie="confcal_zone=Mars/Olympus")).text
    harmful = (await web.page(query=month, cookie="confcal_zone=../../etc/passwd")).text

    assert (
        cells(here)["2026-10-06"] == cells(nowhere)["2026-10-06"] == cells(harmful)["2026-10-06"] == ["Late"]
    )
    assert cells(there)["2026-10-07"] == ["Late"]
    assert "05:00 Late" in Document(there).words
    assert "Times in Tokyo, Asia/Tokyo" in Document(there).words
    assert "the organization's is UTC" in Document(there).words


async def test_with_very_many_conferences_every_day_of_the_month_has_some(web: Web) -> None:
    many = [conference(f"{n}", f"Topic {n}", weekly("2026-10-05 07:00", *Weekday)) for n in range(200)]
    await web.accept(listed(*many))

    text = (await web.page(query="?view=month")).text

    assert {len(topics) for day, topics in cells(text).items() if day >= "2026-10-05"} == {3}
    assert len(text) < 90_000


async def test_earlier_days_of_this_month_are_folded_away(web: Web) -> None:
    web.clock.now = datetime(2026, 10, 20, 12, tzinfo=UTC)

    text = (await web.page(query="?view=agenda")).text

    assert 'id="d2026-10-19"' in text.partition("Earlier this month")[2].partition("</details>")[0]
    assert 'id="d2026-10-26"' not in text.partition("Earlier this month")[2].partition("</details>")[0]
    assert 'id="d2026-10-26"' in text
