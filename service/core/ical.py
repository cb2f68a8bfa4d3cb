"""
VEVENTs and calendars as bytes (RFC 5545, 3.1; RFC 7986).

Content lines are written here, in the order and the folding of icalendar, because that library's generic path
is several times slower for a VEVENT and leaves NAME without the escapes of a TEXT; the tests hold the two
against each other. VTIMEZONEs, written once per zone, go through icalendar itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from service.core.account_state import Revision
from service.core.changes import RenderedVEvent
from service.core.text import one_line
from service.core.vevent import VEvent
from service.core.vtimezone import render_vtimezone

LARGE_OCTETS, LARGE_EVENTS = 1_000_000, 1_000
"""Beyond about this size Google refuses a calendar."""

PRODID = "-//confcal//confcal//EN"
RENDERING = "2"
"""Counts the changes of form after which stored VEVENTs are rendered again."""

_MAX_OCTETS = 74
"""Bytes of a line without CRLF and the blank of a continuation, so that no line has more than 75."""

_TOP_BITS = 0xC0
_CONTINUES = 0x80
"""The top two bits of a byte inside a UTF-8 character."""


def fold(line: str) -> bytes:
    """Return one content line, folded between characters, with CRLF (RFC 5545, 3.1)."""
    octets = line.encode()
    if len(octets) <= _MAX_OCTETS:
        return octets + b"\r\n"
    parts = []
    start = 0
    while len(octets) - start > _MAX_OCTETS:
        end = start + _MAX_OCTETS
        while octets[end] & _TOP_BITS == _CONTINUES:
            end -= 1
        # A backslash (or the caret of RFC 6868) at the border goes with what may be the character it escapes.
        if octets[end - 1] in b"\\^" and end - start > 1:
            end -= 1
        parts.append(octets[start:end])
        start = end
    parts.append(octets[start:])
    return b"\r\n ".join(parts) + b"\r\n"


def escape(text: str) -> str:
    """Return clean text as a TEXT value (RFC 5545, 3.3.11)."""
    # Four scans in C are several times faster than str.translate().
    text = text.replace("\\", "\\\\").replace(";", "\\;")
    return text.replace(",", "\\,").replace("\n", "\\n")


def _basic(moment: datetime) -> str:
    """Return the fields of a moment in the basic format: `20261001T080000`."""
    # strftime() takes four times as long and does not pad years on every system.
    return moment.isoformat()[:19].replace("-", "").replace(":", "")


def _utc(moment: datetime) -> str:
    return _basic(moment if moment.tzinfo is UTC else moment.astimezone(UTC)) + "Z"


def _time(name: str, moment: datetime, tzid: str) -> str:
    return f"{name};TZID={tzid}:{_basic(moment)}" if tzid else f"{name}:{_utc(moment)}"


def content_lines(vevent: VEvent, revision: Revision | None) -> list[str]:
    """
    Return the unfolded content lines between BEGIN:VEVENT and END:VEVENT.

    Without a revision its lines are left out; the others decide whether something visible changed.
    """
    revised = _utc(revision.revised_at) if revision else ""
    days = ",".join(day.name for day in vevent.byday)
    # RFC 5545, 3.3.10: in UTC wherever DTSTART has a zone or is in UTC.
    until = f";UNTIL={_utc(vevent.until)}" if vevent.until else ""
    link = vevent.join_url
    lines = (
        f"SUMMARY:{escape(vevent.summary)}",
        _time("DTSTART", vevent.start, vevent.tzid),
        _time("DTEND", vevent.end, vevent.tzid),
        revised and f"DTSTAMP:{revised}",
        f"UID:{vevent.uid}",
        f"SEQUENCE:{revision.sequence}" if revision else "",
        days and f"RRULE:FREQ=WEEKLY{until};BYDAY={days}",
        vevent.categories and f"CATEGORIES:{','.join(map(escape, vevent.categories))}",
        link and f"CONFERENCE;FEATURE=AUDIO,VIDEO;LABEL=TrueConf;VALUE=URI:{link}",
        vevent.created_at and f"CREATED:{_utc(vevent.created_at)}",
        vevent.description and f"DESCRIPTION:{escape(vevent.description)}",
        revised and f"LAST-MODIFIED:{revised}",
        link and f"LOCATION:{escape(link)}",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        link and f"URL:{link}",
        vevent.conference_id and f"X-CONFCAL-ID:{escape(vevent.conference_id)}",
    )
    return [line for line in lines if line]


def fingerprint(vevent: VEvent) -> bytes:
    """Return a digest of the visible content of a VEVENT, without its revision."""
    return sha256("\n".join(content_lines(vevent, None)).encode()).digest()


def render_vevent(vevent: VEvent, revision: Revision) -> RenderedVEvent:
    """Return the component as bytes, from BEGIN:VEVENT to END:VEVENT with CRLF."""
    body = b"".join(
        (b"BEGIN:VEVENT\r\n", *map(fold, content_lines(vevent, revision)), b"END:VEVENT\r\n"),
    )
    return RenderedVEvent(
        vevent.uid, vevent.tzid, body, render_vtimezone(vevent.tzid) if vevent.tzid else b""
    )


def vtimezone_of(vevent: RenderedVEvent) -> bytes:
    """Return the VTIMEZONE that a VEVENT needs; nothing where all times are UTC."""
    if not vevent.tzid:
        return b""
    return vevent.vtimezone or _vtimezone(vevent.tzid)


@dataclass(frozen=True, slots=True)
class Heading:
    """
    The properties of a calendar itself.
    """

    name: str
    color: str = "steelblue"
    """A CSS3 color name (RFC 7986, 5.9)."""

    refresh: timedelta = timedelta(minutes=15)
    """How often a client should look again; the source itself refreshes every 8-12 minutes."""

    timezone: str = "UTC"
    """The zone whose VTIMEZONE makes an empty calendar formally valid; UTC is the same in all zone data."""


def render_calendar(heading: Heading, vevents: Iterable[RenderedVEvent]) -> bytes:
    """Return the iCalendar object of a feed: no METHOD, only the zones in use, VEVENTs in the order given."""
    bodies: list[bytes] = []
    zones: dict[str, bytes] = {}
    for vevent in vevents:
        bodies.append(vevent.body)
        if vevent.tzid and vevent.tzid not in zones:
            zones[vevent.tzid] = vtimezone_of(vevent)
    # RFC 5545, 3.6 wants at least one component.
    if not bodies:
        zones[heading.timezone] = _vtimezone(heading.timezone)
    timezones = [zones[tzid] for tzid in sorted(zones)]
    return b"".join((_head(heading), *timezones, *bodies, b"END:VCALENDAR\r\n"))


def _head(heading: Heading) -> bytes:
    name = escape(one_line(heading.name))
    refresh = _duration(heading.refresh)
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODID}",
        "CALSCALE:GREGORIAN",
        # NAME is RFC 7986, 5.1. Google knows only X-WR-CALNAME, and shows the secret URL without it.
        f"NAME:{name}",
        f"X-WR-CALNAME:{name}",
        f"COLOR:{escape(one_line(heading.color))}",
        # VALUE is required here (RFC 7986, 5.7); some readers refuse the file without it.
        f"REFRESH-INTERVAL;VALUE=DURATION:{refresh}",
        f"X-PUBLISHED-TTL:{refresh}",
    )
    return b"".join(map(fold, lines))


def _duration(length: timedelta) -> str:
    """Return a DURATION in exact units (RFC 5545, 3.3.6): a nominal day may have 23 hours."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    units = "".join(
        f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count
    )
    return f"PT{units or '0S'}"


def _vtimezone(tzid: str) -> bytes:
    try:
        return render_vtimezone(tzid)
    except ValueError:
        # An empty calendar may ask for a zone that no VEVENT can be rendered in.
        return render_vtimezone("UTC")
