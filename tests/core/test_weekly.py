"""
A weekly schedule becomes the rule that the operator's settings mean, to the day and to the hour.
"""

from datetime import timedelta

import pytest

from service.core.schedule import Bounds, Weekday, Weekly
from service.core.weekly import (
    Recurrence,
    WeeklyRules,
    continues,
    find_rule_start,
    first_start,
    has_pattern_of,
    recur,
)
from tests.core.given import HOUR, MOSCOW, NOW, at, once, wall, weekly

MO, TU, WE, TH, FR, SA, SU = Weekday
BERLIN = WeeklyRules("Europe/Berlin")
BERLIN_WALL = WeeklyRules("Europe/Berlin", time="wall")


def shown(series: Recurrence) -> str:
    days = ",".join(day.name for day in series.byday)
    return f"{series.tzid or 'UTC'} {series.start:%Y-%m-%d %H:%M} {days}"


# Monday 00:30 in Moscow is Sunday 21:30 in UTC: the pair of samples 14 and 15.
SUNDAY_2130 = "2026-10-04 21:30"


def test_local_flags_stay_in_the_zone_of_the_organization() -> None:
    series = recur(weekly(SUNDAY_2130, MO), MOSCOW)

    assert shown(series) == "Europe/Moscow 2026-10-05 00:30 MO"
    assert series.basis == "local"


def test_utc_flags_move_on_with_the_date_across_midnight() -> None:
    series = recur(weekly(SUNDAY_2130, SU), MOSCOW)

    assert shown(series) == "Europe/Moscow 2026-10-05 00:30 MO"
    assert series.basis == "utc"


def test_west_of_greenwich_utc_flags_move_back() -> None:
    rules = WeeklyRules("America/Bogota")

    assert shown(recur(weekly("2026-10-06 02:00", TU), rules)) == "America/Bogota 2026-10-05 21:00 MO"
    assert shown(recur(weekly("2026-10-06 02:00", MO), rules)) == "America/Bogota 2026-10-05 21:00 MO"


def test_local_flags_become_utc_weekdays_where_the_instant_is_kept() -> None:
    # Tuesday 00:30 in Berlin is Monday 22:30 in UTC.
    assert shown(recur(weekly("2026-10-05 22:30", TU, FR), BERLIN)) == "UTC 2026-10-05 22:30 MO,TH"


def test_an_operator_can_say_in_which_zone_flags_count() -> None:
    start = weekly(SUNDAY_2130, MO, SU)

    assert recur(start, WeeklyRules("Europe/Moscow", days="local")).byday == (MO, SU)
    assert recur(start, WeeklyRules("Europe/Moscow", days="utc")).byday == (MO, TU)


@pytest.mark.parametrize(
    ("days", "rules", "words"),
    [
        ((MO,), MOSCOW, "the start is a flagged day in Europe/Moscow"),
        ((SU,), MOSCOW, "the start is a flagged day in UTC only"),
        ((WE,), MOSCOW, "the start is on no flagged day, so days are read in Europe/Moscow"),
        ((WE,), WeeklyRules("Europe/Moscow", days="utc"), "days are utc by setting"),
        ((MO,), WeeklyRules(), "the zone is UTC"),
        ((MO,), BERLIN, "the instant in UTC is fixed and Europe/Berlin changes its offset"),
        ((MO,), BERLIN_WALL, "the hour in Europe/Berlin is fixed"),
        ((MO,), WeeklyRules("Africa/Cairo", time="wall"), "the rules of Africa/Cairo fit no VTIMEZONE"),
    ],
)
def test_the_choice_has_a_reason_for_the_log(
    days: tuple[Weekday, ...], rules: WeeklyRules, words: str
) -> None:
    assert words in recur(weekly(SUNDAY_2130, *days), rules).reason


def test_dtstart_moves_on_to_the_first_flagged_day() -> None:
    assert shown(recur(weekly("2026-10-05 07:00", TH, FR), MOSCOW)) == "Europe/Moscow 2026-10-08 10:00 TH,FR"


def test_days_are_in_the_order_of_the_week() -> None:
    assert recur(weekly("2026-10-05 07:00", SU, FR, MO, WE), MOSCOW).byday == (MO, WE, FR, SU)


def test_the_instant_stays_or_the_hour_stays_as_the_operator_says() -> None:
    schedule = weekly("2026-07-06 08:00", MO)

    assert shown(recur(schedule, BERLIN)) == "UTC 2026-07-06 08:00 MO"
    assert shown(recur(schedule, BERLIN_WALL)) == "Europe/Berlin 2026-07-06 10:00 MO"


def test_a_series_older_than_the_rules_of_its_zone_keeps_its_instant() -> None:
    # Moscow was at +04:00 until October 2014.
    series = recur(weekly("2014-10-20 06:00", MO), MOSCOW)

    assert shown(series) == "UTC 2014-10-20 06:00 MO"
    assert "began before the present rules of Europe/Moscow" in series.reason


