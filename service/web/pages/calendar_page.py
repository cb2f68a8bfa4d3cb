"""
`/calendars/{token}`: the page for whoever holds the link.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.calendars.choices import query_of
from service.calendars.feeds import Feeds
from service.calendars.freshness import judge_freshness
from service.calendars.tokens import LookupFailure
from service.core.clock import Clock
from service.core.revision import Policy
from service.core.state import State
from service.web.dates import Dates
from service.web.pages.asked import read_asked
from service.web.pages.details import describe_meeting, render_meeting
from service.web.pages.devices import device_of
from service.web.pages.errors import ErrorPages
from service.web.pages.meetings import Meetings
from service.web.pages.schedule import lay_out
from service.web.pages.subscription import describe_subscription, read_choice, remember_subscribed
from service.web.pages.zones import zone_choices
from service.web.ratelimit import Guard
from service.web.renderer import PAGE_HEADERS, Pages

_HEADERS = {
    # The details of a meeting are fetched from the page itself.
    "Content-Security-Policy": f"{PAGE_HEADERS['Content-Security-Policy']}; connect-src 'self'",
}
_COMING_UP = 5
_MOST_FOUND = 50
_MOST_WORDS = 100
"""Characters of a search that are read."""


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
        params = request.query_params
        choice = read_choice(request, meetings.calendar)
        found = meetings.find(params.get("meeting", ""))
        if found and params.get("as") == "ics":
            return _answer_file(render_meeting(meetings, found, choice))
        handheld = device_of(request.headers.get("user-agent", "")).handheld
        asked = read_asked(params, dates.day_of(now), handheld=handheld)
        kept = {**(asked.params if asked.explicit else {}), **dict(parse_qsl(query_of(choice)))}
        words = params.get("q", "")[:_MOST_WORDS]
        context = {
            "calendar": meetings.calendar,
            "now": now,
            "today": asked.today,
            "upcoming": meetings.count_upcoming(now),
            "coming_up": meetings.next(now, _COMING_UP),
            "meeting": describe_meeting(meetings, found, dates) if found else None,
            "searched": bool(words.strip()),
            "results": meetings.search(words, now, _MOST_FOUND),
            "kept": kept,
            "kept_query": f"{urlencode(kept)}&" if kept else "",
            "zones": zone_choices(now, dates.zone.key, self.pages.zone_key),
            "freshness": judge_freshness(
                meetings.calendar, meetings.entries, self.state(), self.policy.quiet, now
            ),
            **describe_subscription(request, self.feeds.addresses, meetings.calendar, choice),
            **lay_out(asked, meetings, dates, now),
        }
        response = self.pages.render(request, "calendar.html", context, headers=_HEADERS, kept=kept)
        path = f"{self.pages.root}{request.url.path}"
        remember_subscribed(request, response, path, secure=self.pages.secure)
        return response


def _answer_file(body: bytes) -> Response:
    headers = {**PAGE_HEADERS, "Content-Disposition": 'attachment; filename="conference.ics"'}
    return Response(body, headers=headers, media_type="text/calendar; charset=utf-8")
