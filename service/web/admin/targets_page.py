"""
`/targets`: how publishing to each CalDAV collection is doing.
"""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.core.state_words import explain_target
from service.core.target_state import TargetState
from service.web.admin.charts import chart_of
from service.web.admin.frame import AdminFrame
from service.web.admin.health_status import HealthSummary
from service.web.admin.paging import take_part
from service.web.admin.strip_drawing import draw_strips

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class TargetsPage:
    """
    The page of the targets, behind the sign-in.
    """

    frame: AdminFrame

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [Route("/targets", self.page, methods=["GET"])]

    async def page(self, request: Request) -> Response:
        """Answer `GET /targets`."""
        session = await self.frame.signin.session(request)
        if session is None:
            return await self.frame.signin.welcome(request, "targets")
        queries = self.frame.queries
        targets = queries.reports.targets()
        gettext = self.frame.pages.gettext(self.frame.pages.dates(request))
        lags = [(each.name, each.lag_seconds) for each in targets if each.lag_seconds is not None]
        context: dict[str, Any] = {
            "part": take_part(targets, request.query_params.get("after", ""), _SHOWN, lambda each: each.name),
            "strips": await draw_strips(queries),
            "glance": HealthSummary.of((), targets, queries.now(), queries.policy.quiet),
            "troubles": {each: explain_target(each, gettext) for each in TargetState},
            "lags": chart_of(lags),
        }
        return self.frame.render(request, session, "targets.html", context)
