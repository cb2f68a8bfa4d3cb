"""
An operator is told what a zone, or the lack of one, means for weekly conferences.
"""

from dataclasses import replace

import pytest

from service.core.conference import Conference
from service.core.kinds import Kinds
from service.core.schedule import Weekday
from service.core.weekly import WeeklyRules
from service.core.zone_notices import (
    Example,
    OldName,
    TimeUnset,
    WallNotKept,
    ZoneNamed,
    ZoneNotice,
    ZoneUnset,
    is_warning,
    without_topics,
)
from service.core.zone_survey import Reading, weekly_series, zone_notices
from tests.core.given import NOW, conference, once, wall, weekly
from tests.core.story import Story

MO = Weekday.MO
TEAM = conference("7", "Team", weekly("2026-09-07 08:00", MO))
"""Mondays at 10:00 in Berlin, made in summer."""


def reading(zone: str = "Europe/Berlin", time: str = "utc", *sources: str, given: bool = True) -> Reading:
    rules = WeeklyRules(zone, time="wall" if time == "wall" else "utc")
    return Reading("CONFCAL_TIMEZONE", rules, zone_given=given, time_given=given, sources=frozenset(sources))


def notices(given: Reading, *conferences: Conference) -> tuple[ZoneNotice, ...]:
    return zone_notices([given], [("lobby", each) for each in conferences], NOW)


def test_a_zone_that_is_in_order_is_passed_over_in_silence() -> None:
    assert notices(reading("Europe/Moscow"), TEAM) == ()
    assert notices(reading("UTC"), TEAM) == ()


def test_without_a_zone_weekly_conferences_are_told_to_be_read_in_utc() -> None:
    (notice,) = notices(reading("UTC", given=False), TEAM, replace(TEAM, id="8"))

    assert notice == ZoneUnset("CONFCAL_TIMEZONE", 2)
    assert "CONFCAL_TIMEZONE is not set" in notice.describe()
    assert "read in UTC" in notice.describe()


def test_without_weekly_conferences_no_zone_is_missed() -> None:
    assert notices(reading("UTC", given=False)) == ()
    assert notices(replace(reading(), time_given=False)) == ()


def test_where_clocks_change_two_dates_are_told_under_both_settings() -> None:
    (notice,) = notices(replace(reading(), time_given=False), TEAM)

    # The fifth of October is a Monday, and its meeting begins at this very moment.
    assert notice == TimeUnset(
        "Europe/Berlin",
        1,
        "7",
        "Team",
        winter=Example(utc=wall("2026-10-26 09:00"), wall=wall("2026-10-26 10:00")),
        summer=Example(utc=wall("2026-10-12 10:00"), wall=wall("2026-10-12 10:00")),
    )
    assert "With utc: 2026-10-26 09:00 in winter, 2026-10-12 10:00 in summer." in notice.describe()
    assert "With wall: 2026-10-26 10:00 in winter, 2026-10-12 10:00 in summer." in notice.describe()


@pytest.mark.parametrize(
    "zone", ["America/New_York", "Pacific/Auckland", "Europe/Dublin", "America/Santiago"]
)
def test_winter_is_the_season_of_the_smaller_offset(zone: str) -> None:
    (notice,) = notices(replace(reading(zone), time_given=False), TEAM)

    assert isinstance(notice, TimeUnset)
    assert notice.winter.utc.hour == notice.summer.utc.hour - 1


def test_near_midnight_both_settings_are_told_of_the_same_meeting() -> None:
    # Tuesday 00:30 by summer time.
    late = conference("7", "Late", weekly("2026-09-07 22:30", Weekday.TU))
    (notice,) = notices(replace(reading(), time_given=False), late)

    assert isinstance(notice, TimeUnset)
    assert notice.winter == Example(utc=wall("2026-10-26 23:30"), wall=wall("2026-10-27 00:30"))


def test_where_clocks_no_longer_change_nothing_has_to_be_said_about_them() -> None:
    assert notices(replace(reading("America/Vancouver"), time_given=False), TEAM) == ()


def test_on_the_wall_the_last_change_of_the_zone_is_told() -> None:
    (notice,) = notices(reading("America/Vancouver", "wall"))

    assert isinstance(notice, ZoneNamed)
    assert "America/Vancouver" in notice.describe()
    assert "changed last on 2026-03-08, from UTC-08:00 to UTC-07:00" in notice.describe()


def test_on_the_wall_a_zone_with_summer_time_tells_its_last_change_of_clocks() -> None:
    (notice,) = notices(reading("Europe/Berlin", "wall"))

    assert (
        "Its clocks change every year, last on 2026-03-29 from UTC+01:00 to UTC+02:00." in notice.describe()
    )


def test_on_the_wall_a_zone_may_never_have_changed() -> None:
    (notice,) = notices(reading("Asia/Tokyo", "wall"))

    assert "has not changed since 1999" in notice.describe()


def test_on_the_wall_a_zone_that_no_vtimezone_tells_is_said_to_keep_the_instant() -> None:
    (notice,) = notices(reading("Africa/Cairo", "wall"))

    assert isinstance(notice, WallNotKept)
    assert "cannot be kept in Africa/Cairo" in notice.describe()


def test_on_the_wall_utc_needs_no_name() -> None:
    assert notices(reading("UTC", "wall"), TEAM) == ()


def test_an_old_name_is_told_with_its_city_and_with_its_setting() -> None:
    old = replace(reading("Australia/ACT"), variable="CONFCAL_SOURCES__HALL__TIMEZONE")

    (notice,) = notices(old)

    assert notice == OldName("CONFCAL_SOURCES__HALL__TIMEZONE", "Australia/ACT", "Australia/Sydney")
    assert "Set CONFCAL_SOURCES__HALL__TIMEZONE=Australia/Sydney." in notice.describe()


def test_a_source_with_a_zone_of_its_own_is_not_counted_with_the_others() -> None:
    default = reading("UTC", "utc", "lobby", given=False)
    hall = replace(reading("Europe/Berlin", "utc", "hall"), time_given=False)

    found = zone_notices([default, hall], [("lobby", TEAM), ("hall", TEAM), ("gone", TEAM)], NOW)

    assert [type(each) for each in found] == [ZoneUnset, TimeUnset]
    assert [each.count for each in found if isinstance(each, ZoneUnset | TimeUnset)] == [2, 1]


def test_the_example_is_the_same_in_whatever_order_conferences_are_known() -> None:
    open_time = replace(reading(), time_given=False)
    other = replace(TEAM, id="3", topic="Board")

    assert notices(open_time, TEAM, other) == notices(open_time, other, TEAM)


def test_a_series_of_the_far_future_is_no_example() -> None:
    far = replace(TEAM, id="1", schedule=weekly("2061-09-05 08:00", MO))

    (notice,) = notices(replace(reading(), time_given=False), far, TEAM)

    assert isinstance(notice, TimeUnset)
    assert (notice.conference, notice.count) == ("7", 2)


def test_a_log_holds_no_topics() -> None:
    (notice,) = notices(replace(reading(), time_given=False), TEAM)

    assert "Team" in notice.describe()
    assert "Team" not in without_topics(notice).describe()
    assert "Example: 7." in without_topics(notice).describe()


def test_what_only_tells_is_no_warning() -> None:
    assert [is_warning(each) for each in notices(reading("W-SU", "wall"))] == [True, False]


def test_only_weekly_conferences_that_somebody_lists_count() -> None:
    story = Story()
    story.hears(TEAM, conference("9", schedule=once()))

    assert [(source, each.id) for source, each in weekly_series(Kinds().follow(story.state))] == [
        ("lobby", "7")
    ]
