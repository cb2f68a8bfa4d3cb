"""
The content of a calendar object resource, independent of the form in which a server returns it.

Servers reorder, refold, re-escape, add defaults and stamps, and drop what they do not know. Two bodies with
the same content hash differ in nothing that a person could have edited.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from icalendar.parser import Contentline, Contentlines, Parameters, q_split

_IGNORED = frozenset({"DTSTAMP", "LAST-MODIFIED", "CREATED", "SEQUENCE", "CONFERENCE", "REQUEST-STATUS"})
"""Stamps, and what older servers drop; X- properties are ignored too."""

_DEFAULTS = frozenset(
    {("CLASS", "PUBLIC"), ("PRIORITY", "0"), ("STATUS", "CONFIRMED"), ("TRANSP", "OPAQUE")},
)
_RULE_DEFAULTS = frozenset({"INTERVAL=1", "WKST=MO"})
_DAYS = {day: index for index, day in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
_TIMES = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID"})
_TIME = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_UID = re.compile(rb"^UID:[ \t]*([^\r\n]{1,1000}?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_FOLD = re.compile(rb"\r?\n[ \t]")
_NAME = re.compile(r"[A-Za-z0-9-]+")
_LONGEST_OCTETS, _MOST_LINES = 2 * 1024 * 1024, 20_000
_LONGEST_HEAD = 10_000
"""Characters of a name with its parameters; longer ones are ignored."""

_ESCAPED = re.compile(r"\\(.)")

Fact = tuple[str, str]


@dataclass(slots=True)
class _Component:
    name: str
    facts: list[Fact] = field(default_factory=list)
    start: datetime | None = None
    duration: str = ""


@dataclass(frozen=True, slots=True)
class ParsedResource:
    """
    A resource as the server returned it.
    """

    uid: str
    """The UID of its first VEVENT; empty where there is none."""

    content_hash: str


@lru_cache(maxsize=128)
def content_hash(body: bytes) -> str:
    """Return the content hash of a resource; the calendars of several people often hold the same one."""
    return parse_resource(body).content_hash


def parse_resource(body: bytes) -> ParsedResource:
    """
    Return the UID and the content hash of any body. In a body longer than any of ours, every byte counts.
    """
    if len(body) > _LONGEST_OCTETS or body.count(b"\n") > _MOST_LINES:
        uid_line = _UID.search(body)
        return ParsedResource(
            uid_line[1].decode("utf-8", "replace") if uid_line else "", sha256(body).hexdigest()
        )
    uid = ""
    facts: list[Fact] = []
    stack: list[_Component] = []
    for name, parameters, value in _content_lines(body):
        if name == "BEGIN":
            stack.append(_Component(value.strip().upper()))
        elif name == "END" and stack:
            facts += _summarize(stack.pop(), depth=len(stack))
        elif stack and stack[-1].name == "VEVENT" and name == "UID":
            uid = uid or value.strip()
        elif stack:
            _add_facts(stack[-1], name, parameters, value)
    return ParsedResource(uid, sha256("\n".join(f"{n}:{v}" for n, v in sorted(facts)).encode()).hexdigest())


def unfold(body: bytes) -> list[Contentline]:
    """Return the content lines of any body."""
    lines: list[Contentline] = Contentlines.from_ical(_decode(body))  # type: ignore[no-untyped-call]
    return [line for line in lines if line]


def _decode(body: bytes) -> str:
    with suppress(UnicodeDecodeError):
        return body.decode()
    # Some fold within a character (RFC 5545, 3.1).
    return _FOLD.sub(b"", body).decode("utf-8", "replace")


def _content_lines(body: bytes) -> Iterator[tuple[str, str, str]]:
    """Yield name, parameters and value of each line that has a name and a colon."""
    for line in unfold(body):
        # Malformed parameters must not lose the line's value, so they are parsed only where a caller needs
        # them.
        colon = _find_colon(line[:_LONGEST_HEAD])
        name, _, parameters = line[: max(colon, 0)].partition(";")
        if _NAME.fullmatch(name := name.strip()):
            yield name.upper(), parameters, line[colon + 1 :]


def _find_colon(line: str) -> int:
    """
    Return the position of the colon after the parameters, which is not a quoted one; -1 if there is none.
    """
    parsed: Contentline = Contentline(line)  # type: ignore[no-untyped-call]
    return parsed.value_separator_index()


def _summarize(component: _Component, *, depth: int) -> list[Fact]:
    match component.name:
        case "VEVENT":
            # A repeated value counts once: Zimbra writes DTEND and DURATION.
            return [("VEVENT", repr(sorted({*component.facts, *_end_by_duration(component)})))]
        case "VALARM" if depth:
            return [("VALARM", repr(sorted(component.facts)))] if component.facts else []
        case "VCALENDAR" | "VTIMEZONE" | "STANDARD" | "DAYLIGHT":
            return []
        case name:
            return [(name, "")]


def _add_facts(component: _Component, name: str, parameters: str, value: str) -> None:
    if component.name == "VALARM":
        if name in {"TRIGGER", "ACTION"}:
            component.facts.append((name, value.strip().upper()))
        return
    if component.name != "VEVENT" or name in _IGNORED or name.startswith("X-"):
        return
    component.facts += (
        fact for fact in _facts_of(component, name, parameters, value) if fact not in _DEFAULTS
    )


def _facts_of(component: _Component, name: str, parameters: str, value: str) -> list[Fact]:
    if name in _TIMES:
        moment = _moment(parameters, value)
        if name == "DTSTART" and isinstance(moment, datetime):
            component.start = moment
        return [(name, str(moment))]
    match name:
        case "DURATION":
            component.duration = value
            return []
        case "RRULE":
            return [(name, _rule(value))]
        case "CATEGORIES":
            return [(name, text) for part in re.split(r"(?<!\\),", value) if (text := _text(part))]
        case "ATTENDEE" | "ORGANIZER":
            return [(name, value.strip().lower())]
        case _:
            # An empty text counts like a missing one.
            return [(name, text)] if (text := _text(value)) else []


def _end_by_duration(component: _Component) -> list[Fact]:
    """Return the end that DURATION gives. DURATION may come before DTSTART, so this runs last."""
    if not component.duration:
        return []
    length = _length(component.duration)
    if component.start and length:
        with suppress(OverflowError):
            return [("DTEND", str(component.start + length))]
    return [("DURATION", _text(component.duration))]


def _rule(value: str) -> str:
    """Return a rule without defaults, with its parts and lists in a fixed order."""
    parts = {_order_values(part.upper()) for part in value.strip().split(";") if part} - _RULE_DEFAULTS
    if not any(part.startswith(("INTERVAL=", "BYWEEKNO=")) for part in parts):
        # The first day of the week counts only where weeks are left out (RFC 5545, 3.3.10).
        parts = {part for part in parts if not part.startswith("WKST=")}
    return ";".join(sorted(parts))


def _order_values(part: str) -> str:
    name, equals, value = part.partition("=")
    values = sorted(set(value.split(",")), key=lambda each: (_DAYS.get(each[-2:], 0), each))
    return name + equals + ",".join(values)


def _moment(parameters: str, value: str) -> datetime | str:
    """Return the instant; the text itself if it is a date, floating, or in an unknown zone."""
    matched = _TIME.fullmatch(value.strip())
    if matched and matched[2]:
        with suppress(ValueError):
            wall = datetime.strptime(f"{matched[1]}{matched[2]}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            if matched[3]:
                return wall
            with suppress(KeyError, ValueError, OSError, OverflowError):
                return wall.replace(tzinfo=ZoneInfo(_find_tzid(parameters))).astimezone(UTC)
    return f"{parameters}:{value.strip()}"


def _find_tzid(parameters: str) -> str:
    """Return the TZID among the parameters of a line. Raises KeyError or ValueError where there is none."""
    parameter = next((each for each in q_split(parameters, ";") if each[:5].upper() == "TZID="), "")
    parsed: Parameters = Parameters.from_ical(parameter)  # type: ignore[no-untyped-call]
    return str(parsed["TZID"])


def _length(value: str) -> timedelta | None:
    matched = _DURATION.fullmatch(value.strip().upper())
    if not matched:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in matched.groups())
    with suppress(OverflowError):
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return None


def _text(value: str) -> str:
    """Return a TEXT value unescaped, without the blanks around it that Cyrus drops."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()