def test_dtend_is_the_exact_end_of_the_first_meeting_even_across_a_change() -> None:
    # Saturday 23:00 to Sunday 05:00 in Berlin, six hours on the wall and seven in fact.
    series = recur(weekly("2026-10-24 21:00", SA, duration=7 * HOUR), BERLIN_WALL)

    assert (series.start, series.end) == (wall("2026-10-24 23:00"), wall("2026-10-25 05:00"))


def test_dtstart_is_never_an_hour_that_clocks_skip() -> None:
    # The first flagged day is the one on which 02:30 does not exist in Berlin.
    series = recur(weekly("2027-03-27 01:30", SU), BERLIN_WALL)

    assert shown(series) == "Europe/Berlin 2027-04-04 02:30 SU"
    assert "once a year the clock skips or repeats it" in series.reason


@pytest.mark.parametrize(
    ("start", "day", "meets"),
    [
        ("2026-07-05 00:30", SU, True),  # 02:30 on Sundays
        ("2026-07-05 01:00", SU, False),  # 03:00, when the skipped hour is over and the repeated one too
        ("2026-07-04 23:59", SU, False),  # 01:59
        ("2026-07-06 00:30", MO, False),
    ],
)
def test_only_an_hour_at_which_clocks_change_is_warned_of(start: str, day: Weekday, *, meets: bool) -> None:
    assert ("skips or repeats" in recur(weekly(start, day), BERLIN_WALL).reason) is meets


def test_a_repeated_hour_before_midnight_is_on_the_day_before() -> None:
    # Beirut puts clocks back at 00:00 on Sunday: Saturday has 23:30 twice.
    rules = WeeklyRules("Asia/Beirut", time="wall")

    assert "skips or repeats" in recur(weekly("2026-07-04 20:30", SA), rules).reason
    assert "skips or repeats" not in recur(weekly("2026-07-05 20:30", SU), rules).reason


# -- The remembered start of a series


@pytest.mark.parametrize("rules", [MOSCOW, BERLIN, BERLIN_WALL, WeeklyRules()])
@pytest.mark.parametrize("later", ["2026-10-08 07:00", "2026-10-12 07:00", "2026-10-19 07:00"])
def test_a_start_that_moved_on_by_whole_occurrences_is_no_edit(rules: WeeklyRules, later: str) -> None:
    first = weekly("2026-10-05 07:00", MO, TH)

    assert continues(first, weekly(later, MO, TH), rules)


def test_on_the_wall_the_next_occurrence_may_be_at_another_instant() -> None:
    first = weekly("2026-10-05 07:00", MO)

    # After the change clocks in Berlin show 09:00 an hour later in UTC.
    assert continues(first, weekly("2026-10-26 08:00", MO), BERLIN_WALL)
    assert not continues(first, weekly("2026-10-26 08:00", MO), BERLIN)


@pytest.mark.parametrize(
    "edited",
    [
        weekly("2026-09-28 07:00", MO, TH),
        weekly("2026-10-05 07:30", MO, TH),
        weekly("2026-10-12 06:00", MO, TH),
        weekly("2026-10-12 07:00", MO, TH, FR),
        weekly("2026-10-12 07:00", MO, TH, duration=2 * HOUR),
    ],
    ids=["moved back", "later", "earlier in the day", "another day", "longer"],
)
def test_all_else_is_an_edit(edited: Weekly) -> None:
    assert not continues(weekly("2026-10-05 07:00", MO, TH), edited, MOSCOW)


def test_a_series_that_moved_back_has_the_pattern_that_it_had() -> None:
    first, back = weekly("2026-10-05 07:00", MO, TH), weekly("2026-09-28 07:00", MO, TH)

    assert has_pattern_of(first, back, MOSCOW)
    assert not has_pattern_of(first, weekly("2026-09-28 07:30", MO, TH), MOSCOW)


# -- The instant stays, and clocks change: near midnight the local day is another one in the other season

TUESDAY_0030 = "2026-07-06 22:30"
"""In Berlin, by summer time."""

MONDAY_2330 = "2026-12-07 22:30"
"""In Berlin, by winter time: an occurrence of the same series."""


def test_flags_are_of_the_day_that_the_series_was_made_for_in_whichever_season_it_is_seen_first() -> None:
    summer, winter = (recur(weekly(start, TU), BERLIN) for start in (TUESDAY_0030, MONDAY_2330))

    assert shown(summer) == "UTC 2026-07-06 22:30 MO"
    assert shown(winter) == "UTC 2026-12-07 22:30 MO"
    assert "the other season of Europe/Berlin" in winter.reason
    assert not winter.doubtful


def test_on_the_wall_there_is_no_other_season() -> None:
    assert shown(recur(weekly(MONDAY_2330, TU), BERLIN_WALL)) == "Europe/Berlin 2026-12-08 23:30 TU"


