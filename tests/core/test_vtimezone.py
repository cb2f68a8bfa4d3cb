"""
A VTIMEZONE tells what `zoneinfo` tells, or there is none.
"""

import io
import re
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dateutil.tz
import pytest
from icalendar import Calendar, Timezone

from service.core.ical import Heading, render_calendar
from service.core.schedule import Weekday
from service.core.vtimezone import Onset, compact_zone, onset_in, render_vtimezone
from tests.core.given import wall
from tests.core.node import ask
from tests.tools import IN_CI

pytestmark = pytest.mark.slow

FALLBACK = {
    "Africa/Cairo",
    "America/Godthab",
    "America/Nuuk",
    "America/Santiago",
    "America/Scoresbysund",
    "Asia/Gaza",
    "Asia/Hebron",
    "Asia/Jerusalem",
    "Asia/Tel_Aviv",
    "Chile/Continental",
    "Egypt",
    "Israel",
}
"""The zones of tzdata 2026.6 that no yearly pair of nth weekdays tells; their weekly series are in UTC."""

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
LAST = datetime(2038, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

Told = tuple[tuple[datetime, timedelta], ...]


def offset(zone: tzinfo | None, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _probes(zone: ZoneInfo) -> list[datetime]:
    """Return the hours around each transition, and the turns of seasons between them."""
    instants = {FIRST + n * 91 * DAY for n in range((LAST - FIRST) // (91 * DAY))}
    day, before = FIRST, offset(zone, FIRST)
    while day < LAST:
        after = offset(zone, day + DAY)
        if after != before:
            instants |= {
                day + n * HOUR + shift for n in range(-2, 27) for shift in (timedelta(), -HOUR / 3600)
            }
        day, before = day + DAY, after
    return sorted(instants)


def _told_by_zoneinfo() -> dict[tuple[str, Told], list[str]]:
    """Return the zones by the body of their VTIMEZONE and what `zoneinfo` tells of them."""
    probes: dict[bytes, list[datetime]] = {}
    groups: dict[tuple[str, Told], list[str]] = defaultdict(list)
    for tzid in sorted(zoneinfo.available_timezones()):
        compact = compact_zone(tzid)
        if compact is None:
            continue
        zone = ZoneInfo(tzid)
        data = files("tzdata.zoneinfo").joinpath(*tzid.split("/")).read_bytes()
        if data not in probes:
            probes[data] = _probes(zone)
        told = tuple((at, offset(zone, at)) for at in probes[data] if at >= compact.valid_from)
        groups[_anonymous(tzid), told].append(tzid)
    return groups


def _anonymous(tzid: str) -> str:
    """Return the VTIMEZONE without what does not bear on offsets."""
    body = render_vtimezone(tzid).decode()
    return re.sub(
        r"^TZNAME:.*\r\n", "", body.replace(f"TZID:{tzid}\r\n", "TZID:Any/Where\r\n"), flags=re.MULTILINE
    )


@pytest.fixture(scope="module")
def groups() -> dict[tuple[str, Told], list[str]]:
    return _told_by_zoneinfo()


@pytest.fixture(scope="module")
def chosen(groups: dict[tuple[str, Told], list[str]]) -> dict[tuple[str, Told], list[str]]:
    """Return all groups in CI, and every fourth elsewhere: the readers in Python are slow."""
    return dict(list(groups.items())[:: 1 if IN_CI else 4])


def _calendar(vtimezone: str) -> str:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\n{vtimezone}END:VCALENDAR\r\n"


def test_the_zones_without_a_compact_form_are_known() -> None:
    without = {tzid for tzid in zoneinfo.available_timezones() if compact_zone(tzid) is None}

    assert without == FALLBACK


def test_dateutil_and_vobject_read_the_offsets_of_zoneinfo(chosen: dict[tuple[str, Told], list[str]]) -> None:
    for (vtimezone, told), tzids in chosen.items():
        zone = dateutil.tz.tzical(io.StringIO(vtimezone)).get()

        assert not list(_wrong(told, (offset(zone, at) for at, _ in told))), tzids


def test_icalendar_reads_the_offsets_of_zoneinfo(chosen: dict[tuple[str, Told], list[str]]) -> None:
    for (vtimezone, told), tzids in chosen.items():
        component = Calendar.from_ical(_calendar(vtimezone)).walk("VTIMEZONE")[0]
        assert isinstance(component, Timezone)
        zone = component.to_tz(lookup_tzid=False)

        assert not list(_wrong(told, (offset(zone, at) for at, _ in told))), tzids


def test_ical_js_takes_local_times_for_the_instants_of_zoneinfo(
    groups: dict[tuple[str, Told], list[str]],
) -> None:
    question = [
        {"ics": _calendar(vtimezone), "shown": [int((at + offset).timestamp()) for at, offset in told]}
        for vtimezone, told in groups
    ]
    answers = ask("instants.mjs", question)
    for (_, told), tzids, answer in zip(groups, groups.values(), answers, strict=True):
        zone = ZoneInfo(tzids[0])
        for (at, offset), seconds in zip(told, answer, strict=True):
            found = datetime.fromtimestamp(seconds, UTC)
            # An hour that clocks show twice is two instants, and ical.js takes the second.
            assert found == at or (found == _other(at, zone)), f"{tzids}: {at + offset:%Y-%m-%d %H:%M}"


def _other(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which clocks show the same time as at `at`, or `at` itself."""
    shown = at.astimezone(zone)
    return shown.replace(fold=1 - shown.fold).astimezone(UTC)


def _wrong(told: Told, read: Iterable[timedelta]) -> Iterator[str]:
    for (at, expected), found in zip(told, read, strict=True):
        if expected != found:
            yield f"{at}: {found} instead of {expected}"


def test_every_vtimezone_is_what_every_client_can_read() -> None:
    for tzid in sorted(zoneinfo.available_timezones() - FALLBACK):
        body = render_vtimezone(tzid).decode()
        lines = body.splitlines()

        assert f"TZID:{tzid}" in lines
        assert "RDATE" not in body
        assert body.count("BEGIN:STANDARD") == 1
        assert body.count("BEGIN:DAYLIGHT") == body.count("BEGIN:DAYLIGHT\r\nDTSTART:1970") <= 1
        assert body.count("RRULE:FREQ=YEARLY;BYDAY=") == 2 * body.count("BEGIN:DAYLIGHT")
        assert all(re.fullmatch(r"TZOFFSET(FROM|TO):[+-]\d{4}", line) for line in lines if "OFFSET" in line)
        assert all(re.fullmatch(r"DTSTART:1970\d{4}T\d{4}00", line) for line in lines if "DTSTART" in line)


def test_the_larger_offset_is_called_daylight_though_dublin_calls_it_standard() -> None:
    assert render_vtimezone("Europe/Dublin").decode().split("\r\n") == [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Dublin",
        "BEGIN:DAYLIGHT",
        "DTSTART:19700329T010000",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
        "TZNAME:IST",
        "TZOFFSETFROM:+0000",
        "TZOFFSETTO:+0100",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:19701025T020000",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
        "TZNAME:GMT",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0000",
        "END:STANDARD",
        "END:VTIMEZONE",
        "",
    ]


def test_a_zone_whose_offset_no_longer_changes_has_one_observance_without_a_rule() -> None:
    assert render_vtimezone("Europe/Moscow").decode().split("\r\n") == [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Moscow",
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        "TZNAME:MSK",
        "TZOFFSETFROM:+0300",
        "TZOFFSETTO:+0300",
        "END:STANDARD",
        "END:VTIMEZONE",
        "",
    ]


def test_a_zone_is_told_from_its_last_change_of_rules_on() -> None:
    moscow = compact_zone("Europe/Moscow")
    berlin = compact_zone("Europe/Berlin")

    assert moscow
    assert moscow.is_fixed
    assert moscow.valid_from == datetime(2014, 10, 25, 22, tzinfo=UTC)
    assert berlin
    assert not berlin.is_fixed
    assert berlin.valid_from < datetime(2000, 1, 1, tzinfo=UTC)


def test_the_last_weekday_of_a_month_is_found_in_months_of_four_and_of_five() -> None:
    last_sunday = Onset(3, -1, Weekday.SU, time(2))
    second_sunday = Onset(3, 2, Weekday.SU, time(2))

    assert onset_in(last_sunday, 2026) == wall("2026-03-29 02:00")
    assert onset_in(last_sunday, 2027) == wall("2027-03-28 02:00")
    assert onset_in(second_sunday, 2026) == wall("2026-03-08 02:00")


def test_a_zone_without_a_compact_form_is_never_written() -> None:
    with pytest.raises(ValueError, match="Africa/Cairo"):
        render_vtimezone("Africa/Cairo")


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        compact_zone("Europe/Atlantis")


def test_an_empty_calendar_of_a_zone_without_a_compact_form_holds_utc() -> None:
    body = render_calendar(Heading("Empty", timezone="Africa/Cairo"), [])

    assert b"TZID:UTC\r\n" in body
    assert body.count(b"BEGIN:VTIMEZONE") == 1
