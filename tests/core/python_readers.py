"""
The readers that are written in Python; no module of confcal is imported, nor the zone data chosen.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import recurring_ical_events
import vobject
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar

Meeting = tuple[datetime, datetime]
Reader = Callable[[str, datetime, datetime], Iterator[Meeting]]


def with_icalendar(ics: str, since: datetime, until: datetime) -> Iterator[Meeting]:
    """Yield the meetings that icalendar and recurring_ical_events find to start in a time."""
    calendar = Calendar.from_ical(ics)
    for vevent in recurring_ical_events.of(calendar).between(since, until):
        start, end = vevent.start.astimezone(UTC), vevent.end.astimezone(UTC)
        if since <= start < until:
            yield start, end


def with_vobject(ics: str, since: datetime, until: datetime) -> Iterator[Meeting]:
    """Yield the meetings that vobject and dateutil find to start in a time."""
    vevent = vobject.readOne(io.StringIO(ics)).vevent
    length = vevent.dtend.value - vevent.dtstart.value
    for start in vevent.getrruleset(addRDate=True):
        if start.astimezone(UTC) >= until:
            return
        if start.astimezone(UTC) >= since:
            yield start.astimezone(UTC), (start + length).astimezone(UTC)


def with_ical(ics: str, since: datetime, until: datetime) -> Iterator[Meeting]:
    """Yield the meetings that Home Assistant's parser finds to start in a time."""
    for event in IcsCalendarStream.calendar_from_ics(ics).timeline_tz(UTC).overlapping(since, until):
        start, end = _aware(event.dtstart).astimezone(UTC), _aware(event.end).astimezone(UTC)
        if since <= start < until:
            yield start, end


def _aware(moment: object) -> datetime:
    assert isinstance(moment, datetime)
    assert moment.tzinfo
    return moment


PYTHON_READERS: Mapping[str, Reader] = {
    "icalendar": with_icalendar,
    "vobject": with_vobject,
    "ical": with_ical,
}
