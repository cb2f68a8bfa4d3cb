"""
What wrong tokens cost: nothing at first, then time, then the way in.
"""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from service.web.guesses import GuessBook, Guesses, GuessRules
from tests.core.given import NOW

RULES = GuessRules(free=4, until_stop=8)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HERE, THERE = "192.0.2.0/24", "198.51.100.0/24"


def failing(times: int, *, known: Guesses | None = None, at: datetime = NOW) -> Guesses:
    guesses = known or Guesses()
    for _ in range(times):
        guesses = guesses.current(at).count_failure(RULES, at)
    return guesses


def test_the_free_ones_cost_no_wait() -> None:
    assert failing(3).wait_seconds(NOW) == 0
    assert failing(4).wait_seconds(NOW) == 60


def test_each_wait_is_twice_the_one_before() -> None:
    waits, guesses, now = [], failing(4), NOW
    for _ in range(3):
        waits.append(guesses.wait_seconds(now))
        now += timedelta(seconds=waits[-1])
        guesses = failing(1, known=guesses, at=now)

    assert waits == [60, 120, 240]


def test_what_fails_while_it_should_wait_makes_no_longer_wait_but_brings_the_stop_nearer() -> None:
    assert failing(7).wait_seconds(NOW) == 60
    assert failing(7).stop_seconds(NOW) == 0
    assert failing(8).stop_seconds(NOW) == 15 * 60


def test_each_stop_is_twice_the_one_before_up_to_hours() -> None:
    stops, guesses, now = [], Guesses(), NOW
    for _ in range(7):
        while not guesses.stop_seconds(now):
            guesses = failing(1, known=guesses, at=now)
        stops.append(guesses.stop_seconds(now) // 60)
        now += timedelta(seconds=guesses.stop_seconds(now))

    assert stops == [15, 30, 60, 120, 240, 240, 240]


def test_after_a_stop_nothing_is_free() -> None:
    after = NOW + 15 * MINUTE
    guesses = failing(8).current(after)

    assert guesses.stop_seconds(after) == 0
    assert failing(1, known=guesses, at=after).wait_seconds(after) == 60


def test_parts_of_a_minute_forgive_nothing_and_are_not_lost() -> None:
    guesses = failing(2)
    guesses = failing(1, known=guesses, at=NOW + 0.75 * MINUTE)
    assert guesses.wrong == 3

    guesses = failing(1, known=guesses, at=NOW + 1.5 * MINUTE)
    assert guesses.wrong == 3
    assert failing(1, known=guesses, at=NOW + 2 * MINUTE).wrong == 3


def test_one_a_minute_is_forgiven_before_the_first_wait_and_none_after_it() -> None:
    guesses, now = Guesses(), NOW
    for _ in range(200):
        now += MINUTE
        guesses = failing(1, known=guesses, at=now)
        assert guesses.wait_seconds(now) == 0

    later = NOW + 30 * MINUTE
    assert failing(4, known=failing(4), at=later).stop_seconds(later) > 0


def test_whoever_is_quiet_for_an_hour_is_forgiven() -> None:
    assert failing(3).current(NOW + HOUR - MINUTE) != Guesses()
    assert failing(3).current(NOW + HOUR) == Guesses()
    assert failing(8).current(NOW + 15 * MINUTE + HOUR) == Guesses()


def test_a_clock_that_is_set_back_by_years_stops_nobody_for_years() -> None:
    assert failing(8, at=NOW + timedelta(days=4000)).current(NOW) == Guesses()


def test_answers_are_held_back_ever_longer_up_to_a_second() -> None:
    rules = GuessRules(free=12, until_stop=30)
    pauses = [Guesses(wrong=wrong).delay_seconds(rules) for wrong in range(12)]

    assert pauses == [0, 0, 0, 0, 0, 0.1, 0.2, 0.4, 0.8, 1, 1, 1]


@given(some.lists(some.integers(0, 7200), min_size=1, max_size=60))
def test_no_network_guesses_more_than_so_often_a_day(gaps: list[int]) -> None:
    guesses, now, tried = Guesses(), NOW, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        guesses = guesses.current(now)
        if not guesses.stop_seconds(now):
            tried.append(now)
            guesses = guesses.count_failure(RULES, now)

    for moment in tried:
        within = [each for each in tried if moment <= each < moment + 15 * MINUTE]
        assert len(within) <= RULES.until_stop + 15


def test_networks_are_told_apart() -> None:
    book = GuessBook(RULES)
    for _ in range(8):
        book.fail(HERE, NOW)

    assert book.of(HERE, NOW).stop_seconds(NOW)
    assert book.of(THERE, NOW) == Guesses()


def test_of_too_many_networks_the_oldest_failures_are_forgotten() -> None:
    book = GuessBook(RULES, most_networks=2)
    for network in ("a", "b", "a", "c"):
        book.fail(network, NOW)

    assert [book.of(network, NOW).wrong for network in ("a", "b", "c")] == [2, 0, 1]
