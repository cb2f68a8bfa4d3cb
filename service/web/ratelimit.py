"""
Wrong tokens and passwords, counted per network; right ones never are, so that offices may share an address.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from starlette.types import Scope

from service.core.clock import Clock
from service.web.network import Networks

_MOST_NETWORKS = 10_000


@dataclass(frozen=True, slots=True)
class _Bucket:
    filled: float
    """How many failures weigh on the network still."""

    at: datetime


class FailureLimit:
    """
    Lets each network fail `most` times at once, and then again at the pace of `most` in `per`.

    Of more than `most_networks` networks, those that failed the longest ago are forgotten.
    """

    def __init__(self, most: int, per: timedelta, *, most_networks: int = _MOST_NETWORKS) -> None:
        self._most, self._per, self._most_networks = most, per, most_networks
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_seconds(self, network: str, now: datetime) -> int:
        """Return how long the network must wait before it may fail again; 0 where it need not."""
        over = self._fill_level(network, now) + 1 - self._most
        return ceil(over * self._per.total_seconds() / self._most) if over > 0 else 0

    def fail(self, network: str, now: datetime) -> int:
        """Count a failure, and return the seconds to wait where it was one too many, else 0."""
        wait = self.wait_seconds(network, now)
        if wait:
            return wait
        self._buckets[network] = _Bucket(self._fill_level(network, now) + 1, now)
        self._buckets.move_to_end(network)
        if len(self._buckets) > self._most_networks:
            self._buckets.popitem(last=False)
        return 0

    def _fill_level(self, network: str, now: datetime) -> float:
        bucket = self._buckets.get(network)
        if bucket is None:
            return 0
        return max(0.0, bucket.filled - self._most * ((now - bucket.at) / self._per))


@dataclass(frozen=True, slots=True)
class Guard:
    """
    What stands between guesses and secrets.
    """

    networks: Networks
    limit: FailureLimit
    clock: Clock

    def fail(self, scope: Scope) -> int:
        """Count a wrong secret, and return the seconds that its network must wait now, or 0."""
        return self.limit.fail(self.networks.of(scope), self.clock())
