"""
How long a target, or one collection of it, is left alone after it failed.
"""

from collections.abc import Callable
from dataclasses import dataclass
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
from service.core.pace import down_seconds
from service.core.target_state import TargetState

_ATTENTION = 5
"""What needs a person is tried as seldom as a server that failed so often."""

_STORE_SECONDS = 60.0
"""The database is ours: it is asked again soon, however long it was away."""


@dataclass(frozen=True, slots=True)
class Pause:
    """
    One collection that failed, and when it is tried again.
    """

    error: ConfcalError
    failures: int
    until: datetime


def paused(error: ConfcalError, before: Pause | None, now: datetime, random: Callable[[], float]) -> Pause:
    """Return the pause of a collection that failed, again after `before`."""
    failures = before.failures + 1 if before else 1
    return Pause(error, failures, now + timedelta(seconds=pause_seconds(error, failures, chance=random())))


def pause_seconds(error: ConfcalError, failures: int, *, chance: float) -> float:
    """Return how long what failed so often in a row (from 1) is left alone."""
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
    """Return whether an error says that the other collections of the target cannot be used either."""
    match error:
        case CollectionFailed():
            return False
        case Retryable() | StoreUnavailable() | CredentialsRefused():
            return True
        case _:
            return False


def state_of(error: ConfcalError) -> TargetState:
    """Return in one word how a target with this error is doing."""
    match error:
        case AnswerUnusable():
            return TargetState.FAILING
        case Retryable() | StoreUnavailable():
            return TargetState.DOWN
        case PlanRefused():
            return TargetState.WAITING
        case _:
            return TargetState.FAILING
