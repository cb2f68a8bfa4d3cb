"""
`/`: what needs a person, then everything in a few numbers.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.core.errors import StoreUnavailable
from service.core.zone_notices import ZoneUnset, is_warning
from service.web.admin.frame import AdminFrame
from service.web.admin.health_status import HealthSummary
from service.web.admin.sessions import AdminSession
from service.web.needs import NeedQueries, ShownNeed
from service.web.schemas import RejectedView

_MOST_OF_A_KIND = 10
_SHOWN_RUNNING = 10


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """
    The page that whoever signs in sees first.
    """

    frame: AdminFrame

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [Route("/", self.page, methods=["GET"])]

    async def page(self, request: Request) -> Response:
        """Answer `GET /`."""
        signin = self.frame.signin
        session = await signin.session(request)
        if session is None or signin.arrives(request):
            return await signin.welcome(request)
        if any(name in request.query_params for name in ("like", "after")):
            return signin.redirect(f"/calendars?{urlencode(self._sought(request))}")
        try:
            rejected = list(await self.frame.queries.reports.load_rejected())
        except StoreUnavailable:
            rejected = None
        # In a thread: thousands of conferences take a while, and the loop must serve feeds meanwhile.
        return await run_in_threadpool(self._render, request, session, rejected)

    def _sought(self, request: Request) -> dict[str, str]:
        """Return which calendars an address sought while all stood on one page: no text but of calendars."""
        queries = self.frame.queries
        like, after = (request.query_params.get(name, "") for name in ("like", "after"))
        sought = {"like": like} if like and queries.find_calendars(like) else {}
        return sought | ({"after": after} if after in queries.feeds.calendars else {})

    def _render(
        self, request: Request, session: AdminSession, rejected: list[RejectedView] | None
    ) -> Response:
        queries, pages = self.frame.queries, self.frame.pages
        now, exposure, status = queries.now(), queries.reports.exposure, queries.status()
        dates, needs, sources = pages.dates(request), NeedQueries(queries), queries.sources()
        gettext = pages.gettext(dates)
        found = needs.find(rejected or ())
        shown = _limit(needs.show(found, gettext, dates.moment))
        context: dict[str, Any] = {
            "status": status,
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
        return self.frame.render(request, session, "overview.html", context)


def _limit(needs: Iterable[ShownNeed]) -> Sequence[ShownNeed]:
    """Return the first needs of each kind: hundreds of one must not hide what comes behind them."""
    seen: Counter[str] = Counter()
    shown = []
    for each in needs:
        seen[each.kind] += 1
        if seen[each.kind] <= _MOST_OF_A_KIND:
            shown.append(each)
    return shown
