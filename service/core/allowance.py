"""
An allowance that is spent and grows again with time. The value is pure; the caller brings the clock.
"""

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Allowance:
    """
    An amount that is spent and grows again, up to `most`.
    """

    most: float
    per_second: float
    left: float
    at: float
    """Seconds of the clock that `spend` is given."""

    @classmethod
    def full(cls, most: float, per_second: float, now: float = 0.0) -> "Allowance":
        """Return an unspent allowance."""
        return cls(most, per_second, most, now)

    def spend(self, amount: float, now: float) -> "Allowance":
        """Return the allowance after `amount` is spent. It may become overdrawn."""
        # A clock that was set back refills nothing.
        grown = self.left + max(0.0, now - self.at) * self.per_second
        return Allowance(self.most, self.per_second, min(self.most, grown) - amount, now)

    @property
    def overdrawn(self) -> bool:
        """Whether more was spent than was there."""
        return self.left < 0

    @property
    def wait_seconds(self) -> int:
        """How long to wait until the allowance is no longer overdrawn."""
        return ceil(max(0.0, -self.left) / self.per_second)
