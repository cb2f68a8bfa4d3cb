"""
What the settings say about zones, and what they leave open.
"""

from service.core.weekly import WeeklyRules
from service.settings.load import load_settings
from service.settings.zones import zone_readings

LOBBY = {"CONFCAL_SOURCES__LOBBY__URL": "ws://l:1"}
HALL = {"CONFCAL_SOURCES__HALL__URL": "ws://h:1", "CONFCAL_SOURCES__HALL__TIMEZONE": "Asia/Tokyo"}


def test_what_nobody_set_is_known_as_such() -> None:
    (default,) = zone_readings(load_settings(LOBBY))

    assert (default.variable, default.rules) == ("CONFCAL_TIMEZONE", WeeklyRules("UTC"))
    assert not default.zone_given
    assert not default.time_given
    assert default.sources == {"lobby"}


def test_a_default_that_is_written_down_was_given() -> None:
    written = {"CONFCAL_TIMEZONE": "UTC", "CONFCAL_WEEKLY_TIME": "utc"}

    (default,) = zone_readings(load_settings(LOBBY | written))

    assert default.zone_given
    assert default.time_given


def test_a_source_with_a_zone_of_its_own_is_read_by_it() -> None:
    default, hall = zone_readings(load_settings(LOBBY | HALL | {"CONFCAL_WEEKLY_TIME": "wall"}))

    assert (hall.variable, hall.rules) == (
        "CONFCAL_SOURCES__HALL__TIMEZONE",
        WeeklyRules("Asia/Tokyo", time="wall"),
    )
    assert (hall.zone_given, hall.sources) == (True, frozenset({"hall"}))
    assert (default.sources, default.used) == (frozenset({"lobby"}), True)


def test_the_default_is_unused_where_every_source_has_a_zone_of_its_own() -> None:
    default, _ = zone_readings(load_settings(HALL))

    assert not default.used
