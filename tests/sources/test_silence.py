from datetime import UTC, datetime, timedelta

from service.sources.endpoint_config import SilenceTimer

NOW = datetime(2026, 12, 7, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def silence() -> SilenceTimer:
    return SilenceTimer(NOW, polls=2, least=MINUTE)


def test_polls_in_a_row_are_no_silence_before_the_time() -> None:
    asked = silence()

    assert [asked.tick(NOW) for _ in range(9)] == [None] * 9
    assert asked.tick(NOW + MINUTE) == MINUTE


def test_time_alone_is_no_silence_before_the_polls() -> None:
    asked = silence()

    assert [asked.tick(NOW + 9 * MINUTE) for _ in range(3)] == [None, None, 9 * MINUTE]


def test_what_is_heard_begins_it_anew() -> None:
    asked = silence()
    asked.tick(NOW)
    asked.tick(NOW)
    asked.reset(NOW + MINUTE)

    assert asked.tick(NOW + 9 * MINUTE) is None


def test_a_clock_that_was_set_back_hides_nothing() -> None:
    asked = silence()

    assert [asked.tick(NOW - 60 * MINUTE) for _ in range(3)][-1] == 60 * MINUTE
