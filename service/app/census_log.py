"""
What the log says of the other replicas, each thing once.
"""

from collections.abc import Collection

import structlog

from service.app.clock import utc_now
from service.core.replicas import Census, Replica, find_strangers

log = structlog.get_logger()


class CensusLog:
    """
    Compares each census with the one before.
    """

    def __init__(self) -> None:
        self._strangers: tuple[str, ...] = ()
        self._missed: set[str] = set()
        self._locked: frozenset[str] = frozenset()

    def note_missed(self, names: Collection[str]) -> None:
        """Note leases that were free in the last census, and that this replica tried in vain to take."""
        self._missed.update(names)

    def log(self, replica: Replica, census: Census) -> None:
        """Log what is new in a census."""
        if census.now and utc_now.compare(census.now):
            log.warning("app.clock_wrong", ahead_seconds=round(utc_now.ahead.total_seconds()))
        before, self._strangers = self._strangers, find_strangers(replica, census)
        if set(self._strangers) - set(before):
            log.warning("app.replicas_differ", replica=replica.holder, others=list(self._strangers))
        elif before and not self._strangers:
            log.info("app.replicas_alike")
        # What another replica took at the same moment is in this census.
        known, self._locked = self._locked, frozenset(self._missed - census.leases.keys())
        self._missed.clear()
        if self._locked - known:
            log.warning("app.leases_locked", locked=sorted(self._locked))
