"""
The days and hours that pages show are those that calendar programs read from the feed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from service.core.account_state import Entry, Revision
from service.core.conference import Key
from service.core.ical import Heading, render_calendar, render_vevent
from service.core.occurrences import Occurrence, agenda, occurrences
from service.core.schedule import Schedule, Unscheduled, Weekday, Weekly
from service.core.vevent import Rendering, to_vevent
from service.core.weekly import WeeklyRules
from tests.core.given import HOUR, NOW, SERVER, at, conference, once, weekly
from tests.core.model import changes_meanwhile, doubled

REVISION = Revision(0, NOW)
UTC_RULES = WeeklyRules()
MOSCOW = WeeklyRules("Europe/Moscow")
BERLIN_WALL = WeeklyRules("Europe/Berlin", time="wall")
BERLIN_UTC = WeeklyRules("Europe/Berlin", time="utc")
NEW_YORK_WALL = WeeklyRules("America/New_York", time="wall")
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
YEAR = timedelta(days=366)


def entry(schedule: Schedule, id_: str = "100") -> Entry:
    return Entry(Key(SERVER, id_), conference(id_, schedule=schedule), REVISION, b"", "lobby")


def starts(found: Iterator[Occurrence], until: datetime) -> list[datetime]:
    return [o.start for o in takewhile(lambda o: o.start < until, found)]


def read(each: Entry, rules: WeeklyRules, since: datetime, until: datetime) -> list[datetime]:
    """Return the starts that an independent program reads from the rendered VEVENT."""
    vevent = to_vevent(each.key, each.conference, Rendering(rules))
    assert vevent is not None
    feed = render_calendar(Heading("TrueConf"), [render_vevent(vevent, REVISION)])
    found = recurring_ical_events.of(Calendar.from_ical(feed)).between(since, until)
    return sorted(event["DTSTART"].dt.astimezone(UTC) for event in found)


@pytest.mark.parametrize("rules", [UTC_RULES, MOSCOW, BERLIN_WALL, BERLIN_UTC, NEW_YORK_WALL])
@pytest.mark.parametrize(
    "schedule",
    [
        weekly("2026-01-05 07:00"),
        weekly("2026-01-05 07:00", Weekday.MO, Weekday.TH),
        weekly("2026-01-04 21:30", Weekday.MO, duration=3 * HOUR),
        weekly("2026-01-07 12:00", Weekday.FR, Weekday.SU),
    ],
)
def test_weekly_meetings_are_those_that_a_calendar_program_finds(
    schedule: Weekly, rules: WeeklyRules
) -> None:
    since = schedule.start - timedelta(days=10)
    until = since + YEAR

    assert starts(occurrences(entry(schedule), rules, since), until) == read(
        entry(schedule), rules, since, until
    )


@given(
    start=st.integers(0, 10 * 366 * 24 * 60).map(lambda minutes: EARLIEST + timedelta(minutes=minutes)),
    days=st.frozensets(st.sampled_from(Weekday), min_size=1),
    minutes=st.integers(1, 2000),
    rules=st.sampled_from([UTC_RULES, MOSCOW, BERLIN_WALL, BERLIN_UTC, NEW_YORK_WALL]),
    ahead=st.integers(-400, 800),
)
def test_looking_from_any_moment_skips_only_what_has_ended(
    start: datetime, days: frozenset[Weekday], minutes: int, rules: WeeklyRules, ahead: int
) -> None:
    schedule = Weekly(start, timedelta(minutes=minutes), days)
    since = start + timedelta(days=ahead, hours=5)

    from_the_beginning = occurrences(entry(schedule), rules, start - timedelta(days=14))
    expected = islice((o for o in from_the_beginning if o.end > since), 5)

    assert list(islice(occurrences(entry(schedule), rules, since), 5)) == list(expected)


def test_a_meeting_lasts_as_long_as_it_was_planned_over_a_change_of_clocks_too() -> None:
    schedule = weekly("2026-03-22 00:30", Weekday.SU, duration=3 * HOUR)

    found = list(islice(occurrences(entry(schedule), BERLIN_WALL, schedule.start), 60))

    assert {o.end - o.start for o in found} == {3 * HOUR}
    assert any(changes_meanwhile(o.start, o.end, BERLIN) for o in found)
    assert not any(doubled(o.start, BERLIN) for o in found)


def test_a_single_meeting_is_shown_until_it_has_ended() -> None:
    single = entry(once("2026-10-05 07:30"))

    assert [o.start for o in occurrences(single, MOSCOW, at("2026-10-05 08:29"))] == [at("2026-10-05 07:30")]
    assert list(occurrences(single, MOSCOW, at("2026-10-05 08:30"))) == []


def test_a_meeting_of_a_series_is_shown_until_it_has_ended() -> None:
    series = entry(weekly("2026-10-05 07:30"))

    assert next(occurrences(series, MOSCOW, at("2026-10-12 08:29"))).start == at("2026-10-12 07:30")
    assert next(occurrences(series, MOSCOW, at("2026-10-12 08:30"))).start == at("2026-10-19 07:30")


def test_a_room_without_a_schedule_never_meets() -> None:
    assert list(occurrences(entry(Unscheduled()), MOSCOW, NOW)) == []


def test_an_agenda_is_in_order_and_ends_where_it_was_told_to() -> None:
    entries = [
        entry(weekly("2026-10-05 07:30", Weekday.MO, Weekday.WE), "1"),
        entry(once("2026-10-07 07:00"), "2"),
        entry(once("2026-10-07 07:00"), "3"),
        entry(once("2026-10-12 07:30"), "4"),
        entry(Unscheduled(), "5"),
    ]
    until = at("2026-10-12 07:30")

    found = list(agenda(((each, MOSCOW) for each in entries), NOW, until))

    assert [(o.entry.key.id, o.start.day) for o in found] == [("1", 5), ("2", 7), ("3", 7), ("1", 7)]
    assert all(first.start <= second.start for first, second in pairwise(found))
