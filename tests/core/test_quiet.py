"""
Quiet hours: silence that begins in them is told only once they are over for half an hour.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.core.quiet import QuietHours, QuietRange, parse_quiet
from tests.core.given import at

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HALF = 30 * MINUTE
MOSCOW, BERLIN = "Europe/Moscow", "Europe/Berlin"
ZONES = ("UTC", MOSCOW, BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")
NIGHT = QuietHours(parse_quiet("20:00-07:00"), MOSCOW)

days = st.sets(st.integers(0, 6), min_size=1).map(frozenset)
starts, lengths = st.integers(0, 1439), st.integers(1, 900)
ranges = st.builds(lambda start, length, on: QuietRange(start, start + length, on), starts, lengths, days)
quiets = st.builds(QuietHours, st.lists(ranges, min_size=1, max_size=3).map(tuple), st.sampled_from(ZONES))
moments = st.datetimes(
    datetime(2025, 1, 1),  # noqa: DTZ001 -- hypothesis adds the zone
    datetime(2027, 12, 31),  # noqa: DTZ001 -- hypothesis adds the zone
    timezones=st.just(UTC),
)
waits = st.integers(1, 90).map(lambda minutes: minutes * MINUTE)


def shows_quiet(quiet: QuietHours, moment: datetime) -> bool:
    """Return whether a clock on the wall shows a quiet hour, as somebody who reads the setting sees it."""
    local = moment.astimezone(ZoneInfo(quiet.zone))
    minute, day = local.hour * 60 + local.minute, local.weekday()
    return any(
        (day in each.days and each.start <= minute < each.end)
        or ((day - 1) % 7 in each.days and minute + 1440 < each.end)
        for each in quiet.ranges
    )


def has_steady_clocks(quiet: QuietHours, since: datetime, until: datetime) -> bool:
    """Return whether the zone keeps its offset; around a change the wall shows an hour twice or never."""
    zone = ZoneInfo(quiet.zone)
    first = (since - 2 * HOUR).astimezone(zone).utcoffset()
    steps = range(int((until - since + 4 * HOUR) / HALF) + 1)
    return all((since - 2 * HOUR + n * HALF).astimezone(zone).utcoffset() == first for n in steps)


@pytest.mark.parametrize(
    ("since", "alarm"),
    [
        ("2026-11-26 15:40", "2026-11-26 16:10"),  # 18:40 in Moscow: told before the night, and during it
        ("2026-11-26 16:30", "2026-11-26 17:00"),
        ("2026-11-26 16:31", "2026-11-27 04:30"),  # half an hour is not over at 20:00
        ("2026-11-26 17:00", "2026-11-27 04:30"),
        ("2026-11-26 22:00", "2026-11-27 04:30"),
        ("2026-11-27 03:59", "2026-11-27 04:30"),
        ("2026-11-27 04:00", "2026-11-27 04:30"),
        ("2026-11-27 04:01", "2026-11-27 04:31"),
    ],
)
def test_silence_is_too_long_after_half_an_hour_outside_the_night(since: str, alarm: str) -> None:
    assert NIGHT.find_alarm(at(since), HALF) == at(alarm)


def test_without_quiet_hours_every_silence_counts() -> None:
    assert QuietHours().find_alarm(at("2026-11-26 02:00"), HALF) == at("2026-11-26 02:30")


def test_a_weekend_joins_the_nights_around_it() -> None:
    quiet = QuietHours(parse_quiet("mon-fri 20:00-07:00, sat-sun 00:00-24:00"), "UTC")

    # Friday night to Sunday midnight is one stretch; on Monday morning nothing is quiet.
    assert quiet.find_alarm(at("2026-11-27 21:00"), HALF) == at("2026-11-30 00:30")


def test_hours_that_clocks_skip_end_when_they_do() -> None:
    quiet = QuietHours(parse_quiet("01:00-02:30"), BERLIN)

    # On 29 March 2026 Berlin goes from 02:00 to 03:00, at 01:00 UTC.
    assert quiet.find_alarm(at("2026-03-29 00:30"), HALF) == at("2026-03-29 01:30")


def test_hours_that_clocks_show_twice_are_quiet_both_times() -> None:
    quiet = QuietHours(parse_quiet("01:00-02:30"), BERLIN)

    # On 25 October 2026 Berlin shows 02:30 at 00:30 and at 01:30 UTC.
    assert quiet.find_alarm(at("2026-10-25 00:00"), HALF) == at("2026-10-25 02:00")


@given(quiets, moments, waits)
@example(NIGHT, at("2026-11-26 16:31"), HALF)
def test_before_the_alarm_no_stretch_outside_was_long_enough(
    quiet: QuietHours, since: datetime, after: timedelta
) -> None:
    alarm = quiet.find_alarm(since, after)
    until = min(alarm or since + timedelta(days=2), since + timedelta(days=2))
    if not has_steady_clocks(quiet, since - 2 * timedelta(days=1), until + HOUR):
        return
    since_minute = since.replace(second=0, microsecond=0)
    awake, longest, moment = timedelta(), timedelta(), since_minute + MINUTE
    while moment + MINUTE <= until - MINUTE:
        awake = timedelta() if shows_quiet(quiet, moment) else awake + MINUTE
        longest = max(longest, awake)
        moment += MINUTE

    assert longest <= after
    if alarm is not None:
        assert not shows_quiet(quiet, alarm - MINUTE / 60)


@given(quiets, moments, moments, waits)
def test_a_later_list_never_brings_the_alarm_forward(
    quiet: QuietHours, first: datetime, second: datetime, after: timedelta
) -> None:
    earlier, later = sorted((first, second))
    alarms = quiet.find_alarm(earlier, after), quiet.find_alarm(later, after)

    if alarms[0] is not None and alarms[1] is not None:
        assert earlier + after <= alarms[0] <= max(alarms[0], alarms[1])
        assert alarms[0] <= alarms[1]


@given(quiets, moments, waits, st.lists(st.integers(0, 20000), min_size=2))
def test_trouble_is_excused_first_and_counts_from_then_on(
    quiet: QuietHours, since: datetime, after: timedelta, minutes: list[int]
) -> None:
    excused = [quiet.excuse(since, since + minute * MINUTE, after) for minute in sorted(minutes)]

    assert excused == sorted(excused, reverse=True)


@given(moments)
def test_a_night_is_quiet_by_the_clock_on_the_wall_in_summer_and_in_winter(moment: datetime) -> None:
    night = QuietHours(parse_quiet("20:00-07:00"), BERLIN)
    hour = moment.astimezone(ZoneInfo(BERLIN)).hour
    alarm = night.find_alarm(moment, HALF)

    assert alarm is not None
    if 7 <= hour < 19:
        assert alarm == moment + HALF
    elif hour >= 20 or hour < 7:
        told = alarm.astimezone(ZoneInfo(BERLIN))
        assert (told.hour, told.minute, told.second) == (7, 30, 0)
        assert alarm - moment <= 13 * HOUR


def test_ranges_are_read_with_their_weekdays() -> None:
    assert parse_quiet(" 20:00 - 07:00 ") == (QuietRange(1200, 1860),)
    assert parse_quiet("Fri-Mon 22:00-23:00") == (QuietRange(1320, 1380, frozenset({4, 5, 6, 0})),)
    assert parse_quiet("sa 00:00-24:00,su 0:00-24:00") == (
        QuietRange(0, 1440, frozenset({5})),
        QuietRange(0, 1440, frozenset({6})),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "'' is not a range of hours; write 20:00-07:00"),
        ("20:00", "'20:00' is not a range of hours"),
        ("20-7", "'20-7' is not a range of hours"),
        ("20:00-07:00,", "'' is not a range of hours"),
        ("20:00-25:00", "'25:00' is not a time of day; write one from 00:00 to 24:00"),
        ("20:60-21:00", "'20:60' is not a time of day"),
        ("07:00-07:00", "'07:00-07:00' begins where it ends; for a whole day write 00:00-24:00"),
        ("24:00-07:00", "begins where it ends"),
        ("someday 20:00-07:00", "'someday' is not a weekday; write one of mon, tue"),
        ("mon-xy 20:00-07:00", "'xy' is not a weekday"),
        ("00:00-24:00", "it leaves no hour of the week in which the source is expected to report"),
        ("08:00-07:30", "it leaves no hour of the week"),
        ("mon-fri 00:00-24:00, sat-sun 00:30-00:00", "it leaves no hour of the week"),
    ],
)
def test_what_is_no_range_is_refused_with_the_remedy(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        parse_quiet(text)

    assert told in str(error.value)
