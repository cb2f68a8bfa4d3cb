"""
`/journal`: what happened, with filters, page by page.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.core.errors import StoreUnavailable
from service.core.journal import PEOPLE_FIELDS, Happening
from service.web.admin.frame import AdminFrame
from service.web.journal_views import JournalPage, JournalQueryRefused, parse_query, to_page

_SHOWN = 100
_FILTERS = ("event", "source", "conference", "since")


@dataclass(frozen=True, slots=True)
class JournalPages:
    """
    The page of the journal, behind the sign-in.
    """

    frame: AdminFrame

    def routes(self) -> list[Route]:
        """Return the route of the page."""
        return [Route("/journal", self.page, methods=["GET"])]

    async def page(self, request: Request) -> Response:
        """Answer `GET /journal`."""
        session = await self.frame.signin.session(request)
        if session is None:
            return await self.frame.signin.welcome(request, "journal")
        given = {name: request.query_params.get(name, "").strip() for name in (*_FILTERS, "before")}
        refused, journal = "", JournalPage((), None)
        try:
            query = parse_query({**given, "limit": str(_SHOWN + 1)})
            entries = list(await self.frame.queries.reports.read_journal(query))
            journal = to_page(entries, _SHOWN, self.frame.queries.names)
        except JournalQueryRefused as error:
            refused = error.field
        except StoreUnavailable:
            refused = "database"
        filters = {name: given[name] for name in _FILTERS}
        kept = {name: value for name, value in filters.items() if value} if not refused else {}
        context: dict[str, Any] = {
            "journal": journal,
            "filters": filters if not refused else dict.fromkeys(_FILTERS, ""),
            "people_fields": PEOPLE_FIELDS,
            "refused": refused,
            "events": [each.value for each in Happening],
            "sources": [each.name for each in self.frame.queries.reports.sources()],
            "older": urlencode({**kept, "before": journal.before}) if journal.before else "",
            "newest": urlencode(kept),
            "paged": bool(given["before"]) and not refused,
        }
        return self.frame.render(request, session, "journal.html", context, kept=kept)
