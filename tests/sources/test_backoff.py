from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from service.sources.backoff import backoff, pin_waits


def test_waits_double_up_to_a_minute() -> None:
    assert list(islice(backoff(lambda: 0.0), 8)) == [1, 2, 4, 8, 16, 32, 60, 60]


@given(st.floats(0, 1, exclude_max=True))
def test_chance_shortens_a_wait_by_half_at_most(chance: float) -> None:
    for wait, longest in zip(islice(backoff(lambda: chance), 8), backoff(lambda: 0.0), strict=False):
        assert longest / 2 <= wait <= longest


def test_a_rejected_pin_is_tried_twice_and_then_every_six_hours() -> None:
    assert list(islice(pin_waits(), 6)) == [5, *[6 * 3600] * 5]
