"""
No text from outside adds a line, a property or a component, and every text comes back as it went in.
"""

import os
import random
import re

import pytest
import vobject
from icalendar import Calendar, Event

from service.core.conference import Conference, Invitation, Key
from service.core.ical import Heading, render_calendar, render_vevent
from service.core.schedule import Weekday
from service.core.text import clean, one_line
from service.core.vevent import Rendering, to_vevent
from service.core.weekly import WeeklyRules
from tests.core.given import REVISION, conference, once, weekly
from tests.core.node import ask
from tests.tools import how_often

pytestmark = pytest.mark.slow

SEED = os.environ.get("CONFCAL_TEST_SEED", "20261005")
CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")
COUNT = how_often(1_000, 2_500, 50_000)
CHUNK = 500
HALF = 0.5
RENDERING = Rendering(WeeklyRules("Europe/Moscow"), people=True)

PIECES = (
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    # Line ends, and what would follow them.
    "\r\n", "\n\r", "\r\n ", "\r\n\t", "\r\nBEGIN:VEVENT\r\n", "\nEND:VEVENT\nEND:VCALENDAR\n",
    "\u2028ATTENDEE:mailto:a@b\u2029", "\x85X-EVIL:1", "\x0bRRULE:FREQ=SECONDLY",
    # What is no character, and what is not seen.
    "\ufeff", "\ufffe", "\uffff", "\ud800", "\udfff", "\ud83d", "\ude00",
    "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\u200d", "\u00a0", "\u3000", "\u00ad",
    # Long and composed characters.
    "Планёрка", "Ё", "я" * 37, "🚀", "👨‍👩‍👧‍👦", "e\u0301", "漢字", "שלום", "مرحبا",
    # Escapes of RFC 5545, RFC 6868 and others, placeholders, markup.
    '"', "'", "^", "^n", "^'", "\\", "\\n", "\\N", "\\\\", "\\;", "\\,", ";", ",", ":", "=", "%", "%0D%0A",
    "{id}", "{server}", "{0}", "{}", "{{", "}", "%s", "%(id)s", "$id", "${id}", "<b>", "&amp;", "]]>",
    "a", "Z", "0", " ", "  ", "topic", "VALUE=URI", "https://evil.example/", "x" * 60,
)  # fmt: skip


def hostile(chance: random.Random) -> str:
    match chance.randrange(8):
        case 0:
            return "Ж" * 240
        case 1:
            return "🚀" * chance.randint(1, 240)
        case 2:
            return "".join(chr(chance.randrange(0x110000)) for _ in range(chance.randint(0, 240)))
        case _:
            return "".join(chance.choice(PIECES) for _ in range(chance.randint(0, 24)))


def attack(chance: random.Random, number: int) -> Conference:
    return Conference(
        id=f"{number}{hostile(chance)}",
        topic=hostile(chance),
        owner=hostile(chance),
        schedule=chance.choice((once(), weekly("2026-10-05 21:30", Weekday.TU))),
        mode=hostile(chance),
        access=hostile(chance),
        invitations=(Invitation(hostile(chance), hostile(chance)), Invitation(hostile(chance), "")),
        url=chance.choice((None, hostile(chance), f"https://a.example/{hostile(chance)}")),
    )


@pytest.fixture(scope="module", params=range(COUNT // CHUNK), ids=lambda number: f"seed={SEED}-{number}")
def chunk(request: pytest.FixtureRequest) -> list[tuple[Conference, bytes]]:
    chance = random.Random(f"{SEED}-{request.param}")  # noqa: S311 - samples, no secrets
    attacks = [attack(chance, number) for number in range(CHUNK)]
    servers = [(hostile(chance) if chance.random() < HALF else "") or "video.example.com" for _ in attacks]
    return [(c, body(c, server)) for c, server in zip(attacks, servers, strict=True)]


def body(attacker: Conference, server: str = "video.example.com") -> bytes:
    content = to_vevent(Key(server, attacker.id), attacker, RENDERING)
    assert content
    return render_vevent(content, REVISION).body


def calendar(*bodies: bytes) -> bytes:
    parts = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\n", *bodies, b"END:VCALENDAR\r\n"
    return b"".join(parts)


def summary(attacker: Conference) -> str:
    return clean(attacker.topic) or f"Conference {one_line(attacker.id)}"


def test_physical_lines_are_short_end_with_crlf_and_hold_whole_characters(
    chunk: list[tuple[Conference, bytes]],
) -> None:
    for _, written in chunk:
        lines = written.split(b"\r\n")

        assert lines.pop() == b""
        for line in lines:
            assert len(line) <= 75
            assert b"\r" not in line
            assert b"\n" not in line
            # Decoding raises where a character was torn; a tab is the only control.
            assert not CONTROL.search(line.decode())


def test_nothing_is_injected(chunk: list[tuple[Conference, bytes]]) -> None:
    expected = {
        "SUMMARY", "DTSTART", "DTEND", "DTSTAMP", "UID", "SEQUENCE", "RRULE", "CATEGORIES", "CONFERENCE",
        "DESCRIPTION", "LAST-MODIFIED", "LOCATION", "STATUS", "TRANSP", "URL", "X-CONFCAL-ID", "BEGIN", "END",
    }  # fmt: skip
    for _, written in chunk:
        unfolded = written.replace(b"\r\n ", b"").decode().removesuffix("\r\n")
        # Any reader's idea of a line: splitlines() knows them all.
        names = [line.partition(":")[0].partition(";")[0] for line in unfolded.splitlines()]

        assert names[0] == "BEGIN"
        assert names[-1] == "END"
        assert set(names) <= expected
        assert len(names) == len(set(names))


def test_icalendar_reads_the_texts_back(chunk: list[tuple[Conference, bytes]]) -> None:
    events = Calendar.from_ical(calendar(*(written for _, written in chunk))).subcomponents

    for (attacker, _), event in zip(chunk, events, strict=True):
        assert isinstance(event, Event)
        assert event.errors == []
        assert str(event["SUMMARY"]) == summary(attacker)
        assert str(event["DESCRIPTION"]).splitlines()[0] == str(event["URL"]) == str(event["LOCATION"])
        assert str(event["URL"]).isascii()


def test_vobject_reads_the_texts_back(chunk: list[tuple[Conference, bytes]]) -> None:
    for attacker, written in chunk:
        component = vobject.readOne(calendar(written).decode())
        (vevent,) = component.vevent_list

        assert [child.name for child in component.components()] == ["VEVENT"]
        assert vevent.summary.value == summary(attacker)
        assert vevent.x_confcal_id.value == one_line(attacker.id)


def test_ical_js_reads_the_texts_back(chunk: list[tuple[Conference, bytes]]) -> None:
    (answer,) = ask("texts.mjs", [calendar(*(written for _, written in chunk)).decode()])

    for (attacker, _), properties in zip(chunk, answer, strict=True):
        assert properties["summary"] == summary(attacker)
        assert properties["location"] == properties["url"]


def test_a_backslash_and_a_capital_n_are_no_line_end() -> None:
    written = body(conference(topic="C:\\New\\notes"))

    assert b"SUMMARY:C:\\\\New\\\\notes\r\n" in written
    assert str(Calendar.from_ical(calendar(written)).subcomponents[0]["SUMMARY"]) == "C:\\New\\notes"


def test_the_name_of_a_calendar_cannot_inject_either() -> None:
    written = render_calendar(Heading("A\r\nMETHOD:PUBLISH\u2028X:1; b, \\"), [])

    assert b"NAME:A METHOD:PUBLISH X:1\\; b\\, \\\\\r\n" in written
    assert b"\r\nMETHOD" not in written
