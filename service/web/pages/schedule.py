"""
The schedule of a page: the part of it that was asked for, laid out.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from service.web.dates import Dates
from service.web.pages.asked import Asked, View
from service.web.pages.meetings import Meetings
from service.web.pages.month import agenda_days, grid, put_coming_first, slots_by_day
from service.web.pages.timegrid import time_grid

_MOST_A_DAY = 5
"""Meetings of one day that a month and its agenda show; the day has an agenda of its own for all of them."""

_MOST_OF_A_DAY = 2000
_WEEK_LANES, _DAY_LANES = 3, 10
_DAY = timedelta(days=1)


def lay_out(asked: Asked, meetings: Meetings, dates: Dates, now: datetime) -> dict[str, Any]:
    """Return what the template of the schedule needs."""
    first_weekday = dates.locale.first_week_day
    first, last = asked.days(first_weekday)
    since, until = (datetime.combine(day, time(), dates.zone).astimezone(UTC) for day in (first, last + _DAY))
    by_hours = asked.view in {View.DAY, View.WEEK}
    slots = slots_by_day(
        meetings.between(since, until),
        dates.zone,
        first,
        last,
        show=meetings.show,
        most=_MOST_OF_A_DAY if by_hours or asked.alone else _MOST_A_DAY,
        whole=asked.today,
    )
    kinds = {slot.meeting.kind for day in slots.values() for slot in day.shown} - {""}
    common = {"asked": asked, "views": View, "first": first, "last": last, "kinds": kinds}
    if by_hours:
        days = [first + number * _DAY for number in range((last - first).days + 1)]
        lanes = _DAY_LANES if asked.view is View.DAY else _WEEK_LANES
        found = time_grid(days, slots, dates.zone, today=asked.today, most_lanes=lanes)
        return {**common, "grid": found, "now_line": found.line(dates.local(now))}
    if asked.today in slots:
        most_over = _MOST_OF_A_DAY if asked.alone else _MOST_A_DAY
        slots[asked.today] = put_coming_first(slots[asked.today], now, most_over)
    if asked.view is View.MONTH:
        return {
            **common,
            "weekdays": [(first_weekday + number) % 7 for number in range(7)],
            "weeks": grid(asked.month, first_weekday, slots, today=asked.today),
        }
    return {**common, "days": agenda_days(asked.month, slots, today=asked.today)}
