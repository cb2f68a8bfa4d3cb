"""
`/calendars/{token}`: the page for whoever holds the link.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.templating import Jinja2Templates

from service.core.calendars import entries_of
from service.core.known import State
from service.core.occurrences import Occurrence, agenda
from service.core.revision import Policy
from service.core.vevent import join_link, summary_of
from service.web.addresses import Gone
from service.web.feeds import Feeds

_SHOWN = 10
_AHEAD = timedelta(days=60)

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class Meeting:
    """
    One line of the list of next conferences.
    """

    topic: str
    start: datetime
    end: datetime
    link: str


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """
    What the page is made from.
    """

    feeds: Feeds
    templates: Jinja2Templates
    policy: Policy
    state: Callable[[], State]
    clock: Callable[[], datetime]

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        calendar = self.feeds.addresses.find(request.path_params["token"])
        if isinstance(calendar, Gone):
            status = 410 if calendar is Gone.ROTATED else 404
            return PlainTextResponse("There is no such calendar.\n", status, PAGE_HEADERS)
        feed_url = self.feeds.addresses.feed_url(calendar)
        context = {
            "calendar": self.feeds.calendars[calendar],
            "feed_url": feed_url,
            "webcal_url": "webcal:" + feed_url.partition(":")[2],
            "meetings": self._meetings(calendar),
            "timezone": self.policy.default.weekly.timezone,
            "updated_at": self._updated_at(calendar),
        }
        return self.templates.TemplateResponse(request, "calendar.html", context, headers=PAGE_HEADERS)

    def _meetings(self, calendar: str) -> list[Meeting]:
        now = self.clock()
        entries = (
            (entry, self.policy.rendering(entry.source).weekly)
            for entry in entries_of(self.feeds.calendars[calendar], self.state())
        )
        return [self._meeting(o) for o in islice(agenda(entries, now, now + _AHEAD), _SHOWN)]

    def _meeting(self, occurrence: Occurrence) -> Meeting:
        entry = occurrence.entry
        zone = ZoneInfo(self.policy.default.weekly.timezone)
        link = join_link(entry.key, entry.conference, self.policy.rendering(entry.source).join_url)
        topic = summary_of(entry.conference)
        return Meeting(topic, occurrence.start.astimezone(zone), occurrence.end.astimezone(zone), link)

    def _updated_at(self, calendar: str) -> datetime | None:
        account = self.feeds.calendars[calendar].account
        accounts = self.state().accounts
        chosen = [accounts[account]] if account else accounts.values()
        arrivals = [known.list_at for known in chosen if known.list_at]
        zone = ZoneInfo(self.policy.default.weekly.timezone)
        return max(arrivals).astimezone(zone) if arrivals else None
