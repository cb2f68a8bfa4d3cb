"""
Every weekly schedule starts, in every reader, exactly when an independent model says.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.core.schedule import Weekday, Weekly
from service.core.weekly import WeeklyRules, recur
from tests.core.node import ask
from tests.core.older import LAWS, ask_older, with_older_vtimezones
from tests.core.python_readers import PYTHON_READERS
from tests.core.weekly_cases import SEED, Case, cases, instants
from tests.tools import how_often

pytestmark = pytest.mark.slow

CHUNKS = how_often(2, 6, 100)
CHUNKS_OF_INSTANTS = how_often(1, 2, 20)

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

YEAR_OF_NAMED = (datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 10, 1, tzinfo=UTC))


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
        case.agree(reader, case.read_by(PYTHON_READERS[reader]))


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


@pytest.fixture(
    scope="module", params=range(CHUNKS_OF_INSTANTS), ids=lambda number: f"seed={SEED}-instants-{number}"
)
def fixed(request: pytest.FixtureRequest) -> list[Case]:
    return instants(request.param)


def test_an_instant_is_the_same_for_readers_with_the_zone_data_of_today(fixed: list[Case]) -> None:
    for case in fixed:
        for reader, read in PYTHON_READERS.items():
            case.agree(reader, case.read_by(read))


def test_an_instant_is_the_same_for_readers_in_python_that_do_not_know_the_newest_laws(
    fixed: list[Case],
) -> None:
    answers = ask_older([case.question_by_name() for case in fixed])
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


@pytest.fixture(scope="module")
def answers_of_older_readers() -> dict[str, dict[str, list[list[int]]]]:
    """What readers with older data find of `NAMED` in the zone of each law."""
    windows = [[int(moment.timestamp()) for moment in YEAR_OF_NAMED]]
    questions = [{"ics": named_in(name), "windows": windows} for name in LAWS]
    return dict(zip(LAWS, ask_older(questions), strict=True))


@pytest.mark.parametrize("name", LAWS)
def test_readers_that_do_not_know_a_law_are_wrong_where_its_zone_is_named(
    answers_of_older_readers: dict[str, dict[str, list[list[int]]]], name: str
) -> None:
    older = answers_of_older_readers[name]

    for reader in ("icalendar", "ical"):
        today = {start for start, _ in PYTHON_READERS[reader](named_in(name), *YEAR_OF_NAMED)}
        assert {_moment(start) for start, _ in older[reader]} - today, reader


def test_a_program_with_zones_of_its_own_is_wrong_too_where_the_law_is_new() -> None:
    weekly = Weekly(datetime(2026, 12, 7, 18, tzinfo=UTC), timedelta(hours=1), frozenset({Weekday.MO}))
    case = Case(weekly, WeeklyRules("America/Vancouver", time="wall"), thorough=True)
    question = case.question() | {"ics": with_older_vtimezones(case.ics)}

    (answer,) = ask("expand.mjs", [question])

    assert _moment(answer["ical.js"][0][0]) == weekly.start + timedelta(hours=1)


def named_in(zone: str) -> str:
    return NAMED.replace("Any/Where", zone).replace("\n", "\r\n")


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
