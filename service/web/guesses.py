"""
Wrong admin and ingest tokens of each network: some are free, then answers get slower, then it is blocked.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

_ONE_FORGIVEN_EVERY = timedelta(minutes=1)
"""As long as none had to wait, so that a program that repeats an old token does not lock out its network."""

_FORGIVEN_AFTER = timedelta(hours=1)
"""A network that was quiet for so long after its last wait starts again from zero."""

_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=8)
_FIRST_STOP, _LONGEST_STOP = timedelta(minutes=15), timedelta(hours=4)

_SHORTEST_PAUSE, _LONGEST_PAUSE = timedelta(milliseconds=100), timedelta(seconds=1)

MOST_NETWORKS = 10_000
_MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class GuessRules:
    """
    How many wrong tokens of one network are free, and with how many more it is stopped.
    """

    free: int
    until_stop: int

    @property
    def quick(self) -> int:
        """How many of the free ones are answered at once."""
        return self.free // 3


@dataclass(frozen=True, slots=True)
class Guesses:
    """
    The wrong tokens of one network, and its waits.
    """

    wrong: int = 0
    """Wrong tokens since it was forgiven, or was last stopped, less those that are forgiven singly."""

    counted_at: datetime | None = None
    """The moment from which the next minute that forgives one is counted."""

    waits: int = 0
    stops: int = 0
    waits_until: datetime | None = None
    """Until then each wrong token is answered with how long to wait."""

    stopped_until: datetime | None = None
    """Until then no token of the network is looked at."""

    forgiven_at: datetime | None = None

    def current(self, now: datetime) -> "Guesses":
        """Return what still weighs at this moment."""
        if self.forgiven_at is None:
            return self
        # Further ahead than any wait lies, it was noted before the clock was set back.
        return self if timedelta() < self.forgiven_at - now <= _LONGEST_STOP + _FORGIVEN_AFTER else Guesses()

    def stop_seconds(self, now: datetime) -> int:
        """Return how long tokens are not looked at; 0 where they are."""
        return _seconds_until(self.stopped_until, now)

    def wait_seconds(self, now: datetime) -> int:
        """Return how long the network has to wait before another wrong token; 0 where it need not."""
        return max(_seconds_until(self.waits_until, now), self.stop_seconds(now))

    def count_failure(self, rules: GuessRules, now: datetime) -> "Guesses":
        """Return what weighs after one more wrong token."""
        before = self._less_forgiven(rules, now)
        wrong = before.wrong + 1
        if wrong >= rules.until_stop:
            until = now + _double(_FIRST_STOP, self.stops, _LONGEST_STOP)
            # What comes after a stop has no free tries left.
            return Guesses(
                wrong=rules.free,
                counted_at=until,
                stops=self.stops + 1,
                waits_until=until,
                stopped_until=until,
                forgiven_at=until + _FORGIVEN_AFTER,
            )
        later = replace(before, wrong=wrong, forgiven_at=now + _FORGIVEN_AFTER)
        if wrong < rules.free or _seconds_until(self.waits_until, now):
            return later
        until = now + _double(_FIRST_WAIT, self.waits, _LONGEST_WAIT)
        return replace(later, waits=self.waits + 1, waits_until=until, forgiven_at=until + _FORGIVEN_AFTER)

    def delay_seconds(self, rules: GuessRules) -> float:
        """Return how long the answer to the newest wrong token is held back."""
        beyond = self.wrong - rules.quick
        return _double(_SHORTEST_PAUSE, beyond - 1, _LONGEST_PAUSE).total_seconds() if beyond > 0 else 0.0

    def _less_forgiven(self, rules: GuessRules, now: datetime) -> "Guesses":
        """Return what weighs after single ones were forgiven; from the first wait on, none is."""
        if self.wrong >= rules.free:
            return self
        counted_at = self.counted_at or now
        forgiven = max(0, (now - counted_at) // _ONE_FORGIVEN_EVERY)
        if forgiven >= self.wrong:
            return replace(self, wrong=0, counted_at=now)
        return replace(
            self, wrong=self.wrong - forgiven, counted_at=counted_at + forgiven * _ONE_FORGIVEN_EVERY
        )


class GuessBook:
    """
    The guesses of all networks that made any; of too many, those that failed the longest ago are forgotten.
    """

    def __init__(self, rules: GuessRules, *, most_networks: int = MOST_NETWORKS) -> None:
        self._rules, self._most_networks = rules, most_networks
        self._networks: OrderedDict[str, Guesses] = OrderedDict()

    def of(self, network: str, now: datetime) -> Guesses:
        """Return what weighs on a network."""
        return self._networks.get(network, Guesses()).current(now)

    def fail(self, network: str, now: datetime) -> Guesses:
        """Count a wrong token, and return what counts against the network now."""
        after = self._networks[network] = self.of(network, now).count_failure(self._rules, now)
        self._networks.move_to_end(network)
        if len(self._networks) > self._most_networks:
            self._networks.popitem(last=False)
        return after


def _double(first: timedelta, times: int, most: timedelta) -> timedelta:
    factor = 1 << min(times, _MOST_DOUBLINGS)
    return min(first * factor, most)


def _seconds_until(moment: datetime | None, now: datetime) -> int:
    return ceil((moment - now).total_seconds()) if moment is not None and moment > now else 0
