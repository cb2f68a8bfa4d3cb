from datetime import timedelta

import pytest

from service.app.clock import ClockWatch
from tests.core.given import NOW


class Machine:
    """Whose clock can be set."""

    def __init__(self) -> None:
        self.clock, self.elapsed = NOW, 100.0

    def passes(self, time: timedelta) -> None:
        self.clock += time
        self.elapsed += time.total_seconds()

    def watch(self) -> ClockWatch:
        return ClockWatch(lambda: self.clock, lambda: self.elapsed)


def test_a_clock_that_is_set_forward_is_noticed_once_and_by_how_much() -> None:
    machine = Machine()
    watch = machine.watch()
    machine.passes(timedelta(minutes=5))
    machine.clock += timedelta(hours=2)

    assert watch.set_forward() == timedelta(hours=2)
    machine.passes(timedelta(minutes=5))
    assert watch.set_forward() == timedelta()


@pytest.mark.parametrize("by", [timedelta(), timedelta(seconds=30), timedelta(hours=-2)])
def test_what_hardly_differs_or_goes_back_makes_no_wait_longer(by: timedelta) -> None:
    machine = Machine()
    watch = machine.watch()
    machine.passes(timedelta(hours=3))
    machine.clock += by

    assert watch.set_forward() == timedelta()
