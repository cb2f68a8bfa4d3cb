"""
`/`: what the administrator watches. Complete without JavaScript; with it, it follows by itself.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from service.core.errors import HeldListChanged, StaleState, StoreUnavailable
from service.core.zone_notices import is_warning
from service.web.charts import HEIGHT, WIDTH, bars_of, rows_of
from service.web.glance import Glance, is_silent
from service.web.live import Live
from service.web.oversight import Oversight
from service.web.pages import PAGE_HEADERS, Pages
from service.web.sessions import Session
from service.web.signin import SignIn
from service.web.views import RejectedView

_SHOWN_CALENDARS = 25
_SHOWN_REJECTED = 50

_HEADERS = {
    "Content-Security-Policy": f"{PAGE_HEADERS['Content-Security-Policy']}; connect-src 'self'",
}
_DONE = frozenset({"rotated", "approved", "unsure", "changed", "expired", "gone", "unavailable"})


@dataclass(frozen=True, slots=True)
class Dashboard:
    """
    The pages behind the sign-in.
    """

    oversight: Oversight
    pages: Pages
    signin: SignIn
    live: Live

    def routes(self) -> list[Route]:
        """Return the routes of the dashboard."""
        return [
            Route("/", self.page, methods=["GET"]),
            Route("/sign-in", self.signin.form, methods=["GET"]),
            Route("/sign-in", self.signin.sign_in, methods=["POST"]),
            Route("/sign-out", self.signin.sign_out, methods=["POST"]),
            Route("/rotate", self.rotate, methods=["POST"]),
            Route("/approve", self.approve, methods=["POST"]),
            Route("/live", self.events, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """Answer `GET /`."""
        session = self.signin.session(request)
        if session is None or self.signin.arrives(request):
            return self.signin.arrived(request)
        try:
            rejected = list(await self.oversight.reports.rejected())
        except StoreUnavailable:
            rejected = None
        # In a thread: calendars of thousands take a while, and feeds are served meanwhile.
        return await run_in_threadpool(self._rendered, request, session, rejected)

    def _rendered(self, request: Request, session: Session, rejected: list[RejectedView] | None) -> Response:
        oversight, query = self.oversight, request.query_params
        like, after = query.get("like", ""), query.get("after", "")
        activity = oversight.activity()
        sources, targets = oversight.reports.sources(), oversight.reports.targets()
        done, about, now = query.get("done", ""), query.get("about", ""), oversight.now()
        exposure, addresses = oversight.reports.exposure, oversight.feeds.addresses
        gettext = self.pages.gettext(self.pages.dates(request))
        context: dict[str, Any] = {
            "now": now,
            "form_token": self.signin.sessions.form_token(session),
            "done": done if done in _DONE else "",
            "about": about,
            "new_link": addresses.page_url(about) if about in addresses.tokens else "",
            "status": oversight.status(),
            "exposure": exposure.said(gettext) if exposure else "",
            "zone_notices": [
                (notice.said(gettext), is_warning(notice)) for notice in oversight.reports.zone_notices(now)
            ],
            "glance": Glance.of(sources, targets, now),
            "silent": {each.name for each in sources if is_silent(each, now)},
            "sources": sources,
            "listing": oversight.calendars(like=like, after=after, most=_SHOWN_CALENDARS),
            "like": like,
            "after": after,
            "targets": targets,
            "held": oversight.held(),
            "rejected": None if rejected is None else rejected[:_SHOWN_REJECTED],
            "rejected_total": len(rejected or ()),
            "bars": bars_of(activity.hours),
            "most_lists": max((hour.lists for hour in activity.hours), default=0),
            "chart_width": WIDTH,
            "chart_height": HEIGHT,
            "requests": rows_of(activity.requests),
            "lags": rows_of((t.name, t.lag_seconds) for t in targets if t.lag_seconds is not None),
            "settings": oversight.reports.settings(),
        }
        return self.pages.render(request, "dashboard.html", context, headers=_HEADERS)

    async def rotate(self, request: Request) -> Response:
        """Answer `POST /rotate`."""
        fields = await self._meant(request)
        if fields is None:
            return self._done("expired")
        name = fields.get("calendar", "")
        kept = {key: fields[key] for key in ("like", "after") if fields.get(key)}
        if not fields.get("sure"):
            return self._done("unsure", **kept)
        try:
            await self.oversight.feeds.directory.rotate(name)
        except KeyError:
            return self._done("gone", **kept)
        except StoreUnavailable:
            return self._done("unavailable", **kept)
        self.live.ring()
        return self._done("rotated", about=name, **kept)

    async def approve(self, request: Request) -> Response:
        """Answer `POST /approve`."""
        fields = await self._meant(request)
        if fields is None:
            return self._done("expired")
        account = fields.get("account", "")
        try:
            await self.oversight.reports.approve(account, fields.get("digest", ""))
        except KeyError:
            return self._done("gone")
        except HeldListChanged:
            return self._done("changed")
        except (StoreUnavailable, StaleState):
            return self._done("unavailable")
        self.live.ring()
        return self._done("approved", about=account)

    async def events(self, request: Request) -> Response:
        """Answer `GET /live` with server-sent events."""
        if self.signin.session(request) is None or self.live.full:
            # 204 has the browser give up (WHATWG HTML, 9.2.1); the page stays as it is.
            return Response(status_code=204, headers=PAGE_HEADERS)
        headers = {**PAGE_HEADERS, "X-Accel-Buffering": "no"}
        if request.method == "HEAD":
            return Response(headers=headers, media_type="text/event-stream")
        return StreamingResponse(self.live.stream(), headers=headers, media_type="text/event-stream")

    async def _meant(self, request: Request) -> dict[str, str] | None:
        session = self.signin.session(request)
        return await self.signin.is_meant(request, session) if session else None

    def _done(self, what: str, **more: str) -> Response:
        return self.signin.moved(f"/?{urlencode({'done': what, **more})}")


@dataclass(frozen=True, slots=True)
class NoDashboard:
    """
    What stands at `/` while no admin token is set.
    """

    pages: Pages

    def routes(self) -> list[Route]:
        """Return the route of the page that says how to turn the dashboard on."""
        return [Route("/", self.page, methods=["GET"])]

    async def page(self, request: Request) -> Response:
        """Answer `GET /`."""
        return self.pages.render(request, "dashboard_off.html", {}, status_code=404)
