"""
Parsers of the single values of a conference object, which accept every form that TrueConf writes.

Units and forms: TrueConf VideoSDK, notifications/conferenceList; ISO-8601 times come from
commands/setCustomScheduler; numbers as text and weekday names from the server's REST API v4.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from service.core.schedule import Weekday
from service.core.trueconf_id import LONGEST as LONGEST_NAME
from service.core.trueconf_id import TrueConfId, too_long

Json = Mapping[str, object]

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_EARLIEST_SECONDS: Final = EARLIEST.timestamp()
_LATEST_SECONDS: Final = LATEST.timestamp()
LONGEST: Final = timedelta(days=7)
# Calendar clients do not show an event without a length, and the planner's own default is an hour.
DEFAULT_DURATION: Final = timedelta(hours=1)

_LONGEST_QUOTE: Final = 20
_MINUTE: Final = 60
_DAY: Final = 86400
_MOST_WHOLE_DAYS: Final = 100

# An id is part of keys and addresses, so it is never repaired, and a database may not take these at all.
_UNFIT_FOR_ID: Final = re.compile("[\x00-\x1f\x7f-\x9f\ufffd]")
_NUMBER: Final = re.compile(r"[+-]?\d{1,18}(?:\.\d*)?", re.ASCII)
MODES: Final = ("PxP", "OxP", "S|L", "S|L Auto")
"""The documented modes."""

_MODES: Final = {name.casefold(): name for name in MODES} | {"0xp": "OxP"}
_FLAG_TYPES: Final = (int, str)
_FLAGS: Final = {0: False, 1: True, "0": False, "1": True}
# The flags begin with Sunday, whatever the country.
_FLAG_ORDER: Final = tuple(Weekday.SU.shift(days) for days in range(7))
_DAY_NAMES: Final = {
    name[:length]: day
    for day, name in zip(
        Weekday,
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        strict=True,
    )
    for length in (2, 3, len(name))
}


class Unusable(Exception):
    """
    A field makes its conference unusable. `field` is its path, and `reason` contains no personal data.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def text(value: object) -> str:
    """Return text as sent, a number as its decimal text, anything else as the empty text."""
    match value:
        case str():
            return value
        case bool():
            return ""
        case int() | float():
            return str(value)
        case _:
            return ""


def identifier(value: object) -> str:
    """Return a conference id: text as sent, or an integer in decimal. Raises Unusable."""
    match value:
        case bool():
            raise Unusable("id", "expected text, got a boolean")
        case int() | str() if not str(value).strip():
            raise Unusable("id", "empty")
        case str() if _UNFIT_FOR_ID.search(value):
            raise Unusable("id", "has control characters")
        case int() | str() if len(str(value)) > LONGEST_NAME:
            raise Unusable("id", too_long("id"))
        case int() | str():
            return str(value)
        case None:
            raise Unusable("id", "missing")
        case _:
            raise Unusable("id", f"expected text, got {kind(value)}")


def person(value: object, field: str) -> str:
    """Return the TrueConf ID of a person as sent, or an empty text. Raises Unusable."""
    sent = text(value)
    if len(sent) > LONGEST_NAME and (fault := TrueConfId.parse(sent).fault):
        raise Unusable(field, fault)
    return sent


def mode(value: object) -> str:
    """
    Return the mode, the documented ones in their canonical spelling.

    One page of the documentation writes `OxP` with a zero; the set is open, so others stay as sent.
    """
    sent = text(value)
    return _MODES.get(sent.casefold(), sent)


def link(value: object) -> str | None:
    """Return an http or https URL, None for anything else."""
    sent = text(value).strip()
    scheme, separator, rest = sent.partition("://")
    return sent if separator and rest and scheme.casefold() in {"http", "https"} else None


