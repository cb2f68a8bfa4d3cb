"""
A feed as its reader sees it: VEVENTs, expanded by counting days.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from tests.durability.told import DAY, OFFSETS, Pattern, Span

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SECOND = timedelta(seconds=1)

Conference = tuple[str, str]
"""Server and id."""


@dataclass(frozen=True)
class Served:
    """
    One VEVENT.
    """

    body: bytes
    uid: str
    sequence: int
    modified: str
    topic: str
    start: datetime
    duration: timedelta
    days: frozenset[int] = frozenset()
    """Of its rule, in UTC; empty for a single meeting."""

    until: datetime | None = None

    def spans(self, since: datetime, until: datetime) -> set[Span]:
        """Return the meetings that begin from `since` on and before `until`."""
        if not self.days:
            return {(self.start, self.start + self.duration)} if since <= self.start < until else set()
        end = min(until, self.until + _SECOND) if self.until else until
        minute = self.start - self.start.replace(hour=0, minute=0)
        pattern = Pattern(self.days, minute, self.duration)
        return {(start, start + self.duration) for start in pattern.starts(max(since, self.start), end)}

    def took_place(self, since: datetime, now: datetime) -> set[Span]:
        """Return the meetings since then that began before `now`; a single one must be over."""
        return {(start, end) for start, end in self.spans(since, now) if self.days or end <= now}

    def lasts(self, start: datetime, now: datetime) -> bool:
        """Return whether it is a single meeting that began then and is under way."""
        return not self.days and self.start == start and self.start + self.duration > now

    def assert_sound(self) -> None:
        """Assert what a rule must keep by itself."""
        assert self.duration > timedelta()
        if self.days:
            assert self.start.weekday() in self.days, "DTSTART is an instance of its rule"
            assert self.until is None or self.start <= self.until


Parts = dict[Conference, tuple[Served, ...]]


def read_parts(feed: bytes) -> Parts:
    """Return the VEVENTs of a feed by conference."""
    found: dict[Conference, list[Served]] = defaultdict(list)
    for text in feed.split(b"BEGIN:VEVENT\r\n")[1:]:
        conference, served = _read(text.partition(b"END:VEVENT")[0])
        found[conference].append(served)
    return {conference: tuple(parts) for conference, parts in found.items()}


@lru_cache(maxsize=10_000)
def _read(body: bytes) -> tuple[Conference, Served]:
    lines = body.replace(b"\r\n ", b"").decode().splitlines()
    pairs = (line.partition(":") for line in lines)
    fields = {name.partition(";")[0]: value.replace("\\", "") for name, _, value in pairs}
    server = fields["URL"].split("/")[2]
    start, end = _moment(fields["DTSTART"], server), _moment(fields["DTEND"], server)
    rule = dict(part.split("=") for part in fields.get("RRULE", "").split(";") if part)
    # DTSTART is local exactly where BYDAY is.
    ahead = 0 if fields["DTSTART"].endswith("Z") else ((start + OFFSETS[server]).date() - start.date()).days
    days = frozenset((_DAYS.index(day) - ahead) % 7 for day in rule.get("BYDAY", "").split(",") if day)
    until = _moment(rule["UNTIL"], server) if "UNTIL" in rule else None
    served = Served(
        body,
        fields["UID"],
        int(fields["SEQUENCE"]),
        fields["LAST-MODIFIED"],
        fields["SUMMARY"],
        start,
        end - start,
        days,
        until,
    )
    return (server, fields["X-CONFCAL-ID"]), served


def _moment(text: str, server: str) -> datetime:
    moment = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return moment if text.endswith("Z") else moment - OFFSETS[server]


@dataclass
class Record:
    """
    What a calendar showed, held against what it shows later: the past stays, and none is invented.
    """

    name: str
    kept_for: timedelta
    parts: Parts

    def follow(
        self, parts: Parts, now: datetime, *, gone: dict[Conference, datetime], fresh: set[Conference]
    ) -> None:
        """
        Take the calendar as it is at `now`.

        `gone`: what left it, with the moment of the first list that lacked it. `fresh`: what is new in it.
        """
        since = now - self.kept_for
        for conference in self.parts.keys() | parts.keys():
            before, after = self.parts.get(conference, ()), parts.get(conference, ())
            if before == after:
                continue
            told, tells = _past(before, since, now), _past(after, since, now)
            lost = _past(before, since, min(now, gone.get(conference, now))) - tells
            # A meeting that is prolonged is one meeting.
            lost = {(start, _) for start, _ in lost if not any(each.lasts(start, now) for each in after)}
            assert not lost, f"{self.name}: {conference} took place and is gone: {sorted(lost)[:3]}"
            if conference not in fresh:
                invented = {span for span in tells - told if span[1] <= now}
                invented -= {(each.start, each.start + each.duration) for each in after if not each.days}
                assert not invented, f"{self.name}: {conference} never was: {sorted(invented)[:3]}"
            _assert_apart(after, now, self.name)
        self.parts = parts


def _past(parts: tuple[Served, ...], since: datetime, now: datetime) -> set[Span]:
    return {span for each in parts for span in each.took_place(since, now)}


def _assert_apart(parts: tuple[Served, ...], now: datetime, name: str) -> None:
    """Assert that no occurrence is in two VEVENTs of one conference."""
    if len(parts) > 1:
        since = min(each.start for each in parts)
        starts = [start for each in parts for start, _ in each.spans(since, now + 15 * DAY)]
        assert len(starts) == len(set(starts)), f"{name}: an occurrence is shown twice"
