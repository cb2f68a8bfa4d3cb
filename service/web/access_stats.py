"""
Coarse counts of who fetches which calendar, and the last program: no address is kept, nothing on disk.
"""

import re
from collections import Counter, deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from starlette.types import Scope

from service.web.network import Networks

HOURS = 24
"""How far back requests are counted by the hour."""

LATELY = timedelta(hours=48)
"""Google and Outlook.com fetch as seldom as once a day."""

_MOST_CLIENTS = 50_000
_LONGEST_PROGRAM = 40
_PRODUCT = re.compile(rb"[A-Za-z][\w.+-]*")
_EVERYBODY_S = frozenset({b"Mozilla", b"AppleWebKit", b"Gecko", b"KHTML", b"like", b"compatible"})
"""What programs call themselves for the sake of old servers."""

_HOUR = timedelta(hours=1)


class AccessStats:
    """
    Counts requests per hour, and clients: a network and a User-Agent make one.
    """

    def __init__(self, networks: Networks, *, most_clients: int = _MOST_CLIENTS) -> None:
        self._networks, self._most_clients = networks, most_clients
        self._now: Counter[str] = Counter()
        self._started: datetime | None = None
        self._past: deque[tuple[datetime, Counter[str]]] = deque(maxlen=HOURS - 1)
        self._clients: dict[str, dict[int, datetime]] = {}
        self._last: dict[str, tuple[datetime, bytes]] = {}
        self._count = 0

    def note(self, calendar: str, scope: Scope, agent: bytes, now: datetime) -> None:
        """Count an answered request for a feed."""
        if self._started is None or now - self._started >= _HOUR:
            self._turn(now)
        self._now[calendar] += 1
        self._last[calendar] = now, agent
        # Python keys the hash of text again with each start: an address cannot be recovered from it.
        client = hash((self._networks.of(scope), agent))
        known = self._clients.get(calendar)
        if known is None:
            known = self._clients[calendar] = {}
        if client in known or self._count < self._most_clients:
            self._count += client not in known
            known[client] = self._started or now

    def _turn(self, now: datetime) -> None:
        if self._started is not None:
            self._past.append((self._started, self._now))
        self._now, self._started = Counter(), now.replace(minute=0, second=0, microsecond=0)
        seen = {
            calendar: {client: at for client, at in clients.items() if now - at < LATELY}
            for calendar, clients in self._clients.items()
        }
        self._clients = {calendar: clients for calendar, clients in seen.items() if clients}
        self._last = {calendar: last for calendar, last in self._last.items() if now - last[0] < LATELY}
        self._count = sum(map(len, self._clients.values()))

    def last_fetch(self, calendar: str, now: datetime) -> tuple[datetime, str] | None:
        """Return when a calendar was fetched last within two days, and by which program."""
        at, agent = self._last.get(calendar, (None, b""))
        return (at, name_program(agent)) if at and now - at < LATELY else None

    def subscribers(self, calendar: str, now: datetime) -> int:
        """Return how many clients asked for a calendar within the last two days."""
        return sum(1 for at in self._clients.get(calendar, {}).values() if now - at < LATELY)

    def requests(self, now: datetime) -> Mapping[str, int]:
        """Return how often each calendar was asked for within the last day."""
        total: Counter[str] = Counter()
        for started, counts in (*self._past, *([(self._started, self._now)] if self._started else [])):
            if now - started < HOURS * _HOUR:
                total += counts
        return total


def name_program(agent: bytes) -> str:
    """Return the name that a User-Agent begins with, empty where it has none: `Google-Calendar-Importer`."""
    # What stands in brackets is the system.
    outside = re.sub(rb"\([^)]*\)?", b" ", agent)
    products = [each for each in _PRODUCT.findall(outside) if each not in _EVERYBODY_S]
    return products[0][:_LONGEST_PROGRAM].decode("ascii", "replace") if products else ""
