"""
Compact VTIMEZONEs (RFC 5545, 3.6.5): one STANDARD, or a yearly pair, derived from `zoneinfo`.

Microsoft's clients read one yearly pair per zone and ignore RDATE; others use only the name. A VTIMEZONE
therefore covers only the time in which a yearly pair agrees exactly with `zoneinfo`.
"""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from service.core.schedule import Weekday
from service.core.transitions import FIRST, LAST, Transition, offset_at, transitions_of
from service.core.zonedata import find_release_moment

_PROVEN = timedelta(days=15 * 365)
"""A yearly pair must hold for this long before `LAST` to count as the zone's rule."""
_YEAR = timedelta(days=365)
_FIVE_YEARS = timedelta(days=5 * 365 + 1)
_FIFTH = 5


@dataclass(frozen=True, slots=True)
class Onset:
    """
    The yearly moment at which another offset begins.
    """

    month: int
    nth: int
    """1..4, or -1 for the last."""

    weekday: Weekday
    at: time
    """Local time by the offset that ends."""


@dataclass(frozen=True, slots=True)
class Observance:
    """
    STANDARD or DAYLIGHT.
    """

    offset_from: timedelta
    offset_to: timedelta
    name: str
    onset: Onset | None
    """None where the offset never changes."""


@dataclass(frozen=True, slots=True)
class CompactZone:
    """
    A time zone as one VTIMEZONE can express it.
    """

    tzid: str
    observances: tuple[Observance, ...]
    """DAYLIGHT, the larger offset, before STANDARD; or STANDARD alone."""

    valid_from: datetime
    """From this instant (UTC) on it agrees with `zoneinfo`."""

    known_since: datetime
    """From this instant (UTC) on the earlier rules would give another time, so the law was known by then."""

    @property
    def is_fixed(self) -> bool:
        """Whether the offset no longer changes."""
        return len(self.observances) == 1

    @property
    def proven(self) -> bool:
        """Whether its present rules had held for five years when the bundled zone data was released."""
        return self.known_since + _FIVE_YEARS <= find_release_moment()


@lru_cache(maxsize=1024)
def compact_zone(tzid: str) -> CompactZone | None:
    """
    Return the zone in its compact form, or None if its rules fit no yearly pair (Cairo, Santiago, ...).

    Raises ZoneInfoNotFoundError or ValueError if the zone does not exist.
    """
    zone = ZoneInfo(tzid)
    transitions = transitions_of(zone)
    if not transitions or transitions[-1].at < LAST - _PROVEN:
        return _fix_offset(tzid, zone, transitions)
    return _pair(tzid, transitions)


def _fix_offset(tzid: str, zone: ZoneInfo, transitions: Sequence[Transition]) -> CompactZone | None:
    offset = offset_at(zone, LAST)
    if offset.seconds % 60:
        return None
    name = LAST.astimezone(zone).tzname() or tzid
    since = transitions[-1].at if transitions else FIRST
    return CompactZone(
        tzid, (Observance(offset, offset, name, None),), since, _find_missed_change(transitions) or since
    )


def _find_missed_change(transitions: Sequence[Transition]) -> datetime | None:
    """
    Return when a change of clocks was due but did not happen; None if the last change was not seasonal.

    When a law ends summer time, the last transition belongs to the earlier law too. Readers with older zone
    data differ from the next transition on, and the law may be younger than the last one (Samoa 2021).
    """
    if len(transitions) <= 1:
        return None
    before, last = transitions[-2:]
    seasonal = last.at - before.at < _YEAR and last.after == before.before
    return before.at + _YEAR if seasonal else None


