"""
`/rooms`: how each source is doing, when lists arrived, and what of them was not understood.
"""

from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.core.errors import StoreUnavailable
from service.core.quiet import NEVER_QUIET
from service.web.admin.frame import AdminFrame
from service.web.admin.health_status import HealthSummary, is_silent
from service.web.admin.paging import take_part
from service.web.admin.sessions import AdminSession
from service.web.admin.strip_drawing import Strips, draw_strips
from service.web.schemas import RejectedView

_SHOWN = 40
_SHOWN_REJECTED = 50


@dataclass(frozen=True, slots=True)
class RoomsPage:
    """
    The page of the sources, behind the sign-in.
    """

    frame: AdminFrame

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [Route("/rooms", self.page, methods=["GET"])]

    async def page(self, request: Request) -> Response:
        """Answer `GET /rooms`."""
        session = await self.frame.signin.session(request)
        if session is None:
            return await self.frame.signin.welcome(request, "rooms")
        try:
            rejected = list(await self.frame.queries.reports.load_rejected())
        except StoreUnavailable:
            rejected = None
        strips = await draw_strips(self.frame.queries)
        return await run_in_threadpool(self._render, request, session, rejected, strips)

    def _render(
        self,
        request: Request,
        session: AdminSession,
        rejected: list[RejectedView] | None,
        strips: Strips,
    ) -> Response:
        queries = self.frame.queries
        now, quiet, sources = queries.now(), queries.policy.quiet, queries.sources()
        part = take_part(sources, request.query_params.get("after", ""), _SHOWN, lambda each: each.name)
        context: dict[str, Any] = {
            "part": part,
            "strips": strips,
            "glance": HealthSummary.of(sources, (), now, quiet),
            "silent": {
                each.name for each in part.items if is_silent(each, now, quiet.get(each.name, NEVER_QUIET))
            },
            "rejected": None if rejected is None else rejected[:_SHOWN_REJECTED],
            "rejected_total": len(rejected or ()),
        }
        return self.frame.render(request, session, "rooms.html", context)
