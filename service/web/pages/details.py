"""
The details of one meeting on its page, and the meeting as an iCalendar object of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from service.calendars.choices import Choice, apply_choice
from service.core.ical import Heading, render_calendar, render_vevent
from service.core.occurrences import Occurrence
from service.core.schedule import Once, Weekday, Weekly
from service.core.text import one_line
from service.core.vevent import mode_in_words, to_vevent
from service.core.weekly import recur
from service.web.dates import Dates
from service.web.pages.meetings import Meeting, Meetings


@dataclass(frozen=True, slots=True)
class Details:
    """
    What the page shows of one meeting.
    """

    meeting: Meeting
    length: timedelta
    owner: str
    mode: str
    days: tuple[Weekday, ...]
    """The weekdays on which it repeats, in the viewer's zone, Monday first; empty where it does not."""

    conference_id: str


def describe_meeting(meetings: Meetings, found: Occurrence, dates: Dates) -> Details:
    """Return what the page shows of a meeting."""
    conference = found.entry.conference
    return Details(
        meetings.show(found),
        found.end - found.start,
        one_line(conference.owner),
        mode_in_words(conference.mode, meetings.gettext),
        tuple(_days(meetings, found, dates.zone)),
        one_line(conference.id),
    )


def _days(meetings: Meetings, found: Occurrence, zone: ZoneInfo) -> Iterable[Weekday]:
    schedule = found.entry.conference.schedule
    if not isinstance(schedule, Weekly):
        return ()
    rules = meetings.policy.rendering(found.entry.source).weekly
    series = recur(schedule, rules, found.entry.bounds)
    at_series = found.start.astimezone(ZoneInfo(series.tzid) if series.tzid else UTC)
    shift = (found.start.astimezone(zone).date() - at_series.date()).days
    return sorted(day.shift(shift) for day in series.byday)


def render_meeting(meetings: Meetings, found: Occurrence, choice: Choice) -> bytes:
    """
    Return one meeting as an iCalendar object, with the reminder that was chosen.

    A meeting of a series has a UID of its own, so that it neither replaces the series nor another one of it.
    """
    entry = found.entry
    single = replace(entry.conference, schedule=Once(found.start, found.end - found.start))
    key = entry.key
    if isinstance(entry.conference.schedule, Weekly):
        # No closed part of a series begins before 1970, so none has a negative number.
        key = key._replace(part=-int(found.start.timestamp()))
    rendering = meetings.policy.rendering(entry.source)
    vevent = to_vevent(key, single, rendering, translate=meetings.gettext)
    events = [render_vevent(vevent, entry.revision)] if vevent else []
    body = render_calendar(Heading(meetings.calendar.title, color=meetings.calendar.color), events)
    return apply_choice(body, choice)
