"""
How a rendered VEVENT is shown to one reader: as busy or free time, with reminders. Bytes in, bytes out.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from service.core.changes import RenderedVEvent
from service.core.ical import fold

_END = b"END:VEVENT\r\n"
# A text cannot hold these: its line ends are escaped, and a folded line goes on behind a blank.
_BUSY = b"\r\nTRANSP:OPAQUE\r\n"
_FREE = b"\r\nTRANSP:TRANSPARENT\r\n"
_FREE_IN_OUTLOOK = b"X-MICROSOFT-CDO-BUSYSTATUS:FREE\r\n"
_FOLD = re.compile(rb"\r\n[ \t]")
_SUMMARY = re.compile(rb"\r\nSUMMARY:([^\r]*)")
_UTC_TIME = r"(\d{8}T\d{6})Z"
_DTEND = re.compile(rf"\r\nDTEND:{_UTC_TIME}\r\n".encode())
_UNTIL = re.compile(rf"\r\nRRULE:[^\r]*UNTIL={_UTC_TIME}".encode())
_RRULE = b"\r\nRRULE:"


@dataclass(frozen=True, slots=True)
class Presentation:
    """
    The presentation that a calendar, a target or a request asks for.
    """

    free: bool = False
    """Whether the time counts as free (RFC 5545, 3.8.2.7; Outlook reads a property of its own)."""

    reminders: tuple[timedelta, ...] = ()
    """How long before the start; each becomes a VALARM that displays the SUMMARY."""


def present(vevent: RenderedVEvent, presentation: Presentation, people: Iterable[str] = ()) -> RenderedVEvent:
    """
    Return the VEVENT as `presentation` asks; the same bytes for the same arguments.

    `people` are ORGANIZER and ATTENDEE lines to add, unfolded.
    """
    added = [fold(line) for line in people]
    body = vevent.body
    if presentation.free:
        body = body.replace(_BUSY, _FREE, 1)
        added.append(_FREE_IN_OUTLOOK)
    # Components follow the properties (RFC 5545, 3.6).
    if presentation.reminders:
        topic = _summary(body)
        added += [fold(line) for before in presentation.reminders for line in _valarm(before, topic)]
    if not added:
        return vevent
    return replace(vevent, body=b"".join((body.removesuffix(_END), *added, _END)))


def has_ended(vevent: RenderedVEvent, now: datetime) -> bool:
    """Return whether a VEVENT is over; a series without UNTIL never ends."""
    body = vevent.body
    last = (_UNTIL if _RRULE in body else _DTEND).search(_FOLD.sub(b"", body))
    return last is not None and _moment(last[1]) <= now


def _moment(written: bytes) -> datetime:
    return datetime.strptime(written.decode(), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def _summary(body: bytes) -> str:
    """Return the SUMMARY as written, with its escapes: DESCRIPTION takes the same text."""
    found = _SUMMARY.search(_FOLD.sub(b"", body))
    return found[1].decode() if found else "TrueConf"


def _valarm(before: timedelta, topic: str) -> Iterable[str]:
    minutes = int(before.total_seconds()) // 60
    trigger = f"-PT{minutes}M" if minutes else "PT0S"
    return ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{topic}", f"TRIGGER:{trigger}", "END:VALARM")
