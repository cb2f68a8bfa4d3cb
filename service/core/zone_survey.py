"""
A survey of settings and series: what an operator should know about the zones of weekly conferences.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from service.core.conference import Conference
from service.core.kinds import Kinds
from service.core.occurrences import starts
from service.core.schedule import Weekly
from service.core.transitions import last_change, next_change
from service.core.vtimezone import compact_zone
from service.core.weekly import WeeklyRules
from service.core.zone_notices import (
    Example,
    OldName,
    TimeUnset,
    WallNotKept,
    ZoneNamed,
    ZoneNotice,
    ZoneUnset,
)
from service.core.zonedata import city_of

_HALF_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Reading:
    """
    How the weekly conferences of some sources are read, and which setting says so.
    """

    variable: str
    """The setting that names the zone."""

    rules: WeeklyRules
    zone_given: bool
    time_given: bool
    sources: frozenset[str] = frozenset()
    """The sources that are read so; the others of the settings have readings of their own."""

    used: bool = True
    """Whether any source is read so, or will be."""


Series = tuple[str, Conference]
"""A source and a weekly conference that it reported."""


def zone_notices(
    readings: Sequence[Reading], series: Iterable[Series], now: datetime
) -> tuple[ZoneNotice, ...]:
    """
    Return what an operator should know about `readings`; the first reading is the default.

    `series` are the existing weekly conferences; `now` decides which dates serve as examples.
    """
    weekly = _by_reading(readings, series)
    return (*_old_names(readings), *_unset(weekly), *_unsaid(weekly, now), *_on_the_wall(readings, now))


def need_series(readings: Iterable[Reading]) -> bool:
    """Return whether the notices about `readings` may depend on which weekly conferences exist."""
    return any(not each.zone_given or not (each.time_given or _is_fixed(each.rules)) for each in readings)


def weekly_series(kinds: Kinds) -> Iterator[Series]:
    """Yield the weekly conferences that any account lists."""
    return ((entry.source, entry.conference) for entry in kinds.weekly.values())


def _by_reading(
    readings: Sequence[Reading], series: Iterable[Series]
) -> Mapping[Reading, Sequence[Conference]]:
    of_source = {source: reading for reading in readings for source in reading.sources}
    from_source: dict[str, list[Conference]] = {}
    for source, conference in series:
        from_source.setdefault(source, []).append(conference)
    found: dict[Reading, list[Conference]] = {}
    for source, conferences in from_source.items():
        found.setdefault(of_source.get(source, readings[0]), []).extend(conferences)
    return found


def _old_names(readings: Iterable[Reading]) -> Iterator[OldName]:
    for reading in readings:
        if city := city_of(reading.rules.timezone):
            yield OldName(reading.variable, reading.rules.timezone, city)


def _unset(weekly: Mapping[Reading, Sequence[Conference]]) -> Iterator[ZoneUnset]:
    for reading, conferences in weekly.items():
        if not reading.zone_given:
            yield ZoneUnset(reading.variable, len(conferences))


def _unsaid(weekly: Mapping[Reading, Sequence[Conference]], now: datetime) -> Iterator[TimeUnset]:
    by_zone: dict[WeeklyRules, list[Conference]] = {}
    for reading, conferences in weekly.items():
        if not reading.time_given:
            by_zone.setdefault(reading.rules, []).extend(conferences)
    for rules, conferences in sorted(by_zone.items(), key=lambda each: each[0].timezone):
        if _is_fixed(rules):
            continue
        for conference in sorted(conferences, key=lambda each: (each.id, each.topic)):
            examples = _examples(conference, rules, now)
            if examples:
                count, (winter, summer) = len(conferences), examples
                yield TimeUnset(rules.timezone, count, conference.id, conference.topic, winter, summer)
                break


def _is_fixed(rules: WeeklyRules) -> bool:
    compact = compact_zone(rules.timezone)
    return compact is not None and compact.is_fixed


def _examples(conference: Conference, rules: WeeklyRules, now: datetime) -> tuple[Example, Example] | None:
    """Return one occurrence in winter and one in summer; None for a series after all known changes."""
    schedule, zone = conference.schedule, ZoneInfo(rules.timezone)
    if not isinstance(schedule, Weekly):
        return None
    first = next(starts(schedule, replace(rules, time="utc"), now))
    change = next_change(zone, first)
    if change is None:
        return None
    second = next(starts(schedule, replace(rules, time="utc"), change.at))
    pair = _example(schedule, rules, first), _example(schedule, rules, second)
    return pair if change.after > change.before else (pair[1], pair[0])


def _example(weekly: Weekly, rules: WeeklyRules, start: datetime) -> Example:
    zone = ZoneInfo(rules.timezone)
    # The same meeting: near midnight it may be on the day before or after.
    kept = next(starts(weekly, replace(rules, time="wall"), start - _HALF_DAY))
    return Example(*(each.astimezone(zone).replace(tzinfo=None) for each in (start, kept)))


def _on_the_wall(readings: Iterable[Reading], now: datetime) -> Iterator[ZoneNamed | WallNotKept]:
    zones = {each.rules.timezone for each in readings if each.used and each.rules.time == "wall"}
    for zone in sorted(zones):
        change, compact = last_change(ZoneInfo(zone), now), compact_zone(zone)
        if compact is None:
            yield WallNotKept(zone, change)
        elif not compact.is_fixed or compact.observances[0].offset_to:
            yield ZoneNamed(zone, change, seasonal=not compact.is_fixed)
