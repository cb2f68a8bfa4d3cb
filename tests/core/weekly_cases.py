"""
Weekly schedules drawn by chance, and what every reader must find of them.
"""

import os
import random
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from service.core.schedule import Weekday, Weekly
from service.core.vevent import Rendering
from service.core.vtimezone import compact_zone
from service.core.weekly import WeeklyRules
from tests.core.given import conference, feed
from tests.core.model import DAY, changes_meanwhile, doubled, skipped, starts
from tests.core.older import moved_by_laws
from tests.core.python_readers import Meeting, Reader

SEED = os.environ.get("CONFCAL_TEST_SEED", "20261005")
CHUNK = 100
THOROUGH_EVERY = 10
FOURTEEN_MONTHS = timedelta(days=426)
WEEK_AND_A_DAY = timedelta(days=8)
FIRST_FORTNIGHT = timedelta(days=15)
MINUTE = timedelta(minutes=1)

Time = Literal["utc", "wall"]
Window = tuple[datetime, datetime]


@dataclass(frozen=True)
class Case:
    weekly: Weekly
    rules: WeeklyRules
    thorough: bool
    """Whether every day of the fourteen months is read, or the weeks alone in which something changes."""

    @property
    def until(self) -> datetime:
        return self.weekly.start + FOURTEEN_MONTHS

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.rules.timezone)

    @cached_property
    def ics(self) -> str:
        return feed(conference(schedule=self.weekly), rendering=Rendering(self.rules)).decode()

    @property
    def on_the_wall(self) -> bool:
        """Whether the hour on the wall can be kept: no VTIMEZONE tells every zone at every time."""
        compact = compact_zone(self.rules.timezone)
        return self.rules.time == "wall" and compact is not None and self.weekly.start >= compact.valid_from

    @cached_property
    def expected(self) -> list[datetime]:
        return list(starts(self.weekly, self.rules, self.until, on_the_wall=self.on_the_wall))

    @cached_property
    def windows(self) -> list[Window]:
        """
        The times that the readers are asked about: a rule of weeks is the same between them.

        The first fortnight, the weeks before and after each change of clocks, and the last week.
        """
        if self.thorough:
            return [(self.weekly.start, self.until)]
        turns = [
            (day - WEEK_AND_A_DAY, day + WEEK_AND_A_DAY)
            for day in self._days()
            if changes_meanwhile(day - DAY, day, self.zone)
        ]
        first = (self.weekly.start, self.weekly.start + FIRST_FORTNIGHT)
        return merge_windows([first, *turns, (self.until - WEEK_AND_A_DAY, self.until)], within=self)

    def read_by(self, reader: Reader) -> list[Meeting]:
        return [meeting for since, until in self.windows for meeting in reader(self.ics, since, until)]

    def _is_read(self, moment: datetime) -> bool:
        return any(since <= moment < until for since, until in self.windows)

    def _days(self) -> list[datetime]:
        return [self.weekly.start + n * DAY for n in range((self.until - self.weekly.start).days + 1)]

    def question(self) -> dict[str, object]:
        offsets = [
            (int(day.timestamp()), _seconds(day.astimezone(self.zone).utcoffset()))
            for day in self._days()
            if self._is_read(day)
        ]
        return self.question_by_name() | {
            # An instant is the same by whatever zone data.
            "zone": self.rules.timezone if self.on_the_wall else "UTC",
            "offsets": offsets if self.on_the_wall else [],
        }

    def question_by_name(self) -> dict[str, object]:
        windows = [(int(since.timestamp()), int(until.timestamp())) for since, until in self.windows]
        return {"ics": self.ics, "windows": windows}

    def agree(self, reader: str, found: Iterable[Meeting]) -> None:
        """
        Assert that a reader found what is expected, but for what readers differ in.

        Of an hour that clocks show twice some take the first and some the second; an hour that clocks skip is
        left out by some and moved by others (RFC 5545, 3.3.5 and 3.3.10). A meeting that lasts over such a
        change ends an hour off in readers that count on the wall.
        """
        expected = ((start, start + self.weekly.duration) for start in self.expected if self._is_read(start))
        assert self._certain(found) == self._certain(expected), f"{reader}: {self}\n{self.ics}"

    def _certain(self, meetings: Iterable[Meeting]) -> list[tuple[datetime, datetime | None]]:
        # The length of the first meeting is that of all.
        any_end = not self.on_the_wall or self._keeps_its_length(self.expected[0])
        return [
            (start, end if any_end and (not self.on_the_wall or self._keeps_its_length(start)) else None)
            for start, end in sorted(meetings)
            if not (self.on_the_wall and self._disputed(start))
        ]

    def _keeps_its_length(self, start: datetime) -> bool:
        end = start + self.weekly.duration
        return not (changes_meanwhile(start, end, self.zone) or doubled(end, self.zone))

    def _disputed(self, start: datetime) -> bool:
        if doubled(start, self.zone):
            return True
        hour = self.weekly.start.astimezone(self.zone).time()
        shown = start.astimezone(self.zone)
        return shown.time() != hour and any(
            skipped(datetime.combine(day, hour, self.zone)) for day in (shown.date(), shown.date() + DAY)
        )


def merge_windows(windows: Iterable[Window], *, within: Case) -> list[Window]:
    """Return the windows in order, cut to the fourteen months, with those that overlap made one."""
    merged: list[Window] = []
    for since, until in sorted(windows):
        begin, end = max(since, within.weekly.start), min(until, within.until)
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _seconds(offset: timedelta | None) -> int:
    return int((offset or timedelta()).total_seconds())


def cases(chunk: int) -> list[Case]:
    chance = random.Random(f"{SEED}-{chunk}")  # noqa: S311 - samples, no secrets
    zones = sorted(zoneinfo.available_timezones())
    return [
        _case(chance, zones, ("utc", "wall"), thorough=number % THOROUGH_EVERY == 0)
        for number in range(CHUNK)
    ]


def instants(chunk: int) -> list[Case]:
    """
    Return cases in which the instant stays, half of them where a law is new.

    Those are read thoroughly: where older zone data has clocks change, the newest shows no change.
    """
    chance = random.Random(f"{SEED}-instants-{chunk}")  # noqa: S311 - samples, no secrets
    zones = sorted(zoneinfo.available_timezones())
    return [
        _case(chance, moved_by_laws() if number % 2 else zones, ("utc",), thorough=bool(number % 2))
        for number in range(CHUNK)
    ]


def _case(chance: random.Random, zones: Sequence[str], times: Sequence[Time], *, thorough: bool) -> Case:
    first, last = datetime(2020, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
    start = first + chance.randrange((last - first) // MINUTE) * MINUTE
    duration = chance.choice((30, 60, chance.randrange(1, 1440), chance.randrange(1440, 2880))) * MINUTE
    days = frozenset(chance.sample(list(Weekday), chance.randint(1, 7)))
    rules = WeeklyRules(chance.choice(zones), chance.choice(("auto", "local", "utc")), chance.choice(times))
    return Case(Weekly(start, duration, days), rules, thorough)
