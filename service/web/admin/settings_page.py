"""
`/settings`: the settings in effect, and the process that has them.
"""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.web.admin.frame import AdminFrame
from service.web.admin.paging import take_part
from service.web.admin.sessions import AdminSession

_SHOWN = 200


async def show_settings(frame: AdminFrame, request: Request, session: AdminSession) -> Response:
    """Answer `GET /settings`."""
    # In a thread: thousands of calendars with rules have ten times as many settings.
    return await run_in_threadpool(_render, frame, request, session)


def _render(frame: AdminFrame, request: Request, session: AdminSession) -> Response:
    queries, after = frame.queries, request.query_params.get("after", "")
    settings = queries.reports.settings()
    given = [each for each in settings if each.given]
    defaults = [each for each in settings if not each.given]
    context: dict[str, Any] = {
        "status": queries.status(),
        "part": take_part(given, after, _SHOWN, lambda each: each.name),
        "defaults": defaults[:_SHOWN],
        "more_defaults": max(0, len(defaults) - _SHOWN),
    }
    return frame.render(request, session, "settings.html", context)
