"""
`/`: the dashboard. It is complete without JavaScript; with JavaScript it updates itself.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.core.errors import HeldListChanged, StaleState, StoreUnavailable, UnknownName
from service.core.zone_notices import ZoneUnset, is_warning
from service.web.admin.charts import HEIGHT, WIDTH, bars_of, rows_of
from service.web.admin.flash import Flash
from service.web.admin.health_status import NEVER_QUIET, HealthSummary, is_silent
from service.web.admin.need_actions import MADE, NOT_MADE
from service.web.admin.sessions import AdminSession
from service.web.admin.signin import SignIn
from service.web.admin.strip_drawing import Strips, draw_strips
from service.web.live import Live, stream_events
from service.web.needs import NeedQueries
from service.web.queries import AdminQueries
from service.web.renderer import PAGE_HEADERS, Pages
from service.web.schemas import RejectedView

log = structlog.get_logger()

_SHOWN_CALENDARS = 25
_SHOWN_REJECTED = 50

_HEADERS = {
    "Content-Security-Policy": f"{PAGE_HEADERS['Content-Security-Policy']}; connect-src 'self'",
}
_NAMING = frozenset({"rotated", "approved", "kept"}) | MADE
"""What was done to something; said only where this session did it."""

_DECIDED = {"approved": "web.list_approved", "kept": "web.list_kept"}
_NOTHING_DONE = frozenset({"unsure", "changed", "expired", "gone", "unavailable"}) | NOT_MADE


@dataclass(frozen=True, slots=True)
class Dashboard:
    """
    The pages behind the sign-in.
    """

    queries: AdminQueries
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
            Route("/keep", self.keep, methods=["POST"]),
            Route("/live", self.events, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """Answer `GET /`."""
        session = await self.signin.session(request)
        if session is None or self.signin.arrives(request):
            return await self.signin.welcome(request)
        try:
            rejected = list(await self.queries.reports.load_rejected())
        except StoreUnavailable:
            rejected = None
        # In a thread: calendars of thousands take a while, and the loop must serve feeds meanwhile.
        strips = await draw_strips(self.queries)
        return await run_in_threadpool(self._render, request, session, rejected, strips)

    def _render(
        self,
        request: Request,
        session: AdminSession,
        rejected: list[RejectedView] | None,
        strips: Strips,
    ) -> Response:
        queries, query = self.queries, request.query_params
        like, after = query.get("like", ""), query.get("after", "")
        listing = queries.calendars(like=like, after=after, most=_SHOWN_CALENDARS)
        # The page shows no text from its address: a search text only if a calendar has that name.
        like = like if listing.total else ""
        after = after if after in queries.feeds.calendars else ""
        done, about = self._read_flash(request, session)
        activity = queries.activity()
        sources, targets = queries.reports.sources(), queries.reports.targets()
        now, quiet = queries.now(), queries.policy.quiet
        exposure, addresses = queries.reports.exposure, queries.feeds.addresses
        dates, needs = self.pages.dates(request), NeedQueries(queries)
        gettext = self.pages.gettext(dates)
        context: dict[str, Any] = {
            "now": now,
            "form_token": self.signin.sessions.form_token(session),
            "done": done,
            "about": about,
            "new_link": addresses.page_url(about) if about in addresses.tokens else "",
            "status": queries.status(),
            "exposure": exposure.describe(gettext) if exposure else "",
            "zone_notices": [
                (notice.describe(gettext), is_warning(notice))
                for notice in queries.reports.zone_notices(now)
                if not isinstance(notice, ZoneUnset)
            ],
            "glance": HealthSummary.of(sources, targets, now, quiet),
            "silent": {
                each.name for each in sources if is_silent(each, now, quiet.get(each.name, NEVER_QUIET))
            },
            "sources": sources,
            "strips": strips,
            "listing": listing,
            "like": like,
            "after": after,
            "targets": targets,
            "needs": needs.show(needs.find(rejected or ()), gettext, dates.moment),
            "kept": [each for each in queries.list_held() if each.kept],
            "rejected": None if rejected is None else rejected[:_SHOWN_REJECTED],
            "rejected_total": len(rejected or ()),
            "bars": bars_of(activity.hours),
            "most_lists": max((hour.lists for hour in activity.hours), default=0),
            "chart_width": WIDTH,
            "chart_height": HEIGHT,
            "requests": rows_of(activity.requests),
            "lags": rows_of((t.name, t.lag_seconds) for t in targets if t.lag_seconds is not None),
            "settings": queries.reports.settings(),
        }
        kept = {name: value for name, value in (("like", like), ("after", after)) if value}
        response = self.pages.render(request, "dashboard.html", context, headers=_HEADERS, kept=kept)
        if done in _NAMING:
            self._flash.drop(response)
        return response

    @property
    def _flash(self) -> Flash:
        return Flash(self.signin.sessions, self.pages.root or "/", self.signin.secure)

    def _read_flash(self, request: Request, session: AdminSession) -> tuple[str, str]:
        """Return what this session did last, and to what; nothing if another session did it."""
        done = request.query_params.get("done", "")
        if done in _NAMING:
            about = self._flash.about(request, session, done=done)
            return (done, about) if about is not None else ("", "")
        return (done if done in _NOTHING_DONE else "", "")

    async def rotate(self, request: Request) -> Response:
        """Answer `POST /rotate`."""
        meant = await self._read_form(request)
        if meant is None:
            return self._redirect("expired")
        session, fields = meant
        name = fields.get("calendar", "")
        kept = {key: fields[key] for key in ("like", "after") if fields.get(key)}
        if not fields.get("sure"):
            return self._redirect("unsure", **kept)
        try:
            await self.queries.feeds.directory.rotate(name, self.queries.now())
        except KeyError:
            return self._redirect("gone", **kept)
        except StoreUnavailable:
            return self._redirect("unavailable", **kept)
        network = self.signin.network(request)
        log.info("web.link_replaced", calendar=name, way="dashboard", network=network)
        self.live.notify()
        response = self._redirect("rotated", **kept)
        self._flash.keep(response, session, done="rotated", about=name)
        return response

    async def approve(self, request: Request) -> Response:
        """Answer `POST /approve`."""
        return await self._decide(request, self.queries.reports.approve, "approved")

    async def keep(self, request: Request) -> Response:
        """Answer `POST /keep`."""
        return await self._decide(request, self.queries.reports.keep, "kept")

    async def _decide(
        self, request: Request, decide: Callable[[str, str | None], Awaitable[int]], done: str
    ) -> Response:
        """Have a held list applied or kept, as the form that was looked at says."""
        meant = await self._read_form(request)
        if meant is None:
            return self._redirect("expired")
        session, fields = meant
        account = fields.get("account", "")
        try:
            number = await decide(account, fields.get("digest", ""))
        except UnknownName:
            return self._redirect("gone")
        except HeldListChanged:
            return self._redirect("changed")
        except (StoreUnavailable, StaleState):
            return self._redirect("unavailable")
        network = self.signin.network(request)
        counted = {"removed" if done == "approved" else "kept": number}
        log.info(_DECIDED[done], account=account, **counted, way="dashboard", network=network)
        self.live.notify()
        response = self._redirect(done)
        self._flash.keep(response, session, done=done, about=account)
        return response

    async def events(self, request: Request) -> Response:
        """Answer `GET /live` with server-sent events."""
        if await self.signin.session(request) is None:
            return Response(status_code=204, headers=PAGE_HEADERS)
        return stream_events(request, self.live)

    async def _read_form(self, request: Request) -> tuple[AdminSession, dict[str, str]] | None:
        """Return the session and its form's fields; None if no page of the session sent them."""
        session = await self.signin.session(request)
        fields = await self.signin.is_meant(request, session) if session else None
        return (session, fields) if session and fields is not None else None

    def _redirect(self, what: str, **more: str) -> Response:
        return self.signin.redirect(f"/?{urlencode({'done': what, **more})}")


@dataclass(frozen=True, slots=True)
class NoDashboard:
    """
    The page at `/` while no admin token is set.
    """

    pages: Pages

    def routes(self) -> list[Route]:
        """Return the route of the page that says how to turn the dashboard on."""
        return [Route("/", self.page, methods=["GET"])]

    async def page(self, request: Request) -> Response:
        """Answer `GET /`."""
        return self.pages.render(request, "dashboard_off.html", {}, status_code=404)
