"""
Where the instant is fixed, a zone is named only where every reader has long known its rules.
"""

import zoneinfo
from datetime import timedelta

import pytest

from service.core.schedule import Weekday
from service.core.vtimezone import compact_zone
from service.core.weekly import WeeklyRules, recur
from service.core.zonedata import city_of, data_version, find_release_moment
from tests.core.given import at, weekly

MO = Weekday.MO
FIVE_YEARS = timedelta(days=5 * 365 + 1)
CITIES = sorted(zoneinfo.available_timezones())


def zone_written(name: str, start: str = "2026-12-07 18:00") -> str:
    return recur(weekly(start, MO), WeeklyRules(name, days="utc")).tzid


@pytest.mark.parametrize(
    "young",
    [
        "America/Vancouver",
        "America/Winnipeg",
        "America/Edmonton",
        "Africa/Casablanca",
        "America/Asuncion",
        "America/Coyhaique",
        "Asia/Almaty",
        "Asia/Qostanay",
        "Antarctica/Vostok",
        "America/Mexico_City",
        "America/Chihuahua",
        "Asia/Amman",
        "Asia/Damascus",
        "Asia/Tehran",
        "Pacific/Apia",
        "Pacific/Fiji",
        "Africa/Juba",
        "Canada/Pacific",
    ],
)
def test_a_zone_with_a_young_law_is_handed_over_as_an_instant(young: str) -> None:
    series = recur(weekly("2026-12-07 18:00", MO), WeeklyRules(young, days="utc"))

    assert (series.tzid, series.start, series.byday) == ("", at("2026-12-07 18:00"), (MO,))


def test_the_log_tells_that_the_law_is_young() -> None:
    series = recur(weekly("2026-12-07 18:00", MO), WeeklyRules("Asia/Almaty", days="utc"))

    assert "the rules of Asia/Almaty are younger than five years" in series.reason


@pytest.mark.parametrize("later", ["2031-11-03 18:00", "2036-11-03 18:00"])
def test_a_series_that_begins_later_makes_no_law_older(later: str) -> None:
    assert zone_written("America/Vancouver", later) == ""


@pytest.mark.parametrize(
    "old",
    [
        "Europe/Moscow",
        "Asia/Tokyo",
        "Europe/Istanbul",
        "America/Sao_Paulo",
        "Europe/Volgograd",
        "Asia/Kolkata",
    ],
)
def test_a_zone_with_an_old_law_is_named(old: str) -> None:
    assert zone_written(old) == old


@pytest.mark.slow
def test_a_zone_is_named_only_without_summer_time_and_five_years_after_its_last_change() -> None:
    for name in CITIES:
        compact = compact_zone(name)
        if zone_written(name):
            assert compact, name
            assert compact.is_fixed, name
            assert compact.valid_from <= find_release_moment() - FIVE_YEARS, name


def test_a_law_that_ends_summer_time_is_as_young_as_the_first_change_that_did_not_come() -> None:
    vancouver, almaty = compact_zone("America/Vancouver"), compact_zone("Asia/Almaty")

    assert vancouver
    assert almaty
    # Clocks went forward for the last time in March, as the law before had it; in November they stay.
    assert vancouver.valid_from == at("2026-03-08 10:00")
    assert f"{vancouver.known_since:%Y-%m}" == "2026-11"
    assert almaty.known_since == almaty.valid_from


def test_on_the_wall_the_zone_is_named_however_young_its_law() -> None:
    rules = WeeklyRules("America/Vancouver", time="wall")

    assert recur(weekly("2026-12-07 18:00", MO), rules).tzid == "America/Vancouver"


def test_the_data_was_released_in_the_year_of_its_version() -> None:
    assert data_version().startswith(f"{find_release_moment().year}.")


@pytest.mark.parametrize(
    ("old", "city"),
    [
        ("Australia/ACT", "Australia/Sydney"),
        ("US/Eastern", "America/New_York"),
        ("W-SU", "Europe/Moscow"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("Iceland", "Atlantic/Reykjavik"),
        ("EST5EDT", "America/New_York"),
        ("Turkey", "Europe/Istanbul"),
    ],
)
def test_an_old_style_name_stands_for_a_city(old: str, city: str) -> None:
    assert city_of(old) == city


@pytest.mark.parametrize(
    "name", ["Europe/Moscow", "Europe/Amsterdam", "Africa/Accra", "UTC", "Etc/UTC", "Etc/GMT-3", "GMT"]
)
def test_the_names_of_cities_and_of_offsets_are_in_order(name: str) -> None:
    assert city_of(name) == ""


def test_the_city_of_an_old_name_is_in_order_and_has_the_same_hours() -> None:
    old = [name for name in CITIES if city_of(name)]
    moments = [at(f"{year}-{month}-15 12:00") for year in range(2000, 2038) for month in ("01", "07")]

    assert len(old) > 100
    for name in old:
        city = city_of(name)
        assert not city_of(city), name
        assert all(
            m.astimezone(zoneinfo.ZoneInfo(name)).utcoffset()
            == m.astimezone(zoneinfo.ZoneInfo(city)).utcoffset()
            for m in moments
        ), name
