"""
Every weekly schedule starts, in every reader, exactly when an independent model says.
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

import pytest

from service.core.schedule import Weekday, Weekly
from service.core.vevent import Rendering
from service.core.vtimezone import compact_zone
from service.core.weekly import WeeklyRules, recur
from tests.core.given import conference, feed
from tests.core.model import DAY, changes_meanwhile, doubled, skipped, starts
from tests.core.node import ask
from tests.core.older import LAWS, ask_older, moved_by_laws, with_older_vtimezones
from tests.core.python_readers import PYTHON_READERS, Meeting

SEED = os.environ.get("CONFCAL_TEST_SEED", "20261005")
CHUNKS = 20 if os.environ.get("CI") == "true" else 3
CHUNK = 100
FOURTEEN_MONTHS = timedelta(days=426)
MINUTE = timedelta(minutes=1)

Time = Literal["utc", "wall"]

NAMED = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//t//t//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260901T000000Z
DTSTART;TZID=Any/Where:20260901T100000
DTEND;TZID=Any/Where:20260901T110000
RRULE:FREQ=DAILY;COUNT=400
END:VEVENT
END:VCALENDAR
"""
"""Every day at 10:00 of a zone that the reader must know by its name."""


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

    @property
    def begin(self) -> int:
        return int(self.weekly.start.timestamp())

    @property
    def end(self) -> int:
        return int(self.until.timestamp())

    def question(self) -> dict[str, object]:
        days = (self.weekly.start + n * DAY for n in range((self.until - self.weekly.start).days + 1))
        offsets = [(int(day.timestamp()), _seconds(day.astimezone(self.zone).utcoffset())) for day in days]
        return {
            "ics": self.ics,
            "since": self.begin,
            "until": self.end,
            # An instant is the same by whatever zone data.
            "zone": self.rules.timezone if self.on_the_wall else "UTC",
            "offsets": offsets if self.on_the_wall else [],
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
    return [_case(chance, zones, ("utc", "wall")) for _ in range(CHUNK)]


def instants(chunk: int) -> list[Case]:
    """Return cases in which the instant stays, half of them where a law is new."""
    chance = random.Random(f"{SEED}-instants-{chunk}")  # noqa: S311 - samples, no secrets
    zones = sorted(zoneinfo.available_timezones())
    return [_case(chance, moved_by_laws() if number % 2 else zones, ("utc",)) for number in range(CHUNK)]


def _case(chance: random.Random, zones: Sequence[str], times: Sequence[Time]) -> Case:
    first, last = datetime(2020, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
    start = first + chance.randrange((last - first) // MINUTE) * MINUTE
    duration = chance.choice((30, 60, chance.randrange(1, 1440), chance.randrange(1440, 2880))) * MINUTE
    days = frozenset(chance.sample(list(Weekday), chance.randint(1, 7)))
    rules = WeeklyRules(chance.choice(zones), chance.choice(("auto", "local", "utc")), chance.choice(times))
    return Case(Weekly(start, duration, days), rules)


@pytest.fixture(scope="module", params=range(CHUNKS), ids=lambda number: f"seed={SEED}-{number}")
def chunk(request: pytest.FixtureRequest) -> list[Case]:
    return cases(request.param)


def test_the_first_dtstart_is_the_first_occurrence(chunk: list[Case]) -> None:
    for case in chunk:
        series = recur(case.weekly, case.rules)
        zone = ZoneInfo(series.tzid) if series.tzid else UTC

        assert series.start.replace(tzinfo=zone).astimezone(UTC) == case.expected[0], case


@pytest.mark.parametrize("reader", PYTHON_READERS)
def test_a_reader_in_python_finds_every_start(chunk: list[Case], reader: str) -> None:
    for case in chunk:
        case.agree(reader, PYTHON_READERS[reader](case.ics, case.weekly.start, case.until))


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


@pytest.fixture(scope="module", params=range(CHUNKS), ids=lambda number: f"seed={SEED}-instants-{number}")
def fixed(request: pytest.FixtureRequest) -> list[Case]:
    return instants(request.param)


def test_an_instant_is_the_same_for_readers_with_the_zone_data_of_today(fixed: list[Case]) -> None:
    for case in fixed:
        for reader, read in PYTHON_READERS.items():
            case.agree(reader, read(case.ics, case.weekly.start, case.until))


def test_an_instant_is_the_same_for_readers_in_python_that_do_not_know_the_newest_laws(
    fixed: list[Case],
) -> None:
    answers = ask_older([{"ics": case.ics, "since": case.begin, "until": case.end} for case in fixed])
    for case, answer in zip(fixed, answers, strict=True):
        for reader in PYTHON_READERS:
            case.agree(
                f"{reader}, older data", [(_moment(start), _moment(end)) for start, end in answer[reader]]
            )


def test_an_instant_is_the_same_for_readers_in_node_that_do_not_know_the_newest_laws(
    fixed: list[Case],
) -> None:
    questions = [case.question() | {"ics": with_older_vtimezones(case.ics)} for case in fixed]
    for case, answer in zip(fixed, ask("expand.mjs", questions), strict=True):
        found = [(_moment(start), _moment(end)) for start, end in answer["ical.js"]]
        case.agree("ical.js, older VTIMEZONEs", found)
        starts = [_moment(start) for start in answer["rrule-temporal"]]
        case.agree("rrule-temporal", [(start, start + case.weekly.duration) for start in starts])


@pytest.mark.parametrize("name", LAWS)
def test_readers_that_do_not_know_a_law_are_wrong_where_its_zone_is_named(name: str) -> None:
    ics = NAMED.replace("Any/Where", name).replace("\n", "\r\n")
    since, until = datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 10, 1, tzinfo=UTC)

    (older,) = ask_older([{"ics": ics, "since": since.timestamp(), "until": until.timestamp()}])

    for reader in ("icalendar", "ical"):
        today = {start for start, _ in PYTHON_READERS[reader](ics, since, until)}
        assert {_moment(start) for start, _ in older[reader]} - today, reader


def test_a_program_with_zones_of_its_own_is_wrong_too_where_the_law_is_new() -> None:
    weekly = Weekly(datetime(2026, 12, 7, 18, tzinfo=UTC), timedelta(hours=1), frozenset({Weekday.MO}))
    case = Case(weekly, WeeklyRules("America/Vancouver", time="wall"))
    question = case.question() | {"ics": with_older_vtimezones(case.ics)}

    (answer,) = ask("expand.mjs", [question])

    assert _moment(answer["ical.js"][0][0]) == weekly.start + timedelta(hours=1)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
