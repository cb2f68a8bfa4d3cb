from service.publishing.retry import Pace, down_seconds, retry_delay_seconds

FOUR = Pace.full(4)


def eased(pace: Pace, times: int) -> Pace:
    for _ in range(times):
        pace = pace.speed_up()
    return pace


def test_it_begins_with_all_that_is_allowed_and_never_has_more() -> None:
    assert FOUR.at_once == 4
    assert eased(FOUR, 1000) == FOUR


def test_a_crowded_server_gets_one_request_at_a_time() -> None:
    assert FOUR.slow_down().at_once == 1


def test_it_grows_by_one_after_twenty_successes_for_each_request_at_a_time() -> None:
    slow = FOUR.slow_down()

    assert [eased(slow, times).at_once for times in (19, 20, 59, 60, 119, 120)] == [1, 2, 2, 3, 3, 4]


def test_successes_before_a_complaint_do_not_count() -> None:
    assert eased(eased(FOUR.slow_down(), 19).slow_down(), 19).at_once == 1


def test_a_lower_limit_counts_at_once_and_a_higher_one_is_grown_into() -> None:
    assert (FOUR.limit(2).at_once, FOUR.limit(2).most) == (2, 2)
    assert (FOUR.slow_down().limit(2).at_once, FOUR.slow_down().limit(8).at_once) == (1, 1)
    assert FOUR.limit(8).at_once == 4
    assert eased(FOUR.limit(8), 80).at_once == 5


def test_what_was_calm_stays_so_under_another_limit() -> None:
    calm = eased(FOUR.slow_down(), 19)

    assert calm.limit(4) is calm
    assert calm.limit(2).speed_up().at_once == 2


def test_pauses_double_and_lie_around_their_length() -> None:
    assert [retry_delay_seconds(attempt, chance=0.5) for attempt in (1, 2, 3, 4)] == [0.25, 0.5, 1.0, 2.0]
    assert (retry_delay_seconds(3, chance=0.0), retry_delay_seconds(3, chance=0.75)) == (0.5, 1.25)


def test_a_server_that_is_down_is_left_alone_for_a_quarter_of_an_hour_at_most() -> None:
    waits = [down_seconds(failures, chance=0.5) for failures in range(1, 10)]

    assert waits == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 900.0]
    assert down_seconds(10_000, chance=0.5) == 900.0


def test_targets_of_one_server_do_not_come_back_together() -> None:
    assert (down_seconds(1, chance=0.0), down_seconds(1, chance=0.75)) == (2.5, 6.25)
    assert (down_seconds(99, chance=0.0), down_seconds(99, chance=0.75)) == (450.0, 1125.0)
