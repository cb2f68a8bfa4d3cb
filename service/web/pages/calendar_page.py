"""
`/calendars/{token}`: the page for whoever holds the link.
"""

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.calendars.calendar import Calendar
from service.calendars.choices import query_of
from service.calendars.feeds import Feeds
from service.calendars.freshness import judge_freshness
from service.calendars.tokens import LookupFailure
from service.core.clock import Clock
from service.core.revision import Policy
from service.web.compression import compress_response
from service.web.dates import Dates
from service.web.live import Live, stream_events
from service.web.pages.asked import read_asked
from service.web.pages.details import describe_meeting, render_meeting
from service.web.pages.devices import device_of
from service.web.pages.errors import ErrorPages
from service.web.pages.meetings import Meetings
from service.web.pages.schedule import lay_out
from service.web.pages.subscription import describe_subscription, draw_code, read_choice, remember_subscribed
from service.web.pages.zones import zone_choices
from service.web.ratelimit import Guard
from service.web.renderer import PAGE_HEADERS, Pages

_HEADERS = {
    # The details of a meeting are fetched from the page itself.
    "Content-Security-Policy": f"{PAGE_HEADERS['Content-Security-Policy']}; connect-src 'self'",
}
_COMING_UP = 7
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
    clock: Clock
    live: Live

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        found = self._find(request)
        if isinstance(found, Response):
            return found
        entries = tuple(self.feeds.directory.entries(found))
        dates = self.pages.dates(request)
        meetings = Meetings(found, entries, self.policy, self.pages.gettext(dates))
        # In a thread: a month of thousands of conferences takes a while, and feeds are served meanwhile.
        return await run_in_threadpool(self._answer, request, meetings, dates)

    async def follow(self, request: Request) -> Response:
        """Answer with server-sent events that make an open page load again."""
        found = self._find(request)
        if isinstance(found, Response):
            return found
        return stream_events(request, self.live)

    def _find(self, request: Request) -> Calendar | Response:
        """Return the calendar of an address, or the page that says why there is none."""
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
        return self.feeds.calendars[found]

    def _answer(self, request: Request, meetings: Meetings, dates: Dates) -> Response:
        response = self._page(request, meetings, dates)
        compress_response(request, response)
        return response

    def _page(self, request: Request, meetings: Meetings, dates: Dates) -> Response:
        now = self.clock()
        params = request.query_params
        choice = read_choice(request, meetings.calendar)
        code = draw_code(params.get("qr", ""), self.feeds.addresses, meetings.calendar, choice)
        if code:
            # Drawn when somebody unfolds it: it costs more than the rest of the page.
            return Response(code, headers=PAGE_HEADERS, media_type="image/svg+xml")
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
            "entries": _digest(meetings),
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
                meetings.calendar, meetings.entries, self.feeds.state(), self.policy.quiet, now
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


def _digest(meetings: Meetings) -> str:
    """Return a digest of the conferences, which does not depend on the time."""
    facts = sorted((entry.key, entry.revision.sequence, entry.fingerprint) for entry in meetings.entries)
    return sha256(repr(facts).encode()).hexdigest()[:16]
