"""
`/`: what needs a person, then everything in a few numbers.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.core.errors import StoreUnavailable
from service.core.rejected import RejectedInput
from service.core.zone_notices import ZoneUnset, is_warning
from service.web.admin.conference_pages import conference_path
from service.web.admin.frame import AdminFrame
from service.web.admin.health_status import HealthSummary
from service.web.admin.sessions import AdminSession
from service.web.needs import NeedQueries, ShownNeed

_MOST_OF_A_KIND = 10
_SHOWN_RUNNING = 10


async def show_overview(frame: AdminFrame, request: Request, session: AdminSession) -> Response:
    """Answer `GET /`."""
    if frame.signin.arrives(request):
        return await frame.signin.welcome(request)
    if any(name in request.query_params for name in ("like", "after")):
        return frame.signin.redirect(f"/calendars?{urlencode(_sought(frame, request))}")
    try:
        rejected = list(await frame.queries.reports.load_rejected())
    except StoreUnavailable:
        rejected = None
    # In a thread: thousands of conferences take a while, and the loop must serve feeds meanwhile.
    return await run_in_threadpool(_render, frame, request, session, rejected)


def _sought(frame: AdminFrame, request: Request) -> dict[str, str]:
    """Return which calendars an address sought while all stood on one page: no text but of calendars."""
    queries = frame.queries
    like, after = (request.query_params.get(name, "") for name in ("like", "after"))
    sought = {"like": like} if like and queries.find_calendars(like) else {}
    return sought | ({"after": after} if after in queries.feeds.calendars else {})


def _render(
    frame: AdminFrame, request: Request, session: AdminSession, rejected: list[RejectedInput] | None
) -> Response:
    queries, pages = frame.queries, frame.pages
    now, exposure, status = queries.now(), queries.reports.exposure, queries.status()
    dates, needs, sources = pages.dates(request), NeedQueries(queries), queries.sources()
    gettext = pages.gettext(dates)
    found = needs.find(rejected or ())
    shown = _limit(needs.show(found, gettext, dates.moment))
    context: dict[str, Any] = {
        "status": status,
        "path": conference_path,
        "running": status.running[:_SHOWN_RUNNING],
        "exposure": exposure.describe(gettext) if exposure else "",
        "zone_notices": [
            (notice.describe(gettext), is_warning(notice))
            for notice in queries.zone_notices()
            if not isinstance(notice, ZoneUnset)
        ],
        "glance": HealthSummary.of(sources, queries.reports.targets(), now, queries.policy.quiet),
        "quiet": sum(each.quiet for each in sources),
        "needs": shown,
        "needs_total": len(found),
        "kept": [each for each in queries.list_held() if each.kept],
        "unread": rejected is None,
        "rejected_total": len(rejected or ()),
    }
    return frame.render(request, session, "overview.html", context)


def _limit(needs: Iterable[ShownNeed]) -> Sequence[ShownNeed]:
    """Return the first needs of each kind: hundreds of one must not hide what comes behind them."""
    seen: Counter[str] = Counter()
    shown = []
    for each in needs:
        seen[each.kind] += 1
        if seen[each.kind] <= _MOST_OF_A_KIND:
            shown.append(each)
    return shown