def _pair(tzid: str, transitions: Sequence[Transition]) -> CompactZone | None:
    up, down = (_yearly([t for t in transitions if (t.after > t.before) is is_up]) for is_up in (True, False))
    if up is None or down is None:
        return None
    (daylight, daylight_since), (standard, standard_since) = up, down
    if (daylight.offset_from, daylight.offset_to) != (standard.offset_to, standard.offset_from):
        return None
    since = max(daylight_since, standard_since)
    # Every transition since then must belong to the pair; otherwise a third one lies in between.
    strangers = [t.at for t in transitions if t.at >= since and not _belongs(t, daylight, standard)]
    if strangers:
        return None
    if since > LAST - _PROVEN:
        return None
    return CompactZone(tzid, (daylight, standard), since, since)


def _yearly(transitions: Sequence[Transition]) -> tuple[Observance, datetime] | None:
    """Return the observance that the latest transitions follow, and the first transition that follows it."""
    if not transitions:
        return None
    last = transitions[-1]
    candidates = _nths(last.local.date())
    since, year = last.at, last.local.year
    for transition in reversed(transitions[:-1]):
        same = (
            (transition.before, transition.after) == (last.before, last.after)
            and transition.local.year == year - 1
            and (transition.local.month, transition.local.weekday(), transition.local.time())
            == (last.local.month, last.local.weekday(), last.local.time())
        )
        remaining = candidates & _nths(transition.local.date()) if same else frozenset[int]()
        if not remaining:
            break
        candidates, since, year = remaining, transition.at, year - 1
    if last.before.seconds % 60 or last.after.seconds % 60:
        return None
    onset = Onset(last.local.month, min(candidates), Weekday(last.local.weekday()), last.local.time())
    return Observance(last.before, last.after, last.name, onset), since


def _belongs(transition: Transition, *observances: Observance) -> bool:
    return any(
        (transition.before, transition.after) == (o.offset_from, o.offset_to)
        and o.onset is not None
        and transition.local == onset_in(o.onset, transition.local.year)
        for o in observances
    )


def _nths(day: date) -> frozenset[int]:
    nth = (day.day - 1) // 7 + 1
    last = day.day + 7 > calendar.monthrange(day.year, day.month)[1]
    # Not every month has a fifth weekday; it can only mean the last one.
    return frozenset(n for n, is_it in ((nth, nth < _FIFTH), (-1, last)) if is_it)


def onset_in(onset: Onset, year: int) -> datetime:
    """Return the onset of one year as a local time."""
    days = calendar.monthrange(year, onset.month)[1]
    matching = [d for d in range(1, days + 1) if date(year, onset.month, d).weekday() == onset.weekday]
    day = matching[onset.nth - 1] if onset.nth > 0 else matching[onset.nth]
    return datetime.combine(date(year, onset.month, day), onset.at)


@lru_cache(maxsize=1024)
def render_vtimezone(tzid: str) -> bytes:
    """
    Return the VTIMEZONE component of a zone that `compact_zone` knows, content lines with CRLF.

    Raises ValueError for a zone that has no compact form.
    """
    zone = compact_zone(tzid)
    if zone is None:
        raise ValueError(f"{tzid}: the rules of this zone do not fit one VTIMEZONE")
    # Imported late: commands that read zones and write none start sooner without it.
    from icalendar import Timezone, TimezoneDaylight, TimezoneStandard  # noqa: PLC0415

    component = Timezone()
    component.add("tzid", zone.tzid)
    for observance in zone.observances:
        standard = observance.offset_to <= observance.offset_from
        part = TimezoneStandard() if standard else TimezoneDaylight()
        for name, value in _properties(observance):
            part.add(name, value)
        component.add_component(part)
    return bytes(component.to_ical())


def _properties(observance: Observance) -> Iterator[tuple[str, object]]:
    onset = observance.onset
    # Local by definition (RFC 5545, 3.6.5); 1970 is where readers expect a zone to begin.
    yield "dtstart", onset_in(onset, 1970) if onset else datetime.fromisoformat("1970-01-01")
    yield "tzoffsetfrom", observance.offset_from
    yield "tzoffsetto", observance.offset_to
    yield "tzname", observance.name
    if onset:
        byday = f"{onset.nth}{onset.weekday.name}"
        yield "rrule", {"freq": "yearly", "bymonth": onset.month, "byday": byday}
