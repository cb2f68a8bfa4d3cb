"""
What must be in the calendars, kept by an independent reading of the rules for deletion.

Nothing here is taken from `service.core.removal` or `revision`: each account has the history of its lists,
and who leaves is told from it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.durability.told import DAY, HOUR, MINUTE, Told

MISSING_LISTS = 2
MISSING_FOR = 15 * MINUTE
HOLD_SHARE = 0.5
HOLD_COUNT = 5
HOLD_LISTS = 3
HOLD_FOR = HOUR
KEEP_ENDED = 365 * DAY
LOGIN_SETTLES_IN = 2 * MINUTE
REORDERED = MINUTE
"""A list that is older by so much arrived in the wrong order; by more, and the clock was set back."""

Shown = Callable[[str], Told]
"""What everybody's calendar shows of a conference, by its id."""


def has_ended(told: Told, now: datetime) -> bool:
    return told.kind == "once" and told.ends_at <= now


def is_kept(told: Told, now: datetime) -> bool:
    return has_ended(told, now) and told.ends_at >= now - KEEP_ENDED


def is_upcoming(told: Told, now: datetime) -> bool:
    return told.kind != "none" and not has_ended(told, now)


@dataclass
class Calendar:
    """
    What one account's calendar holds, and the lists that decide what leaves it.
    """

    members: dict[str, Told] = field(default_factory=dict)
    """By id, what the account's lists told last."""

    changed_at: dict[str, datetime] = field(default_factory=dict)
    """Since when they tell that."""

    list_at: datetime | None = None
    unlisted: set[str] = field(default_factory=set)
    """Members that a good list lacked since they were last mentioned: the account does not list them."""

    lacking: dict[str, list[datetime]] = field(default_factory=dict)
    """By member, when each of the good lists arrived that lacked it, since it was last mentioned."""

    held: list[tuple[datetime, frozenset[str]]] = field(default_factory=list)
    """The good lists in a row that would remove too much, with what."""

    def ignores(self, at: datetime) -> bool:
        """Return whether a list that arrives at `at` is older than the last one, and changes nothing."""
        return self.list_at is not None and timedelta() < self.list_at - at <= REORDERED

    def lists(self, id_: str) -> bool:
        """Return whether the account tells of a conference."""
        return id_ in self.members and id_ not in self.unlisted

    def hears(
        self,
        told: dict[str, Told],
        at: datetime,
        *,
        good: bool,
        shown: Shown,
        server: str,
        mentioned: Iterable[str] = (),
    ) -> dict[str, datetime]:
        """Take a list; the ids that leave, each with the moment of the first list that lacked it."""
        known = {*told, *mentioned}
        gone = self._leaving(known, at, shown) if good else set()
        if good:
            self.unlisted |= self.members.keys() - known
        self.unlisted -= known
        for id_ in known:
            self.lacking.pop(id_, None)
        departed = {id_: self._forget(id_) for id_ in gone}
        if self.list_at and at < self.list_at:
            # The clock was set back: nobody changed anything later than now.
            self.changed_at = {id_: min(moment, at) for id_, moment in self.changed_at.items()}
        for id_, each in told.items():
            if id_ not in self.members or not each.only_moved_on_from(self.members[id_], server):
                self.changed_at[id_] = at
        self.members.update(told)
        self.list_at = at
        return departed

    def approve(self) -> dict[str, datetime]:
        """Let go what is held."""
        gone = {id_ for id_ in self.held[-1][1] if id_ in self.lacking}
        self.held.clear()
        return {id_: self._forget(id_) for id_ in gone}

    def _forget(self, id_: str) -> datetime:
        del self.members[id_]
        del self.changed_at[id_]
        self.unlisted.discard(id_)
        return min(self.lacking.pop(id_))

    def _leaving(self, mentioned: set[str], at: datetime, shown: Shown) -> set[str]:
        silent = {id_ for id_ in self.members if id_ not in mentioned and not is_kept(shown(id_), at)}
        for id_ in silent:
            self.lacking.setdefault(id_, []).append(at)
        released = self._too_many(silent, at, shown)
        if self.held:
            return set()
        return released | {id_ for id_ in silent if self._long_enough(self.lacking[id_], at)}

    def _too_many(self, silent: set[str], at: datetime, shown: Shown) -> set[str]:
        """Note whether this list is held; what an end of the wait lets go."""
        upcoming = {id_ for id_ in self.members if is_upcoming(shown(id_), at)}
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
