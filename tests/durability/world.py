"""
What must be in the calendars, kept by an independent reading of the rules for deletion.

Nothing here is taken from `service.core.removal` or `revision`: each account has the history of its lists,
and who leaves is told from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = datetime(2026, 10, 5, 8, tzinfo=UTC)

MISSING_LISTS = 2
MISSING_FOR = 15 * MINUTE
HOLD_SHARE = 0.5
HOLD_COUNT = 5
HOLD_LISTS = 3
HOLD_FOR = HOUR
KEEP_ENDED = 365 * DAY
LOGIN_SETTLES_IN = 2 * MINUTE

Raw = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """
    One conference as a list tells of it.
    """

    topic: str
    kind: str
    """`once`, `week` or `none`."""

    starts_at: datetime = START

    def raw(self, id_: str) -> Raw:
        """Return it as TrueConf sends it."""
        schedule: Raw = {"start_time": int(self.starts_at.timestamp()), "duration": 3600}
        if self.kind == "week":
            schedule["days"] = [0, 1, 0, 0, 1, 0, 0]
        return {
            "id": id_,
            "topic": self.topic,
            "owner": "brown",
            "schedule_type": self.kind,
            "schedule": {} if self.kind == "none" else schedule,
        }

    def has_ended(self, now: datetime) -> bool:
        return self.kind == "once" and self.starts_at + HOUR <= now

    def is_kept(self, now: datetime) -> bool:
        return self.has_ended(now) and self.starts_at + HOUR >= now - KEEP_ENDED

    def is_upcoming(self, now: datetime) -> bool:
        return self.kind != "none" and not self.has_ended(now)


@dataclass
class Calendar:
    """
    What one account's calendar holds, and the lists that decide what leaves it.
    """

    members: dict[str, Told] = field(default_factory=dict)
    lacking: dict[str, list[datetime]] = field(default_factory=dict)
    """By member, when each of the good lists arrived that lacked it, since it was last mentioned."""

    held: list[tuple[datetime, frozenset[str]]] = field(default_factory=list)
    """The good lists in a row that would remove too much, with what."""

    def hears(
        self, told: dict[str, Told], at: datetime, *, good: bool, mentioned: Iterable[str] = ()
    ) -> set[str]:
        """Take a list; the ids that leave."""
        gone = self._leaving({*told, *mentioned}, at) if good else set()
        for id_ in (*told, *mentioned):
            self.lacking.pop(id_, None)
        for id_ in gone:
            self._forget(id_)
        self.members.update(told)
        return gone

    def approve(self) -> set[str]:
        """Let go what is held."""
        gone = {id_ for id_ in self.held[-1][1] if id_ in self.lacking}
        self.held.clear()
        for id_ in gone:
            self._forget(id_)
        return gone

    def _forget(self, id_: str) -> None:
        del self.members[id_]
        self.lacking.pop(id_, None)

    def _leaving(self, mentioned: set[str], at: datetime) -> set[str]:
        silent = {id_ for id_, told in self.members.items() if id_ not in mentioned and not told.is_kept(at)}
        for id_ in silent:
            self.lacking.setdefault(id_, []).append(at)
        released = self._too_many(silent, at)
        if self.held:
            return set()
        return released | {id_ for id_ in silent if self._long_enough(self.lacking[id_], at)}

    def _too_many(self, silent: set[str], at: datetime) -> set[str]:
        """Note whether this list is held; what an end of the wait lets go."""
        upcoming = {id_ for id_, told in self.members.items() if told.is_upcoming(at)}
        would_go = frozenset(silent & upcoming)
        too_many = len(would_go) > HOLD_COUNT and len(would_go) > HOLD_SHARE * len(upcoming)
        if not would_go or not (too_many or would_go == upcoming):
            self.held.clear()
            return set()
        if self.held and self.held[-1][1] & upcoming != would_go:
            self.held.clear()
        self.held.append((at, would_go))
        since = min(moment for moment, _ in self.held)
        if len(self.held) < HOLD_LISTS or at - since < HOLD_FOR:
            return set()
        self.held.clear()
        return set(would_go)

    @staticmethod
    def _long_enough(lacking: list[datetime], at: datetime) -> bool:
        return len(lacking) >= MISSING_LISTS and at - min(lacking) >= MISSING_FOR


@dataclass
class Room:
    """
    An endpoint: who is logged in, and since when that is new.
    """

    server: str
    user: str | None
    changed_at: datetime | None = None

    def login(self, user: str, at: datetime) -> None:
        if self.user != user:
            self.changed_at = at
        self.user = user

    def logout(self) -> None:
        self.user = None

    def is_settled(self, at: datetime) -> bool:
        if self.changed_at is None:
            return True
        self.changed_at = min(self.changed_at, at)
        return at - self.changed_at >= LOGIN_SETTLES_IN
