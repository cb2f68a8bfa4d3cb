from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from service.core.allowance import Allowance

FULL = Allowance.full(10, per_second=2)


def test_all_of_it_may_be_spent_at_once() -> None:
    assert not FULL.spend(10, 0).overdrawn
    assert FULL.spend(11, 0).overdrawn


def test_it_grows_again_up_to_the_most() -> None:
    assert FULL.spend(10, 0).spend(2, 1).left == 0
    assert FULL.spend(10, 0).spend(0, 3600).left == 10


def test_after_the_wait_nothing_is_owed() -> None:
    owing = FULL.spend(15, 0)

    assert owing.wait_seconds == 3
    assert not owing.spend(0, 3).overdrawn
    assert owing.spend(0, 2).overdrawn


def test_a_clock_that_is_set_back_gives_nothing() -> None:
    assert FULL.spend(10, 100).spend(1, 0).overdrawn


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 3)), max_size=30))
def test_no_more_is_spent_than_the_most_and_what_grew(spendings: list[tuple[float, float]]) -> None:
    allowance, spent = FULL, 0.0
    moments = list(accumulate(pause for _, pause in spendings))
    for (amount, _), now in zip(spendings, moments, strict=True):
        after = allowance.spend(amount, now)
        if not after.overdrawn:
            allowance, spent = after, spent + amount

    assert spent <= 10 + 2 * (moments[-1] if moments else 0) + 1e-6
