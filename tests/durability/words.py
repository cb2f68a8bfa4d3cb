"""
Whose word counts, and what becomes of a schedule: read from the design, not from `service.core`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tests.durability.told import DAY, Span, Told
from tests.durability.world import MISSING_FOR

HEARD_FOR = 7 * DAY
"""An account that sent no list for so long does not take part."""


@dataclass(frozen=True)
class Report:
    """
    What one account tells of a conference.
    """

    user: str
    told: Told
    changed_at: datetime
    confirmed_at: datetime


def word_that_counts(reports: Sequence[Report], server: str, now: datetime) -> Told:
    """Return what the calendars must show, by all that is told at `now`."""
    heard = [each for each in reports if now - each.confirmed_at < HEARD_FOR] or list(reports)
    scheduled = [each for each in heard if each.told.kind != "none"] or heard
    newest = max(scheduled, key=lambda each: each.changed_at)
    settled_at = newest.changed_at + MISSING_FOR
    if now < settled_at:
        return newest.told
    lasting = [each for each in scheduled if each is newest or each.confirmed_at >= settled_at]
    if all(each.told.says_as(newest.told, server) for each in lasting):
        return newest.told
    owner = _owner(lasting)
    for each in lasting:
        if each.user == owner:
            return each.told
    camps = [[other for other in lasting if other.told.says_as(each.told, server)] for each in lasting]
    largest = max(map(len, camps))
    winners = [camp for camp in camps if len(camp) == largest]
    if any(camp != winners[0] for camp in winners):
        return newest.told
    return max(winners[0], key=lambda each: each.changed_at).told


def _owner(reports: Sequence[Report]) -> str:
    names = [each.told.owner for each in sorted(reports, key=lambda each: each.changed_at)]
    return max(names, key=names.count)


@dataclass(frozen=True)
class Live:
    """
    The live part of a conference.
    """

    told: Told
    server: str
    since: datetime | None = None
    """What lies before is closed, or was never."""

    @property
    def shown(self) -> bool:
        """Whether there is a VEVENT: not of a room, nor of what was over before this part began."""
        over = self.told.kind == "once" and self.since is not None and self.told.ends_at <= self.since
        return self.told.kind != "none" and not over

    def took_place(self, now: datetime) -> bool:
        """Return whether there is a past that must stay."""
        if self.told.kind == "once":
            return self.shown and self.told.ends_at <= now
        if self.told.kind == "none":
            return False
        begin = max(self.told.starts_at, self.since or self.told.starts_at)
        return any(self.told.pattern(self.server).starts(begin, min(now, begin + 8 * DAY)))

    def coming(self, since: datetime, until: datetime) -> set[Span]:
        """Return what begins from `since` on and before `until`."""
        if not self.shown:
            return set()
        if self.told.kind == "once":
            here = since <= self.told.starts_at < until
            return {(self.told.starts_at, self.told.ends_at)} if here else set()
        begin = max(since, self.told.starts_at, self.since or since)
        pattern = self.told.pattern(self.server)
        return {(start, start + pattern.duration) for start in pattern.starts(begin, until)}

    def told_anew(self, word: Told, now: datetime) -> "Live":  # noqa: PLR0911 -- a case for each kind of edit
        """Return the part that goes on once `word` counts."""
        before = self.told
        if word.kind == before.kind == "week" and word.pattern(self.server) == before.pattern(self.server):
            moved_on = word.starts_at >= before.starts_at and word.is_series_of(before, self.server)
            if moved_on or self.took_place(now):
                return replace(self, told=replace(word, starts_at=before.starts_at, days=before.days))
        elif word.kind == before.kind == "once":
            if (word.starts_at, word.duration) == (before.starts_at, before.duration):
                return replace(self, told=word)
            prolonged = word.starts_at == before.starts_at and word.ends_at > now
            if prolonged:
                return replace(self, told=word)
            if self.took_place(now) and word.ends_at <= now:
                # The record stays.
                return replace(self, told=replace(word, starts_at=before.starts_at, duration=before.duration))
        elif word.kind == before.kind == "none":
            return replace(self, told=word)
        if self.took_place(now):
            return Live(word, self.server, now)
        if word.kind == "week":
            return Live(word, self.server, max(now, self.since or now))
        return Live(word, self.server, self.since)

    def cut(self, since: datetime) -> "Live":
        """Return the part that goes on for others once an account's lists lack it `since` then."""
        if self.told.kind == "week" and self.took_place(since):
            return replace(self, since=since)
        return self

    def back(self, word: Told, now: datetime) -> "Live":
        """Return the part that begins when it comes back after it left every calendar."""
        since = max(now, self.since or now) if word.kind == "week" else self.since
        return Live(word, self.server, since)
