"""
Whose clock counts where that of a machine is wrong.
"""

from datetime import timedelta

import pytest

from service.app.clock import SharedClock
from tests.core.given import NOW

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.mark.parametrize("wrong", [HOUR, -HOUR])
def test_a_clock_that_is_wrong_is_replaced_by_the_databases(wrong: timedelta) -> None:
    clock = SharedClock(lambda: NOW + wrong)

    assert clock.compare(NOW)
    assert clock() == NOW
    assert not clock.compare(NOW + SECOND), "a slow answer changes nothing"
    assert clock() == NOW


def test_a_clock_that_is_nearly_right_is_believed() -> None:
    clock = SharedClock(lambda: NOW + 30 * SECOND)

    assert not clock.compare(NOW)
    assert clock() == NOW + 30 * SECOND


def test_a_clock_that_was_set_right_is_believed_again() -> None:
    shown = [NOW + HOUR]
    clock = SharedClock(lambda: shown[0])
    clock.compare(NOW)
    shown[0] = NOW + SECOND

    assert clock.compare(NOW)
    assert clock() == NOW + SECOND
