"""
What the reconciler of a target remembers between rounds: which collections rest, and why.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from service.core.errors import ConfcalError, PlanRefused, StoreUnavailable
from service.publishing.retry import Backoff, back_off, backoff_seconds
from service.publishing.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Circuit:
    """
    A circuit breaker for a target and one for each of its collections.

    Its methods return the changed circuit.
    """

    open: bool = False
    """The whole target is left alone: changes wait too, and the next round begins with one request."""

    doubted: bool = False
    """The target failed, and the server has not answered since."""

    failures: int = 0
    """Rounds in a row that ended at the server."""

    store_failures: int = 0
    """Rounds in a row that ended at our own database."""

    backoffs: Mapping[str, Backoff] = field(default_factory=dict)
    """Collections that are left alone, by their keys."""

    stopped_at: str = ""
    """The collection at which the last round ended early."""

    changed_at: datetime | None = None
    """Since when a change waits to be published."""

    trouble: Trouble | None = None
    """The failures since the target last worked."""

    def note_change(self, now: datetime) -> Self:
        """Return the circuit after a change. The earliest waiting change counts."""
        return self if self.changed_at else replace(self, changed_at=now)

    def begin_round(self, keys: Collection[str]) -> Self:
        """Return the circuit for a round over the collections with these keys."""
        return replace(self, backoffs={key: each for key, each in self.backoffs.items() if key in keys})

    def take_change(self) -> Self:
        """Return the circuit without a waiting change: a later change may come too late for this round."""
        return replace(self, changed_at=None)

    def enter(self, key: str) -> Self:
        """Return the circuit when a round enters a collection. An empty key ends the round."""
        return replace(self, stopped_at=key)

    def rests(self, key: str, now: datetime) -> bool:
        """Return whether a collection rests at this moment."""
        backoff = self.backoffs.get(key)
        return backoff is not None and now < backoff.until

    def fail(self, key: str, error: ConfcalError, now: datetime, random: Callable[[], float]) -> Self:
        """Return the circuit after a failure of one collection."""
        backoff = back_off(error, self.backoffs.get(key), now, random)
        return replace(self, backoffs={**self.backoffs, key: backoff})

    def succeed(self, key: str) -> Self:
        """Return the circuit after a collection worked."""
        return replace(self, backoffs={other: each for other, each in self.backoffs.items() if other != key})

    def hurry(self, now: datetime) -> Self:
        """Return the circuit after a person asked for a try: nothing rests, and failures count from zero."""
        due = {key: replace(each, failures=0, until=now) for key, each in self.backoffs.items()}
        return replace(self, backoffs=due, failures=0, store_failures=0)

    def end_round(
        self, *, stopped_by: ConfcalError | None, failed: bool, reached: bool, changed_at: datetime | None
    ) -> Self:
        """
        Return the circuit after a round.

        `stopped_by` is the error that ended it for all collections. `failed` says whether any collection
        failed, `reached` whether the server answered. `changed_at` is the moment of the change that caused
        the round.
        """
        if stopped_by is None:
            ended = self._close(reached=reached)
        else:
            ended = self._stop(stopped_by, reached=reached)
        if ended.doubted or failed:
            return replace(ended, changed_at=changed_at or ended.changed_at)
        return ended

    def _stop(self, error: ConfcalError, *, reached: bool) -> Self:
        match error:
            case PlanRefused():
                return self._close(reached=reached)
            case StoreUnavailable():
                # The server did nothing wrong, so the next round need not be careful.
                return replace(self, open=True, doubted=True, store_failures=self.store_failures + 1)
            case _:
                return replace(self, open=True, doubted=True, store_failures=0, failures=self.failures + 1)

    def _close(self, *, reached: bool) -> Self:
        closed = replace(self, open=False, store_failures=0)
        return replace(closed, doubted=False, failures=0) if reached else closed

    def rest_seconds(self, error: ConfcalError, *, chance: float) -> float:
        """Return how long an open circuit lets the whole target rest."""
        failures = self.store_failures if isinstance(error, StoreUnavailable) else self.failures
        return backoff_seconds(error, failures, chance=chance)

    def suffer(self, error: ConfcalError, now: datetime) -> Self:
        """Return the circuit with one more failure to report."""
        return replace(self, trouble=(self.trouble or Trouble(now)).count_failure(error))

    def recover(self) -> Self:
        """Return the circuit without trouble to report."""
        return replace(self, trouble=None)
