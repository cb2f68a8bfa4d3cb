"""
Every weekly schedule starts, in every reader, exactly when an independent model says.
"""

import io
import os
import random
import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
import vobject
from icalendar import Calendar

from service.core.schedule import Weekday, Weekly
from service.core.vevent import Rendering
from service.core.vtimezone import compact_zone
from service.core.weekly import WeeklyRules, recur
from tests.core.given import conference, feed
from tests.core.model import DAY, changes_meanwhile, doubled, skipped, starts
from tests.core.node import ask

SEED = os.environ.get("CONFCAL_TEST_SEED", "20261005")
CHUNKS = 20 if os.environ.get("CI") == "true" else 3
CHUNK = 100
FOURTEEN_MONTHS = timedelta(days=426)
MINUTE = timedelta(minutes=1)

Meeting = tuple[datetime, datetime]


@dataclass(frozen=True)
class Case:
    weekly: Weekly
    rules: WeeklyRules

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

    def question(self) -> dict[str, object]:
        days = (self.weekly.start + n * DAY for n in range((self.until - self.weekly.start).days + 1))
        offsets = [(int(day.timestamp()), _seconds(day.astimezone(self.zone).utcoffset())) for day in days]
        since, until = int(self.weekly.start.timestamp()), int(self.until.timestamp())
        return {
            "ics": self.ics,
            "since": since,
            "until": until,
            "zone": self.rules.timezone,
            "offsets": offsets,
        }

    def agree(self, reader: str, found: Iterable[Meeting]) -> None:
        """
        Assert that a reader found what is expected, but for what readers differ in.

        Of an hour that clocks show twice some take the first and some the second; an hour that clocks skip is
        left out by some and moved by others (RFC 5545, 3.3.5 and 3.3.10). A meeting that lasts over such a
        change ends an hour off in readers that count on the wall.
        """
        expected = ((start, start + self.weekly.duration) for start in self.expected)
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


def _seconds(offset: timedelta | None) -> int:
    return int((offset or timedelta()).total_seconds())


def cases(chunk: int) -> list[Case]:
    chance = random.Random(f"{SEED}-{chunk}")  # noqa: S311 - samples, no secrets
    zones = sorted(zoneinfo.available_timezones())
    return [_case(chance, zones) for _ in range(CHUNK)]


def _case(chance: random.Random, zones: list[str]) -> Case:
    first, last = datetime(2020, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
    start = first + chance.randrange((last - first) // MINUTE) * MINUTE
    duration = chance.choice((30, 60, chance.randrange(1, 1440), chance.randrange(1440, 2880))) * MINUTE
    days = frozenset(chance.sample(list(Weekday), chance.randint(1, 7)))
    rules = WeeklyRules(
        chance.choice(zones), chance.choice(("auto", "local", "utc")), chance.choice(("utc", "wall"))
    )
    return Case(Weekly(start, duration, days), rules)


@pytest.fixture(scope="module", params=range(CHUNKS), ids=lambda number: f"seed={SEED}-{number}")
def chunk(request: pytest.FixtureRequest) -> list[Case]:
    return cases(request.param)


def test_the_first_dtstart_is_the_first_occurrence(chunk: list[Case]) -> None:
    for case in chunk:
        series = recur(case.weekly, case.rules)
        zone = ZoneInfo(series.tzid) if series.tzid else UTC

        assert series.start.replace(tzinfo=zone).astimezone(UTC) == case.expected[0], case


def test_icalendar_finds_every_start(chunk: list[Case]) -> None:
    for case in chunk:
        case.agree("icalendar", _with_icalendar(case))


def test_vobject_finds_every_start(chunk: list[Case]) -> None:
    for case in chunk:
        case.agree("vobject", _with_vobject(case))


def test_readers_in_node_find_every_start(chunk: list[Case]) -> None:
    answers = ask("expand.mjs", [case.question() for case in chunk])
    asked = 0
    for case, answer in zip(chunk, answers, strict=True):
        case.agree("ical.js", [(_moment(start), _moment(end)) for start, end in answer["ical.js"]])
        if answer["rrule-temporal"] is not None:
            asked += 1
            found = [_moment(start) for start in answer["rrule-temporal"]]
            case.agree("rrule-temporal", [(start, start + case.weekly.duration) for start in found])
    # Node brings time zone data of its own, which is older than ours for some zones and the next years.
    assert asked > 0.8 * len(chunk)


def _with_icalendar(case: Case) -> Iterator[Meeting]:
    calendar = Calendar.from_ical(case.ics)
    for vevent in recurring_ical_events.of(calendar).between(case.weekly.start, case.until):
        start, end = vevent.start.astimezone(UTC), vevent.end.astimezone(UTC)
        if case.weekly.start <= start < case.until:
            yield start, end


def _with_vobject(case: Case) -> Iterator[Meeting]:
    vevent = vobject.readOne(io.StringIO(case.ics)).vevent
    length = vevent.dtend.value - vevent.dtstart.value
    for start in vevent.getrruleset(addRDate=True):
        if start.astimezone(UTC) >= case.until:
            return
        yield start.astimezone(UTC), (start + length).astimezone(UTC)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