def start(value: object) -> datetime:
    """
    Return `schedule.start_time`: Unix seconds in any number form, or ISO-8601 (UTC where no zone is named).

    The moment is aware, in UTC, cut to whole seconds. Raises Unusable.
    """
    field = "schedule.start_time"
    if value is None:
        raise Unusable(field, "missing")
    seconds = _epoch_seconds(value)
    if seconds is None:
        raise Unusable(field, f"expected Unix seconds or an ISO-8601 time, got {kind(value)}")
    if (found := moment(seconds)) is not None:
        return found
    if moment(seconds // 1000) is not None:
        raise Unusable(field, f"{seconds} looks like milliseconds, expected seconds")
    raise Unusable(
        field, f"{str(seconds)[:_LONGEST_QUOTE]} is outside {EARLIEST:%Y-%m-%d}..{LATEST:%Y-%m-%d}"
    )


def parse_created(value: object) -> datetime | None:
    """Return `created_at`, parsed like a start time, or None if it is unusable."""
    seconds = _epoch_seconds(value)
    return None if seconds is None else moment(seconds)


def duration(value: object) -> timedelta:
    """Return `schedule.duration`, in seconds; an hour where it is missing, empty or zero. Raises Unusable."""
    field = "schedule.duration"
    seconds = 0 if value is None or value == "" else _whole(value)
    if seconds is None:
        raise Unusable(field, f"expected seconds, got {kind(value)}")
    if seconds < 0:
        raise Unusable(field, f"{str(seconds)[:_LONGEST_QUOTE]} is negative")
    if seconds <= LONGEST.total_seconds():
        return timedelta(seconds=seconds) or DEFAULT_DURATION
    if _looks_like_milliseconds(seconds):
        raise Unusable(field, f"{seconds} looks like milliseconds, expected seconds")
    raise Unusable(field, f"longer than seven days ({str(seconds)[:_LONGEST_QUOTE]} seconds)")


def _looks_like_milliseconds(seconds: int) -> bool:
    """
    Return whether a duration makes more sense in milliseconds than in seconds.

    People plan whole minutes of at most a day. A number of whole days is in seconds: 25 days would otherwise
    become 36 minutes.
    """
    milliseconds_in_a_minute = 1000 * _MINUTE
    planned = seconds % milliseconds_in_a_minute == 0 and seconds <= 1000 * _DAY
    return planned and not (seconds % _DAY == 0 and seconds <= _MOST_WHOLE_DAYS * _DAY)


def weekdays(value: object) -> frozenset[Weekday]:
    """
    Return `schedule.days`: seven flags from Sunday, or a list of English weekday names. Raises Unusable.
    """
    field = "schedule.days"
    match value:
        case None:
            raise Unusable(field, "missing")
        case str() | bytes():
            raise Unusable(field, "expected a list, got text")
        case Sequence():
            days = _days_of_flags(value)
            if days is None:
                days = _days_of_names(value)
        case _:
            raise Unusable(field, f"expected a list, got {kind(value)}")
    if days is None:
        raise Unusable(
            field,
            f"expected 7 flags from Sunday or weekday names, got {len(value)} other values",
        )
    if not days:
        raise Unusable(field, "no day is flagged")
    return days


def kind(value: object) -> str:
    """Name the type of a JSON value in a word or two, for a reason that must not quote the value."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "other text" if value else "empty text"
        case Mapping():
            return "an object"
        case _:
            return "a list"


def _days_of_flags(values: Sequence[object]) -> frozenset[Weekday] | None:
    flags = tuple(_FLAGS.get(value) if isinstance(value, _FLAG_TYPES) else None for value in values)
    return None if len(flags) != len(_FLAG_ORDER) or None in flags else _find_days(flags)


@cache
def _find_days(flags: tuple[bool | None, ...]) -> frozenset[Weekday]:
    """Return one set for each of the 128 combinations: a set of its own for each series takes much memory."""
    return frozenset(day for day, flag in zip(_FLAG_ORDER, flags, strict=True) if flag)


def _days_of_names(values: Sequence[object]) -> frozenset[Weekday] | None:
    days = [_DAY_NAMES.get(value.strip().casefold()) if isinstance(value, str) else None for value in values]
    known = frozenset(day for day in days if day is not None)
    return known if days and None not in days else None


def _whole(value: object) -> int | None:
    match value:
        case bool():
            return None
        case int():
            return value
        case float():
            return math.trunc(value) if math.isfinite(value) else None
        case str() if _NUMBER.fullmatch(value.strip()):
            return int(value.strip().partition(".")[0])
        case _:
            return None


def _epoch_seconds(value: object) -> int | None:
    seconds = _whole(value)
    return _iso_seconds(value.strip()) if seconds is None and isinstance(value, str) else seconds


def _iso_seconds(written: str) -> int | None:
    # A date without a time would become midnight in an unknown zone.
    if not re.search(r"[Tt ]\d", written):
        return None
    try:
        written_time = datetime.fromisoformat(written.upper())
        aware = written_time if written_time.tzinfo else written_time.replace(tzinfo=UTC)
        return math.floor(aware.timestamp())
    except (ValueError, OverflowError):
        return None


def moment(seconds: int) -> datetime | None:
    """Return the moment of Unix seconds, in UTC; None outside of the years that can be meant."""
    if not _EARLIEST_SECONDS <= seconds < _LATEST_SECONDS:
        return None
    return datetime.fromtimestamp(seconds, UTC)
