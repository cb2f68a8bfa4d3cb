"""
The administrator's site. Each page is complete without JavaScript; with JavaScript it updates itself.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.web.admin.calendars_page import rotate, send_links, show_calendars
from service.web.admin.conference_pages import find_conferences, show_conference
from service.web.admin.frame import AdminFrame
from service.web.admin.journal_page import show_journal
from service.web.admin.need_actions import make_need_forms
from service.web.admin.overview_page import show_overview
from service.web.admin.rooms_page import show_rooms
from service.web.admin.settings_page import show_settings
from service.web.admin.signin import SignIn
from service.web.admin.targets_page import show_targets
from service.web.live import Live, stream_events
from service.web.queries import AdminQueries
from service.web.renderer import PAGE_HEADERS, Pages


@dataclass(frozen=True, slots=True)
class Dashboard:
    """
    The pages behind the sign-in, and the sign-in.
    """

    queries: AdminQueries
    pages: Pages
    signin: SignIn
    live: Live

    def routes(self) -> list[Route]:
        """Return the routes of all pages, in the order of the navigation, and of the way in and out."""
        frame = AdminFrame(self.queries, self.pages, self.signin, self.live)
        return [
            frame.page("/", show_overview),
            frame.page("/rooms", show_rooms, "rooms"),
            frame.page("/calendars", show_calendars, "calendars"),
            frame.page("/calendars.csv", send_links, "calendars"),
            frame.page("/conferences", find_conferences, "conferences"),
            frame.page("/conferences/{server}/{id}", show_conference, "conferences"),
            frame.page("/targets", show_targets, "targets"),
            frame.page("/journal", show_journal, "journal"),
            frame.page("/settings", show_settings, "settings"),
            frame.form("/rotate", rotate, "/calendars"),
            *make_need_forms(frame),
            Route("/sign-in", self.signin.form, methods=["GET"]),
            Route("/sign-in", self.signin.sign_in, methods=["POST"]),
            Route("/sign-out", self.signin.sign_out, methods=["POST"]),
            Route("/live", self.events, methods=["GET"]),
        ]

    async def events(self, request: Request) -> Response:
        """Answer `GET /live` with server-sent events."""
        if await self.signin.session(request) is None:
            return Response(status_code=204, headers=PAGE_HEADERS)
        return stream_events(request, self.live)


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
