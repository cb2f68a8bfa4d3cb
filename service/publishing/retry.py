"""
Retry delays for a failed request, a failed collection and a failed target.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.core.errors import (
    AnswerUnusable,
    CollectionFailed,
    CollectionGone,
    ConfcalError,
    CredentialsRefused,
    PlanRefused,
    Retryable,
    StoreUnavailable,
)
from service.core.target_state import TargetState

_CALM = 20
"""Successes for each parallel request before there is one more."""

_FIRST_SECONDS = 0.25
_DOWN_SECONDS = 5.0
_LONGEST_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Pace:
    """
    The number of parallel requests. It falls to one when a server is overloaded, and grows again.
    """

    most: int
    at_once: int
    calm: int = 0
    """Successes since it last changed."""

    @classmethod
    def full(cls, most: int) -> "Pace":
        """Return the pace of a server that never complained."""
        return cls(most, most)

    def slow_down(self) -> "Pace":
        """Return the pace after the server asked for fewer requests."""
        return replace(self, at_once=1, calm=0)

    def speed_up(self) -> "Pace":
        """Return the pace after a success."""
        if self.at_once >= self.most:
            return self
        if self.calm + 1 < _CALM * self.at_once:
            return replace(self, calm=self.calm + 1)
        return replace(self, at_once=self.at_once + 1, calm=0)

    def limit(self, most: int) -> "Pace":
        """Return the pace with another upper limit."""
        return self if most == self.most else replace(self, most=most, at_once=min(self.at_once, most))


def retry_delay_seconds(attempt: int, *, chance: float) -> float:
    """Return how long to wait before the `attempt`-th repetition (from 1); `chance` is in [0, 1)."""
    return _FIRST_SECONDS * float(2 ** (attempt - 1)) * (0.5 + chance)


def down_seconds(failures: int, *, chance: float) -> float:
    """Return how long a target rests after `failures` failed runs in a row (from 1)."""
    return min(_DOWN_SECONDS * float(2 ** min(failures - 1, 10)), _LONGEST_SECONDS) * (0.5 + chance)


_ATTENTION = 5
"""An error that needs a person is retried as seldom as after this many failures."""

_STORE_SECONDS = 60.0
"""Our own database is asked again soon, however long it was unavailable."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """
    A failed collection, and when it is retried.
    """

    error: ConfcalError
    failures: int
    until: datetime


def back_off(
    error: ConfcalError, before: Backoff | None, now: datetime, random: Callable[[], float]
) -> Backoff:
    """Return the backoff of a collection that failed, again after `before`."""
    failures = before.failures + 1 if before else 1
    return Backoff(
        error, failures, now + timedelta(seconds=backoff_seconds(error, failures, chance=random()))
    )


def backoff_seconds(error: ConfcalError, failures: int, *, chance: float) -> float:
    """Return how long a collection rests after `failures` failures in a row (from 1)."""
    match error:
        case StoreUnavailable():
            return min(down_seconds(failures, chance=chance), _STORE_SECONDS)
        case Retryable(delay_seconds=asked):
            return max(asked or 0.0, down_seconds(failures, chance=chance))
        case CredentialsRefused(delay_seconds=asked):
            return max(asked or 0.0, down_seconds(_ATTENTION, chance=chance))
        case CollectionGone():
            return down_seconds(failures, chance=chance)
        case _:
            return down_seconds(max(failures, _ATTENTION), chance=chance)


def concerns_all(error: ConfcalError) -> bool:
    """Return whether an error means that the other collections of the target cannot be used either."""
    match error:
        case CollectionFailed():
            return False
        case Retryable() | StoreUnavailable() | CredentialsRefused():
            return True
        case _:
            return False


def state_of(error: ConfcalError) -> TargetState:
    """Return the state of a target with this error."""
    match error:
        case AnswerUnusable():
            return TargetState.FAILING
        case Retryable() | StoreUnavailable():
            return TargetState.DOWN
        case PlanRefused():
            return TargetState.WAITING
        case _:
            return TargetState.FAILING
