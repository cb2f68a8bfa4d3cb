"""
`/targets`: how publishing to each CalDAV collection is doing.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from service.core.state_words import explain_target, name_target
from service.core.target_state import TargetState
from service.web.admin.charts import chart_of
from service.web.admin.frame import AdminFrame
from service.web.admin.health_status import HealthSummary
from service.web.admin.paging import take_part
from service.web.admin.sessions import AdminSession
from service.web.admin.strip_drawing import draw_strips

_SHOWN = 40


async def show_targets(frame: AdminFrame, request: Request, session: AdminSession) -> Response:
    """Answer `GET /targets`."""
    queries, gettext = frame.queries, frame.gettext(request)
    targets = queries.reports.targets()
    lags = [(each.name, each.lag_seconds) for each in targets if each.lag_seconds is not None]
    context: dict[str, Any] = {
        "part": take_part(targets, request.query_params.get("after", ""), _SHOWN, lambda each: each.name),
        "strips": await draw_strips(queries),
        "glance": HealthSummary.of((), targets, queries.now(), queries.policy.quiet),
        "words": {each: name_target(each, gettext) for each in TargetState},
        "troubles": {each: explain_target(each, gettext) for each in TargetState},
        "lags": chart_of(lags),
    }
    return frame.render(request, session, "targets.html", context)
