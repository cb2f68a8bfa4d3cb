"""
Leases under clocks that differ, processes that are stopped, and connections that are lost at any moment.
"""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from service.core.errors import LeaseLost
from service.core.lease import Fence, LeaseTerms, Tenure
from service.core.replicas import Replica
from tests.store.memory_leases import MemoryLeases
from tests.tools import how_often

T = TypeVar("T")

NAME = "target/team"
TERMS = LeaseTerms()
HOLDERS = st.sampled_from(range(3))


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Run what never waits."""
    try:
        work.send(None)
    except StopIteration as finished:
        result: T = finished.value
        return result
    raise AssertionError("it waits")


@dataclass
class Holder:
    """A process with a clock of its own, which shows another time than everybody else's."""

    name: str
    ahead: float
    fence: Fence | None = None
    stopped: bool = False


class Leases(RuleBasedStateMachine):
    """
    Three processes want one part. Each may be stopped at any time, and each answer may be lost.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.database = MemoryLeases(lambda: self.now)
        self.holders = [Holder("a", 0), Holder("b", 3600), Holder("c", -3600)]
        self.recorded: list[tuple[int, str]] = []

    @rule(seconds=st.floats(0, 20))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(number=HOLDERS)
    def a_process_is_stopped_or_goes_on(self, number: int) -> None:
        holder = self.holders[number]
        holder.stopped = not holder.stopped

    @rule(number=HOLDERS, takes=st.floats(0, 12), lost=st.booleans())
    def a_process_takes(self, number: int, takes: float, *, lost: bool) -> None:
        holder = self.holders[number]
        if holder.stopped:
            return
        asked_at = self.now + holder.ahead
        taken = at_once(self.database.take([NAME], holder.name, lasts=TERMS.lasts))
        # The answer takes its time, or never comes.
        self.now += takes
        if taken and not lost:
            tenure = Tenure.begin(taken[0], TERMS, asked_at=asked_at)
            holder.fence = Fence(tenure, clock=lambda: self.now + holder.ahead)

    @rule(number=HOLDERS, goes=st.floats(0, 12), comes=st.floats(0, 12), lost=st.booleans())
    def a_process_renews(self, number: int, goes: float, comes: float, *, lost: bool) -> None:
        holder = self.holders[number]
        if holder.stopped or holder.fence is None:
            return
        asked_at = self.now + holder.ahead
        self.now += goes
        known = at_once(self.database.renew(Replica(holder.name, "1"), lasts=TERMS.lasts))
        self.now += comes
        fence = holder.fence
        if lost or fence.is_lost:
            return
        if known.leases.get(NAME) == fence.tenure.lease:
            fence.tenure = fence.tenure.renew(TERMS, asked_at=asked_at)
        else:
            fence.lose()

    @rule(number=HOLDERS)
    def a_process_releases(self, number: int) -> None:
        holder = self.holders[number]
        if not holder.stopped and holder.fence and not holder.fence.is_lost:
            fence, holder.fence = holder.fence, None
            at_once(self.database.release([fence.tenure.lease]))

    @rule(number=HOLDERS, works=st.floats(0, 30), unaware=st.booleans())
    def a_process_records(self, number: int, works: float, *, unaware: bool) -> None:
        """A transaction begins, takes its time, and checks the epoch before it commits."""
        holder = self.holders[number]
        fence = holder.fence
        if fence is None or holder.stopped:
            return
        lease = fence.tenure.lease
        try:
            # A process that is stopped right here sends its transaction however late, unaware of the time.
            fence.require()
            self.now += works
            if not unaware:
                fence.require()
        except LeaseLost:
            return
        if self.database.holds(lease):
            self.recorded.append((lease.epoch, holder.name))

    @invariant()
    def no_epoch_is_recorded_by_two(self) -> None:
        holders: dict[int, str] = {}
        for epoch, holder in self.recorded:
            assert holders.setdefault(epoch, holder) == holder

    @invariant()
    def nothing_of_an_old_epoch_is_recorded_after_a_newer_one(self) -> None:
        epochs = [epoch for epoch, _ in self.recorded]
        assert epochs == sorted(epochs)

    @invariant()
    def no_two_rely_on_the_lease(self) -> None:
        relying = [each.name for each in self.holders if each.fence and not each.fence.is_lost]
        assert len(relying) <= 1


TestLeases = Leases.TestCase
TestLeases.settings = settings(max_examples=how_often(60, 200, 2000), stateful_step_count=40)
