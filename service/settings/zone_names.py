"""
Names of time zones, found from what people write.
"""

import difflib
import re
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from service.core.nearest import nearest

_NO_ZONES = frozenset({"Factory", "localtime", "posixrules"})
_SEASONS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])0?(\d{1,2})(?::?00)?", re.IGNORECASE)
_FARTHEST = {"+": 14, "-": 12}

_NEAR = 0.7
"""More similar than most pairs of cities, less than most misspellings."""

_USUAL = {
    **dict.fromkeys(("PST", "PDT", "PT"), "America/Los_Angeles"),
    **dict.fromkeys(("MDT", "MT"), "America/Denver"),
    **dict.fromkeys(("CST", "CDT", "CT"), "America/Chicago"),
    **dict.fromkeys(("EDT", "ET"), "America/New_York"),
    **dict.fromkeys(("CEST", "MEZ", "MESZ"), "Europe/Berlin"),
    "EEST": "Europe/Kyiv",
    "BST": "Europe/London",
    "IST": "Asia/Kolkata",
}
"""Abbreviations that several zones share, each with the zone that most people mean."""


def zone_name(written: str) -> str:
    """
    Return the IANA name of a zone, which may be written in any case and with spaces.

    Raises ValueError with the nearest known name.
    """
    known = _find_known()
    found = known.get(written.strip().replace(" ", "_").casefold())
    if found:
        return found
    near = _nearest(written.strip())
    hint = f"did you mean {near}?" if near else "write one like Europe/Moscow"
    raise ValueError(f"it is not an IANA time zone; {hint}")


@cache
def _find_known() -> dict[str, str]:
    return {name.casefold(): name for name in sorted(available_timezones() - _NO_ZONES)}


def _nearest(written: str) -> str | None:
    offset = _OFFSET.fullmatch(written)
    if offset:
        return _find_fixed_zone(offset[1], int(offset[2]))
    if written.upper() in _USUAL:
        return _USUAL[written.upper()]
    if written.casefold().endswith(" time"):
        return _find_by_windows_name(written.casefold())
    places = [name for name in _find_known().values() if "/" in name]
    if re.fullmatch(r"[A-Za-z]{2,5}", written):
        abbreviated = _find_by_abbreviation(written.upper(), places)
        if abbreviated:
            return abbreviated
    cities = {name.rpartition("/")[2]: name for name in sorted(places, reverse=True)}
    city = nearest(written.rpartition("/")[2].replace(" ", "_"), cities) if written[:1] not in "./" else None
    return cities[city] if city and _is_similar(written, cities[city]) else None


def _is_similar(written: str, name: str) -> bool:
    """Return whether a name is similar enough to be suggested."""
    first, second = (text.rpartition("/")[2].casefold().replace(" ", "_") for text in (written, name))
    return difflib.SequenceMatcher(None, first, second).ratio() > _NEAR


def _find_fixed_zone(sign: str, hours: int) -> str | None:
    if hours == 0:
        return "UTC"
    # In these names the sign is inverted (POSIX).
    return f"Etc/GMT{'-' if sign == '+' else '+'}{hours}" if hours <= _FARTHEST[sign] else None


def _find_by_windows_name(written: str) -> str | None:
    """Return the zone that Windows and Exchange call so, like `Russian Standard Time`."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415 -- seldom asked

    return next((zone for name, zone in WINDOWS_TO_OLSON.items() if name.casefold() == written), None)


def _find_by_abbreviation(written: str, places: list[str]) -> str | None:
    """Return the zone that uses an abbreviation and whose city is most similar to it."""

    def shows(name: str) -> bool:
        return any(at.astimezone(ZoneInfo(name)).tzname() == written for at in _SEASONS)

    def likeness(name: str) -> float:
        return difflib.SequenceMatcher(None, written.casefold(), name.rpartition("/")[2].casefold()).ratio()

    return max(sorted(filter(shows, places)), key=likeness, default=None)
