"""
`/settings`: the settings in effect, and the process that has them.
"""

from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.web.admin.frame import AdminFrame
from service.web.admin.paging import take_part
from service.web.admin.sessions import AdminSession

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """
    The page of the settings, behind the sign-in.
    """

    frame: AdminFrame

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [Route("/settings", self.page, methods=["GET"])]

    async def page(self, request: Request) -> Response:
        """Answer `GET /settings`."""
        session = await self.frame.signin.session(request)
        if session is None:
            return await self.frame.signin.welcome(request, "settings")
        # In a thread: thousands of calendars with rules have ten times as many settings.
        return await run_in_threadpool(self._render, request, session)

    def _render(self, request: Request, session: AdminSession) -> Response:
        queries, after = self.frame.queries, request.query_params.get("after", "")
        settings = queries.reports.settings()
        given = [each for each in settings if each.given]
        defaults = [each for each in settings if not each.given]
        context: dict[str, Any] = {
            "status": queries.status(),
            "part": take_part(given, after, _SHOWN, lambda each: each.name),
            "defaults": defaults[:_SHOWN],
            "more_defaults": max(0, len(defaults) - _SHOWN),
        }
        return self.frame.render(request, session, "settings.html", context)