@pytest.mark.parametrize(("day", "doubtful"), [(MO, False), (SU, False), (WE, True)])
def test_a_start_that_no_reading_has_on_a_flagged_day_is_doubtful(day: Weekday, *, doubtful: bool) -> None:
    assert recur(weekly(SUNDAY_2130, day), MOSCOW).doubtful is doubtful


@pytest.mark.parametrize(
    ("start", "day", "minutes"),
    [
        ("2026-10-25 00:45", SU, 30),  # 02:45, until 02:15 the second time
        ("2026-10-25 00:30", SU, 60),  # until 02:30 the second time
        ("2026-10-24 23:30", SU, 90),
        ("2026-10-24 21:00", SA, 270),
    ],
)
def test_the_first_meeting_does_not_end_in_the_hour_that_comes_twice(
    start: str, day: Weekday, minutes: int
) -> None:
    series = recur(weekly(start, day, duration=timedelta(minutes=minutes)), BERLIN_WALL)

    assert series.end - series.start == timedelta(minutes=minutes)
    assert series.start.isoformat() > "2026-10-30"


def test_a_series_that_begins_in_the_hour_that_comes_twice_ends_after_its_length_from_the_first_one() -> None:
    # 02:30 is read as summer time, however late the first meeting began; two hours later it is 03:30.
    series = recur(weekly("2026-10-25 01:30", SU, duration=timedelta(hours=2)), BERLIN_WALL)

    assert (series.start, series.end) == (wall("2026-10-25 02:30"), wall("2026-10-25 03:30"))


def test_a_start_on_no_flagged_day_may_move_on_too() -> None:
    first = weekly("2026-10-05 07:00", TH)

    assert continues(first, weekly("2026-10-06 07:00", TH), MOSCOW)
    assert continues(first, weekly("2026-10-12 07:00", TH), MOSCOW)
    assert not continues(first, weekly("2026-10-12 07:30", TH), MOSCOW)


# -- Series that are older than the rules of their zone, where the hour on the wall stays

MOSCOW_WALL = WeeklyRules("Europe/Moscow", time="wall")


def test_on_the_wall_an_old_series_begins_with_the_present_rules_at_its_own_hour() -> None:
    # Monday 10:00 at +04:00 then, Monday 10:00 at +03:00 now.
    schedule = weekly("2014-09-15 06:00", MO)
    bounds = Bounds(ruled_from=find_rule_start(schedule, MOSCOW_WALL, NOW))

    assert shown(recur(schedule, MOSCOW_WALL, bounds)) == "Europe/Moscow 2014-10-27 10:00 MO"


def test_where_the_instant_stays_the_rules_of_the_zone_do_not_matter() -> None:
    assert find_rule_start(weekly("2014-09-15 06:00", MO), MOSCOW, NOW) is None


def test_rules_that_are_yet_to_come_move_no_series() -> None:
    assert find_rule_start(weekly("2014-09-15 06:00", MO), MOSCOW_WALL, at("2014-10-01 00:00")) is None


def test_a_series_begins_with_the_present_rules_at_an_hour_that_exists() -> None:
    # Easter Island's present rules begin on Saturday, 2 September 2023, with the hour from 22:00 skipped.
    rules = WeeklyRules("Pacific/Easter", time="wall")
    schedule = weekly("2023-05-07 04:30", SA)
    series = recur(schedule, rules, Bounds(ruled_from=find_rule_start(schedule, rules, NOW)))

    assert first_start(series) == at("2023-09-10 03:30")


def test_rules_of_a_zone_are_nothing_to_single_meetings() -> None:
    assert find_rule_start(once(), MOSCOW_WALL, NOW) is None


@pytest.mark.parametrize(
    "rules", [WeeklyRules("Asia/Almaty", "utc", "wall"), WeeklyRules("Asia/Almaty", "utc")]
)
def test_flags_count_on_the_start_as_reported_wherever_the_series_begins(rules: WeeklyRules) -> None:
    # Thursday 23:00 in UTC, Friday 05:00 in Almaty, which moved from +06:00 to +05:00 in March 2024.
    schedule = weekly("2024-02-22 23:00", SU, MO, WE, TH, SA, duration=timedelta(minutes=90))
    series = recur(schedule, rules, Bounds(NOW, ruled_from=find_rule_start(schedule, rules, NOW)))

    if rules.time == "wall":
        assert shown(series) == "Asia/Almaty 2026-10-06 05:00 MO,TU,TH,FR,SU"
    else:
        assert first_start(series) == at("2026-10-05 23:00")


def test_a_series_begins_with_its_first_occurrence_in_its_bounds() -> None:
    schedule = weekly("2026-10-05 07:00", MO, TH)

    def begun(since: str) -> str:
        return shown(recur(schedule, MOSCOW, Bounds(at(since))))

    assert begun("2026-11-26 07:00") == "Europe/Moscow 2026-11-26 10:00 MO,TH"
    assert begun("2026-11-26 07:01") == "Europe/Moscow 2026-11-30 10:00 MO,TH"
    assert begun("2026-09-01 00:00") == "Europe/Moscow 2026-10-05 10:00 MO,TH"
