"""
`/rooms`: how each source is doing, when lists arrived, and what of them was not understood.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.core.errors import StoreUnavailable
from service.core.quiet import NEVER_QUIET, QuietHours
from service.core.rejected import RejectedInput
from service.core.sources import SourceState
from service.core.state_words import EXPLAINED_BY_ERROR, explain_source, name_source
from service.core.vevent import Translate
from service.web.admin.frame import AdminFrame
from service.web.admin.health_status import Severity, is_silent, source_tone
from service.web.admin.paging import take_part
from service.web.admin.sessions import AdminSession
from service.web.admin.strip_drawing import Strips, draw_strips
from service.web.schemas import SourceView

_SHOWN = 40
_SHOWN_REJECTED = 50


@dataclass(frozen=True, slots=True)
class ShownSource:
    """
    A source as the page shows it.
    """

    view: SourceView
    tone: Severity
    state: str
    explanation: str
    """What is wrong, in the viewer's language; empty where its error says it."""

    error: str
    """What else is wrong, in English."""


async def show_rooms(frame: AdminFrame, request: Request, session: AdminSession) -> Response:
    """Answer `GET /rooms`."""
    try:
        rejected = list(await frame.queries.reports.load_rejected())
    except StoreUnavailable:
        rejected = None
    strips = await draw_strips(frame.queries)
    return await run_in_threadpool(_render, frame, request, session, rejected, strips)


def _render(
    frame: AdminFrame,
    request: Request,
    session: AdminSession,
    rejected: list[RejectedInput] | None,
    strips: Strips,
) -> Response:
    queries = frame.queries
    now, quiet, sources = queries.now(), queries.policy.quiet, queries.sources()
    dates = frame.pages.dates(request)
    gettext, english = frame.pages.gettext(dates), dates.locale.language == "en"
    part = take_part(sources, request.query_params.get("after", ""), _SHOWN, lambda each: each.name)
    context: dict[str, Any] = {
        "part": part,
        "strips": strips,
        "sources": [
            _show(each, now, quiet.get(each.name, NEVER_QUIET), gettext, english=english)
            for each in part.items
        ],
        "rejected": None if rejected is None else rejected[:_SHOWN_REJECTED],
        "rejected_total": len(rejected or ()),
    }
    return frame.render(request, session, "rooms.html", context)


def _show(
    view: SourceView, now: datetime, quiet: QuietHours, gettext: Translate, *, english: bool
) -> ShownSource:
    """Return a source in a viewer's words; in English the error says more than the state does."""
    if view.quiet:
        text = gettext("It is silent, as its quiet hours say: %(state)s.")
        text %= {"state": name_source(view.state, gettext)}
        return ShownSource(view, "", gettext("quiet by its hours"), text, "")
    state = SourceState.SILENT if is_silent(view, now, quiet) else view.state
    explanation = ""
    if view.error and not english:
        explanation = explain_source(view.state, view.place or view.name, gettext)
    quoted = not explanation or view.state in EXPLAINED_BY_ERROR
    tone = source_tone(view, now, quiet)
    return ShownSource(view, tone, name_source(state, gettext), explanation, view.error if quoted else "")
