"""
The right of one process to run a part, and how long the process may rely on it.

The database decides who holds a lease, by its own clock. The holder goes by its own monotonic clock and stops
earlier, so that no clock of two machines is ever compared.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta

from service.core.errors import LeaseLost


@dataclass(frozen=True, slots=True)
class Lease:
    """
    The right to run one part, as the database records it.
    """

    name: str
    """`source/NAME`, `target/NAME` or `housekeeping`."""

    holder: str
    epoch: int
    """Grows with every new holder, so that a late record of an earlier holder is recognized."""


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """
    How long leases last.
    """

    lasts: timedelta = timedelta(seconds=15)
    """From each renewal on, by the clock of the database."""

    @property
    def renew_seconds(self) -> float:
        """How often a holder renews."""
        return self.lasts.total_seconds() / 3

    @property
    def trusted_seconds(self) -> float:
        """How long a holder relies on a renewal, from the moment it asked for it."""
        return self.lasts.total_seconds() * 2 / 3


FOR_GOOD = LeaseTerms(timedelta(days=36_500))
"""Where nobody else can take a lease."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """
    A lease together with the moment at which its holder stops relying on it.
    """

    lease: Lease
    until: float
    """By the monotonic clock of the holder."""

    @classmethod
    def begin(cls, lease: Lease, terms: LeaseTerms, *, asked_at: float) -> "Tenure":
        """Return the tenure of a lease that was asked for at this moment of the holder's clock."""
        return cls(lease, asked_at + terms.trusted_seconds)

    def renew(self, terms: LeaseTerms, *, asked_at: float) -> "Tenure":
        """Return the tenure after a renewal that was asked for at this moment; it never becomes shorter."""
        return replace(self, until=max(self.until, asked_at + terms.trusted_seconds))

    def seconds_left(self, now: float) -> float:
        """Return how long the holder may still rely on the lease; nothing is left once it is over."""
        return max(0.0, self.until - now)


class Fence:
    """
    Checks a part that runs under a lease before it sends and before it records.
    """

    def __init__(self, tenure: Tenure, *, clock: Callable[[], float]) -> None:
        self.tenure = tenure
        self.on_lost: Callable[[], None] = lambda: None
        """Called once, as soon as the lease is known to be lost."""

        self._clock = clock
        self._lost = False

    @property
    def is_lost(self) -> bool:
        """Whether the part must not go on."""
        return self._lost or not self.tenure.seconds_left(self._clock())

    @property
    def seconds_left(self) -> float:
        """How long the part may go on without another renewal."""
        return 0.0 if self._lost else self.tenure.seconds_left(self._clock())

    def require(self) -> Lease:
        """Return the lease. Raises LeaseLost where it can no longer be relied on."""
        if self.is_lost:
            raise self.lose()
        return self.tenure.lease

    def lose(self) -> LeaseLost:
        """Note that the lease is lost, and return the error."""
        if not self._lost:
            self._lost = True
            self.on_lost()
        return LeaseLost(f"the lease {self.tenure.lease.name} is lost: another replica goes on with it")


_fence: ContextVar[Fence | None] = ContextVar("fence", default=None)


def current_fence() -> Fence | None:
    """
    Return the fence of the part that asks; None outside of every part.

    The tasks and threads that a part starts inherit it, so none of its writes can forget it.
    """
    return _fence.get()


def require_lease() -> None:
    """Raise LeaseLost where the part that asks runs under a lease and must not go on."""
    fence = _fence.get()
    if fence:
        fence.require()


@contextmanager
def under(fence: Fence) -> Iterator[None]:
    """Let everything inside run under this fence."""
    token = _fence.set(fence)
    try:
        yield
    finally:
        _fence.reset(token)
