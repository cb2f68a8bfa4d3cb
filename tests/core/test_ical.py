"""
VEVENTs and calendars as bytes: valid, the same every time, and what icalendar itself would write.
"""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from bench.conversion import RENDERING as BENCH
from bench.conversion import conferences, ours, plain
from service.core.account_state import Revision
from service.core.conference import Key
from service.core.ical import (
    Heading,
    content_lines,
    escape,
    fingerprint,
    fold,
    render_calendar,
    render_vevent,
)
from service.core.text import clean
from service.core.vevent import Rendering, VEvent, to_vevent
from tests.core.given import HOUR, MOSCOW, NOW, REVISION, SERVER, at, conference, feed, once, weekly

KEY = Key(SERVER, "100")
DESCRIPTION = (
    "DESCRIPTION:https://video.example.com/c/100\\n"
    "Conference ID: 100\\nOwner: brown\\nMode: all on screen\\nAccess: public"
)


def content(**changes: Any) -> VEvent:
    made = to_vevent(KEY, replace(conference(schedule=weekly()), **changes), Rendering(MOSCOW))
    assert made
    return made


def test_a_vevent_has_every_property_in_its_place() -> None:
    body = render_vevent(
        content(mode="PxP", access="public", created_at=at("2026-09-01 08:00")), REVISION
    ).body

    assert body.decode().replace("\r\n ", "").split("\r\n") == [
        "BEGIN:VEVENT",
        "SUMMARY:Planning",
        "DTSTART;TZID=Europe/Moscow:20261005T100000",
        "DTEND;TZID=Europe/Moscow:20261005T110000",
        "DTSTAMP:20261001T080000Z",
        "UID:852166f8-efba-5c2c-90da-0725e87eb225",
        "SEQUENCE:3",
        "RRULE:FREQ=WEEKLY;BYDAY=MO",
        "CATEGORIES:all on screen,public",
        "CONFERENCE;FEATURE=AUDIO,VIDEO;LABEL=TrueConf;VALUE=URI:https://video.example.com/c/100",
        "CREATED:20260901T080000Z",
        DESCRIPTION,
        "LAST-MODIFIED:20261001T080000Z",
        "LOCATION:https://video.example.com/c/100",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "URL:https://video.example.com/c/100",
        "X-CONFCAL-ID:100",
        "END:VEVENT",
        "",
    ]


def test_a_single_event_is_in_utc_and_needs_no_zone() -> None:
    made = to_vevent(KEY, conference(schedule=once("2026-11-02 09:00")), Rendering(MOSCOW))
    assert made
    rendered = render_vevent(made, REVISION)

    assert rendered.tzid == ""
    assert b"\r\nDTSTART:20261102T090000Z\r\nDTEND:20261102T100000Z\r\n" in rendered.body


def test_icalendar_writes_the_same_bytes() -> None:
    listed = conferences(300)
    contents = [made for c in listed if (made := to_vevent(Key("video.example.com", c.id), c, BENCH))]

    assert [rendered.body for rendered in ours(listed)] == [plain(made) for made in contents]


def test_icalendar_writes_a_vevent_that_it_read_back_the_same() -> None:
    for rendered in ours(conferences(100)):
        assert Event.from_ical(rendered.body).to_ical() == rendered.body


def test_no_property_asks_anybody_to_answer() -> None:
    body = feed(conference(schedule=weekly()))

    for name in (
        b"METHOD",
        b"ORGANIZER",
        b"ATTENDEE",
        b"X-WR-TIMEZONE",
        b"SOURCE",
        b"WKST",
        b"UNTIL",
        b"DURATION:PT1H",
    ):
        assert name not in body


@given(st.text())
def test_a_folded_line_is_unfolded_to_itself(text: str) -> None:
    line = escape(clean(text))
    folded = fold(line)

    assert folded.endswith(b"\r\n")
    assert all(len(part) <= 75 for part in folded.split(b"\r\n"))
    assert folded.replace(b"\r\n ", b"").removesuffix(b"\r\n").decode() == line


@given(st.text(st.sampled_from("\\;,\n^nNя🚀 a"), max_size=120))
def test_escapes_are_undone_by_the_rules_of_rfc_5545(text: str) -> None:
    def unescaped(match: re.Match[str]) -> str:
        return "\n" if match[1] in "nN" else match[1]

    assert re.sub(r"\\(.)", unescaped, escape(text)) == text
    assert "\n" not in escape(text)


def test_an_escape_is_not_torn_by_folding() -> None:
    assert fold("SUMMARY:" + "x" * 65 + "\\, y").split(b"\r\n ") == [b"SUMMARY:" + b"x" * 65, b"\\, y\r\n"]


