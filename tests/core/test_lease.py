"""
How long a holder relies on its lease, by its own clock.
"""

from datetime import timedelta

import pytest

from service.core.errors import LeaseLost
from service.core.lease import Fence, Lease, LeaseTerms, Tenure, current_fence, require_lease, under

LEASE = Lease("source/lobby", "one", 3)
TERMS = LeaseTerms()


class Moment:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_a_holder_stops_five_seconds_before_the_database_gives_the_lease_away() -> None:
    tenure = Tenure.begin(LEASE, TERMS, asked_at=100)

    assert tenure.seconds_left(100) == 10
    assert tenure.seconds_left(109.5) == 0.5
    assert tenure.seconds_left(110) == 0
    assert TERMS.lasts - timedelta(seconds=tenure.until - 100) == timedelta(seconds=5)


def test_a_renewal_counts_from_when_it_was_asked_for_and_shortens_nothing() -> None:
    tenure = Tenure.begin(LEASE, TERMS, asked_at=100)

    assert tenure.renew(TERMS, asked_at=105).until == 115
    assert tenure.renew(TERMS, asked_at=90).until == 110


def test_all_times_follow_from_how_long_a_lease_lasts() -> None:
    terms = LeaseTerms(timedelta(seconds=3))

    assert (terms.renew_seconds, terms.trusted_seconds) == (1, 2)


def test_a_part_may_go_on_until_its_own_clock_says_that_the_time_is_over() -> None:
    clock = Moment()
    fence = Fence(Tenure.begin(LEASE, TERMS, asked_at=100), clock=clock)

    assert fence.require() == LEASE
    assert fence.seconds_left == 10
    clock.now = 110
    with pytest.raises(LeaseLost, match="source/lobby"):
        fence.require()


def test_a_lost_lease_is_told_once_and_is_not_found_again() -> None:
    fence = Fence(Tenure.begin(LEASE, TERMS, asked_at=100), clock=Moment())
    told: list[str] = []
    fence.on_lost = lambda: told.append("lost")

    fence.lose()
    fence.lose()
    fence.tenure = fence.tenure.renew(TERMS, asked_at=101)

    assert told == ["lost"]
    assert fence.is_lost
    assert fence.seconds_left == 0


def test_what_runs_outside_of_a_part_needs_no_lease() -> None:
    require_lease()

    assert current_fence() is None


def test_the_fence_is_that_of_the_innermost_part() -> None:
    fence = Fence(Tenure.begin(LEASE, TERMS, asked_at=100), clock=Moment())

    with under(fence):
        assert current_fence() is fence
        fence.lose()
        with pytest.raises(LeaseLost):
            require_lease()

    assert current_fence() is None
