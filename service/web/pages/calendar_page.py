"""
`/calendars/{token}`: the page for whoever holds the link.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.calendars.calendar import Calendar
from service.calendars.feeds import Feeds
from service.calendars.freshness import judge_freshness
from service.calendars.tokens import LookupFailure
from service.core.clock import Clock
from service.core.revision import Policy
from service.core.state import State
from service.web.dates import Dates
from service.web.pages.devices import device_of
from service.web.pages.errors import ErrorPages
from service.web.pages.meetings import Meetings
from service.web.pages.month import Month, agenda_days, grid, slots_by_day
from service.web.pages.platforms import is_private, ways
from service.web.pages.qr import qr_svg
from service.web.ratelimit import Guard
from service.web.renderer import Pages

_COMING_UP = 5
_MONTHS_BACK = 6
_MONTHS_AHEAD = 12
_MOST_A_DAY = 20
"""Meetings of one day that a month shows; the day has a page of its own for all of them."""

_MOST_OF_A_DAY = 2000
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """
    What the page is made from.
    """

    feeds: Feeds
    pages: Pages
    errors: ErrorPages
    guard: Guard
    policy: Policy
    state: Callable[[], State]
    clock: Clock

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        found = self.feeds.addresses.find(request.path_params["token"])
        if found is LookupFailure.UNKNOWN:
            wait = self.guard.fail(request.scope)
            if wait:
                return self.errors.page(request, "limited", headers={"Retry-After": str(wait)})
            return self.errors.page(request, "unknown")
        if found is LookupFailure.ROTATED:
            return self.errors.page(request, "rotated")
        if not self.feeds.ready():
            return self.errors.page(request, "waiting")
        calendar = self.feeds.calendars[found]
        entries = tuple(self.feeds.directory.entries(calendar))
        dates = self.pages.dates(request)
        meetings = Meetings(calendar, entries, self.policy, self.pages.gettext(dates))
        # In a thread: a month of thousands of conferences takes a while, and feeds are served meanwhile.
        return await run_in_threadpool(self._page, request, meetings, dates)

    def _page(self, request: Request, meetings: Meetings, dates: Dates) -> Response:
        now = self.clock()
        schedule = _schedule(request, meetings, dates, now)
        context = {
            "calendar": meetings.calendar,
            "now": now,
            "upcoming": meetings.count_upcoming(now),
            "coming_up": meetings.next(now, _COMING_UP),
            "freshness": judge_freshness(
                meetings.calendar, meetings.entries, self.state(), self.policy.quiet, now
            ),
            **self._describe_subscription(request, meetings.calendar),
            **schedule,
        }
        return self.pages.render(request, "calendar.html", context, kept=_keep_choices(request, schedule))

    def _describe_subscription(self, request: Request, calendar: Calendar) -> dict[str, Any]:
        feed_url = self.feeds.addresses.feed_url(calendar.name)
        page_url = self.feeds.addresses.page_url(calendar.name)
        device = device_of(request.headers.get("user-agent", ""))
        return {
            "feed_url": feed_url,
            "ways": ways(feed_url, calendar.title, device),
            "system": device.system,
            "secure": feed_url.startswith("https:"),
            "private": is_private(urlsplit(feed_url).hostname or ""),
            "qr_feed": qr_svg(feed_url),
            "qr_page": qr_svg(page_url),
        }


def _schedule(request: Request, meetings: Meetings, dates: Dates, now: datetime) -> dict[str, Any]:
    """Return the month that was asked for, as a grid and as an agenda; or one day of it."""
    today = dates.day_of(now)
    present = Month.of(today)
    earliest, latest = present.shift(-_MONTHS_BACK), present.shift(_MONTHS_AHEAD)
    day = _day_asked(request.query_params.get("day", ""))
    only = day if day and earliest <= Month.of(day) <= latest else None
    asked = Month.of(day) if day else Month.read(request.query_params.get("month", ""))
    month = min(max(asked or present, earliest), latest)
    first_weekday = dates.locale.first_week_day
    weeks = month.weeks(first_weekday)
    first, last = (only, only) if only else (weeks[0][0], weeks[-1][-1])
    since, until = (datetime.combine(day, time(), dates.zone).astimezone(UTC) for day in (first, last + _DAY))
    slots = slots_by_day(
        meetings.between(since, until),
        dates.zone,
        first,
        last,
        show=meetings.show,
        most=_MOST_OF_A_DAY if only else _MOST_A_DAY,
    )
    return {
        "view": "agenda" if only or request.query_params.get("view") == "agenda" else "month",
        "only": only,
        "month": month,
        "previous_month": month.shift(-1) if month > earliest else None,
        "next_month": month.shift(1) if month < latest else None,
        "present_month": present,
        "weekdays": [(first_weekday + number) % 7 for number in range(7)],
        "weeks": grid(month, first_weekday, slots, today=today),
        "days": agenda_days(month, slots, today=today),
        "today": today,
    }


def _keep_choices(request: Request, schedule: Mapping[str, Any]) -> dict[str, str]:
    """Return what the schedule was asked for, as it was understood."""
    only = schedule["only"]
    understood = {
        "view": schedule["view"],
        "month": str(schedule["month"]),
        "day": only.isoformat() if only else "",
    }
    return {name: value for name, value in understood.items() if value and name in request.query_params}


def _day_asked(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # So that days around it can be reckoned with.
    return day if _FIRST_YEAR <= day.year < _LAST_YEAR else None