# -- What a change is measured by


def test_the_fingerprint_does_not_know_the_revision() -> None:
    lines = content_lines(content(), None)

    assert not [line for line in lines if line.startswith(("DTSTAMP", "SEQUENCE", "LAST-MODIFIED"))]
    assert len(content_lines(content(), REVISION)) == len(lines) + 3


@pytest.mark.parametrize(
    "changes",
    [
        {"topic": "Another"},
        {"owner": "smith"},
        {"schedule": weekly("2026-10-05 07:30")},
        {"schedule": weekly(duration=2 * HOUR)},
        {"mode": "OxP"},
        {"access": "public"},
        {"url": "https://a.example/"},
        {"created_at": NOW},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_whatever_is_visible_changes_the_fingerprint(changes: dict[str, object]) -> None:
    assert fingerprint(content(**changes)) != fingerprint(content())


def test_what_is_not_visible_does_not_change_the_fingerprint() -> None:
    assert fingerprint(content(state="running", session_id="1")) == fingerprint(content())
    assert fingerprint(content(topic=" Planning\x00 ")) == fingerprint(content())


# -- Calendars


def test_a_calendar_says_its_name_twice_and_how_often_to_look() -> None:
    heading = Heading("TrueConf — Лобби, 2", color="teal", refresh=timedelta(minutes=20))
    head = render_calendar(heading, []).decode().partition("BEGIN:VTIMEZONE")[0]

    assert head.split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//confcal//confcal//EN",
        "CALSCALE:GREGORIAN",
        "NAME:TrueConf — Лобби\\, 2",
        "X-WR-CALNAME:TrueConf — Лобби\\, 2",
        "COLOR:teal",
        "REFRESH-INTERVAL;VALUE=DURATION:PT20M",
        "X-PUBLISHED-TTL:PT20M",
        "",
    ]


def test_an_empty_calendar_is_valid_by_a_lone_zone() -> None:
    body = render_calendar(Heading("Empty", timezone="Europe/Moscow"), [])
    calendar = Calendar.from_ical(body)

    assert [component.name for component in calendar.subcomponents] == ["VTIMEZONE"]
    assert calendar.errors == []
    assert vobject.readOne(body.decode()).vtimezone.tzid.value == "Europe/Moscow"


def test_a_calendar_holds_the_zones_in_use_once_and_no_other() -> None:
    berlin = Rendering(replace(MOSCOW, timezone="Europe/Berlin", time="wall"))
    parts = [
        render_vevent(made, REVISION)
        for number, rendering in enumerate((Rendering(MOSCOW), berlin, Rendering(MOSCOW)))
        if (
            made := to_vevent(Key(SERVER, f"{number}"), conference(f"{number}", schedule=weekly()), rendering)
        )
    ]
    body = render_calendar(Heading("Two zones", timezone="Asia/Tokyo"), parts).decode()

    assert re.findall(r"^TZID:(.*)\r$", body, re.MULTILINE) == ["Europe/Berlin", "Europe/Moscow"]
    assert body.index("END:VTIMEZONE") < body.index("BEGIN:VEVENT")


def test_single_events_need_no_zone() -> None:
    assert b"VTIMEZONE" not in feed(conference(schedule=once()))


def test_vevents_stay_in_the_order_given() -> None:
    body = feed(conference("2", "Second"), conference("1", "First"))

    assert body.index(b"Second") < body.index(b"First")


def test_a_calendar_is_read_without_a_complaint() -> None:
    body = feed(conference("1", schedule=weekly()), conference("2"))
    calendar = Calendar.from_ical(body)

    assert calendar.errors == []
    assert all(component.errors == [] for component in calendar.walk())
    assert vobject.readOne(body.decode()).validate()


@pytest.mark.parametrize(
    ("seconds", "written"), [(900, "PT15M"), (3600, "PT1H"), (90061, "PT25H1M1S"), (0, "PT0S")]
)
def test_a_refresh_interval_is_in_exact_units(seconds: int, written: str) -> None:
    body = render_calendar(Heading("Often", refresh=timedelta(seconds=seconds)), [])

    assert f"\r\nREFRESH-INTERVAL;VALUE=DURATION:{written}\r\n".encode() in body


def test_years_have_four_digits_and_times_whole_seconds() -> None:
    revision = Revision(0, at("2026-10-01 08:00").replace(microsecond=999_999))

    assert b"\r\nDTSTAMP:20261001T080000Z\r\n" in render_vevent(content(), revision).body
