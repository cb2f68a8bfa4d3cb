"""
The schedule against an independent expansion of the feed (recurring-ical-events), in any zone.
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from service.core.conference import Conference
from service.core.schedule import Once, Schedule, Weekday, Weekly
from tests.core.given import at, conference, listed
from tests.tools import how_often
from tests.web.given import Web, served
from tests.web.grids import Shown, read_days

ZONES = [
    "Pacific/Honolulu",
    "America/New_York",
    "America/St_Johns",
    "Atlantic/Azores",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Moscow",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
]
CHANGES = ["2026-03-08", "2026-03-29", "2026-04-05", "2026-09-27", "2026-10-04", "2026-10-25", "2026-11-01"]
LENGTHS = [5, 30, 60, 90, 8 * 60, 24 * 60, 36 * 60, 7 * 24 * 60]
NOW = at("2026-08-12 09:00")
VIEWS = ["day", "week", "month", "agenda"]

days_near_changes = some.builds(
    lambda day, by: date.fromisoformat(day) + timedelta(days=by),
    some.sampled_from(CHANGES),
    some.integers(-8, 8),
)
starts = some.builds(
    lambda day, minutes: datetime.combine(day, time(), UTC) + timedelta(minutes=minutes),
    days_near_changes,
    some.integers(0, 24 * 12 - 1).map(lambda n: 5 * n),
)
lengths = some.sampled_from(LENGTHS).map(lambda minutes: timedelta(minutes=minutes))
schedules: some.SearchStrategy[Schedule] = some.one_of(
    some.builds(Once, starts, lengths),
    some.builds(
        Weekly,
        starts,
        some.sampled_from(LENGTHS[:5]).map(lambda minutes: timedelta(minutes=minutes)),
        some.frozensets(some.sampled_from(list(Weekday)), min_size=1),
    ),
)


def conferences_of(found: Iterable[Schedule]) -> list[Conference]:
    return [conference(f"{n}", f"Topic {n} & <b>", each) for n, each in enumerate(found, 100)]


async def expansion(web: Web, zone: ZoneInfo, days: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
    """Return what the feed says is on each of these days."""
    calendar = icalendar.Calendar.from_ical((await web.get()).content)
    query = recurring_ical_events.of(calendar)
    found = {}
    for text in days:
        day = date.fromisoformat(text)
        since, until = (
            datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + timedelta(days=1))
        )
        # Asked for more, and cut by hand: what only touches a midnight is the library's to decide otherwise.
        near = query.between(since - timedelta(days=8), until + timedelta(days=1))
        found[text] = sorted(
            (str(event["SUMMARY"]), int(event.start.timestamp()))
            for event in near
            if event.start < until and event.end > since
        )
    return found


async def pages(found: list[Conference], zone: str, view: str, day: date) -> dict[str, Shown]:
    """Return what the page shows, after seeing that it is what the feed says."""
    async with served(timezone="Europe/Berlin") as web:
        web.clock.now = NOW
        await web.accept(listed(*found, at=at("2026-02-20 09:00")))
        asked = f"?view={view}&day={day}" if view in {"day", "week"} else f"?view={view}&month={day:%Y-%m}"
        shown = read_days((await web.page(query=f"{asked}&zone={zone}")).text)
        expected = await expansion(web, ZoneInfo(zone), shown)
    for name, there in expected.items():
        assert shown[name].more == len(there) - len(shown[name].entries), name
        assert set(shown[name].entries) <= set(there), name
    return shown


def see_places(shown: Shown, zone: ZoneInfo, day: str) -> None:
    """See that entries stand at their hour, and that none covers another one."""
    taken: set[tuple[int, int]] = set()
    for (_, start), place in zip(shown.entries, shown.places, strict=True):
        if not place:
            continue
        first, last = place["h"] * 60 + place["m"] * 5, place["u"] * 60 + place["v"] * 5 + 5
        local = datetime.fromtimestamp(start, zone)
        if local.date().isoformat() == day and local.hour * 60 + local.minute <= 23 * 60 + 30:
            assert 0 <= local.hour * 60 + local.minute - first < 5
        assert 0 <= first < last <= 24 * 60
        assert place["l"] < place["n"] <= 10
        # Lanes of one group share their width, so the part of it is what must be free.
        rows = {(minute, place["l"]) for minute in range(first, last, 5)}
        assert not rows & taken
        taken |= rows


@settings(max_examples=how_often(15, 40, 400), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    some.lists(schedules, max_size=12), some.sampled_from(ZONES), some.sampled_from(VIEWS), days_near_changes
)
@example(
    [Once(at("2026-10-25 00:30"), timedelta(minutes=30))] * 8, "Europe/Berlin", "day", date(2026, 10, 25)
)
@example([Once(at("2026-10-24 22:00"), timedelta(hours=25))], "Europe/Berlin", "week", date(2026, 10, 25))
@example([Once(at("2026-03-28 23:00"), timedelta(hours=23))], "Europe/Berlin", "day", date(2026, 3, 29))
@example([Once(at("2026-10-01 09:00"), timedelta(days=7))], "Pacific/Kiritimati", "month", date(2026, 10, 1))
@example([Once(at("2026-10-01 23:50"), timedelta(minutes=20))], "UTC", "week", date(2026, 10, 1))
def test_the_schedule_shows_what_the_feed_says(
    found: list[Schedule], zone: str, view: str, day: date
) -> None:
    shown = asyncio.run(pages(conferences_of(found), zone, view, day))

    for name, each in shown.items():
        if view in {"day", "week"}:
            see_places(each, ZoneInfo(zone), name)


def test_sixty_on_one_day_and_five_hundred_in_a_month_are_shown_or_counted() -> None:
    crowd = [
        Once(at("2026-10-21 06:00") + timedelta(minutes=10 * n), timedelta(minutes=45)) for n in range(60)
    ]
    rest = [
        Once(at("2026-10-01 07:00") + timedelta(hours=24 * (n % 30), minutes=n), timedelta(minutes=30))
        for n in range(440)
    ]
    for view in VIEWS:
        shown = asyncio.run(pages(conferences_of([*crowd, *rest]), "Asia/Tokyo", view, date(2026, 10, 21)))
        if view == "month":
            assert sum(len(each.entries) + each.more for each in shown.values()) >= 500


def test_of_eight_at_the_same_time_the_day_shows_each_in_a_lane_of_its_own() -> None:
    eight = [Once(at("2026-10-21 09:00"), timedelta(hours=1))] * 8

    day = asyncio.run(pages(conferences_of(eight), "UTC", "day", date(2026, 10, 21)))["2026-10-21"]
    week = asyncio.run(pages(conferences_of(eight), "UTC", "week", date(2026, 10, 21)))["2026-10-21"]

    assert sorted(place["l"] for place in day.places) == list(range(8))
    assert {place["n"] for place in day.places} == {8}
    assert (len(week.entries), week.more) == (3, 5)
