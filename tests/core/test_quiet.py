"""
Quiet hours: silence in them means nothing, in whatever zone and whatever clocks do.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from service.core.quiet import QuietHours, QuietRange, parse_quiet

HALF_AN_HOUR = timedelta(minutes=30)
MOSCOW = ZoneInfo("Europe/Moscow")


def quiet(text: str, zone: str = "Europe/Moscow") -> QuietHours:
    return QuietHours(parse_quiet(text), zone)


def at(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("since", "alarm"),
    [
        ("2026-11-26 12:00", "2026-11-26 12:30"),
        ("2026-11-26 19:30", "2026-11-26 20:00"),
        ("2026-11-26 19:45", "2026-11-27 07:30"),
        ("2026-11-26 23:00", "2026-11-27 07:30"),
        ("2026-11-27 06:59", "2026-11-27 07:30"),
        ("2026-11-27 07:00", "2026-11-27 07:30"),
    ],
)
def test_silence_counts_outside_the_quiet_hours(since: str, alarm: str) -> None:
    assert quiet("20:00-07:00").find_alarm(at(since), HALF_AN_HOUR) == at(alarm)


def test_without_quiet_hours_silence_always_counts() -> None:
    since = at("2026-11-26 23:00")

    assert QuietHours().find_alarm(since, HALF_AN_HOUR) == since + HALF_AN_HOUR


def test_a_weekend_is_one_stretch() -> None:
    hours = quiet("mon-fri 20:00-07:00, sat-sun 00:00-24:00")

    # From Friday evening to Monday morning: the night of Friday ends on Saturday.
    assert hours.find_alarm(at("2026-11-27 21:00"), HALF_AN_HOUR) == at("2026-11-30 00:30")
    assert quiet("20:00-07:00, sat-sun 00:00-24:00").find_alarm(at("2026-11-27 21:00"), HALF_AN_HOUR) == at(
        "2026-11-30 07:30"
    )


def test_what_was_too_long_before_the_quiet_hours_stays_so() -> None:
    hours = quiet("20:00-07:00")

    assert not hours.excuse(at("2026-11-26 12:00"), at("2026-11-26 23:00"), HALF_AN_HOUR)
    assert hours.excuse(at("2026-11-26 22:00"), at("2026-11-27 03:00"), HALF_AN_HOUR)
    assert not hours.excuse(at("2026-11-26 22:00"), at("2026-11-27 07:31"), HALF_AN_HOUR)


@pytest.mark.parametrize(
    ("since", "alarm"),
    [
        # Clocks skip 02:00 to 03:00: the quiet ends when they do.
        ("2026-03-28 22:00", "2026-03-29 03:30"),
        # Clocks show 02:30 twice: the quiet ends with the second.
        ("2026-10-24 22:00", "2026-10-25 03:00"),
    ],
)
def test_quiet_hours_follow_the_clock_on_the_wall(since: str, alarm: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")

    assert quiet("21:00-02:30", "Europe/Berlin").find_alarm(at(since, berlin), HALF_AN_HOUR) == at(
        alarm, berlin
    )


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("evening", "write 20:00-07:00"),
        ("20:00", "write 20:00-07:00"),
        ("20:00-20:00", "for a whole day write 00:00-24:00"),
        ("24:00-07:00", "for a whole day write 00:00-24:00"),
        ("20:00-25:00", "write one from 00:00 to 24:00"),
        ("20:61-07:00", "write one from 00:00 to 24:00"),
        ("foo 20:00-07:00", "is no weekday; write one of mon, tue"),
        ("00:00-24:00", "it leaves no hour of the week"),
        ("00:00-12:00, 12:00-00:00", "it leaves no hour of the week"),
    ],
)
def test_what_is_no_range_is_refused_with_the_remedy(text: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy):
        parse_quiet(text)


MINUTES = some.integers(0, 1439)
RANGES = some.builds(
    lambda start, length, days: QuietRange(start, start + length, days),
    MINUTES,
    some.integers(1, 1200),
    some.frozensets(some.integers(0, 6), min_size=1),
)
ZONES = some.sampled_from(
    ["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Australia/Lord_Howe"]
)


@given(some.lists(RANGES, max_size=3), ZONES, some.integers(0, 2 * 365 * 24 * 60), some.integers(1, 90))
def test_an_alarm_comes_after_that_long_awake_and_not_before(
    ranges: list[QuietRange], zone: str, minute: int, after: int
) -> None:
    hours = QuietHours(tuple(ranges), zone)
    since = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)

    alarm = hours.find_alarm(since, timedelta(minutes=after))

    awake, now = 0, since
    for _ in range(14 * 24 * 60):
        if alarm == now:
            break
        awake = 0 if _is_quiet(hours, now) else awake + 1
        now += timedelta(minutes=1)
        assert alarm is None or now <= alarm
        assert awake <= after
    assert alarm is None or awake == after


def _is_quiet(hours: QuietHours, moment: datetime) -> bool:
    """Look at each minute by what a clock on the wall shows."""
    local = moment.astimezone(ZoneInfo(hours.zone))
    minute = local.hour * 60 + local.minute
    return any(
        (local.weekday() - back) % 7 in each.days and each.start <= minute + back * 1440 < each.end
        for each in hours.ranges
        for back in (0, 1)
    )
