"""
How many requests at a time, and how long to wait: pure values.
"""

from dataclasses import dataclass, replace

_CALM = 20
"""Successes for each request at a time before there is one more."""

_FIRST_SECONDS = 0.25
_DOWN_SECONDS = 5.0
_LONGEST_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Pace:
    """
    Falls to one request at a time when a server is crowded, and grows again.
    """

    most: int
    at_once: int
    calm: int = 0
    """Successes since it last changed."""

    @classmethod
    def full(cls, most: int) -> "Pace":
        """Return the pace of a server that never complained."""
        return cls(most, most)

    def slowed(self) -> "Pace":
        """Return the pace after the server asked for less."""
        return replace(self, at_once=1, calm=0)

    def eased(self) -> "Pace":
        """Return the pace after a success."""
        if self.at_once >= self.most:
            return self
        if self.calm + 1 < _CALM * self.at_once:
            return replace(self, calm=self.calm + 1)
        return replace(self, at_once=self.at_once + 1, calm=0)

    def limited(self, most: int) -> "Pace":
        """Return the pace with another upper limit."""
        return self if most == self.most else replace(self, most=most, at_once=min(self.at_once, most))


def pause_seconds(attempt: int, *, chance: float) -> float:
    """
    Return how long to wait before the `attempt`-th repetition (from 1); `chance` is in [0, 1).
    """
    return _FIRST_SECONDS * float(2 ** (attempt - 1)) * (0.5 + chance)


def down_seconds(failures: int, *, chance: float) -> float:
    """
    Return how long a target is left alone after so many passes (from 1) that failed in a row.
    """
    return min(_DOWN_SECONDS * float(2 ** min(failures - 1, 10)), _LONGEST_SECONDS) * (0.5 + chance)
