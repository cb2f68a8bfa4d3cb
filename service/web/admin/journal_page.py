"""
`/journal`: what happened, with filters, page by page.
"""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from service.core.errors import StoreUnavailable
from service.core.journal import PEOPLE_FIELDS, Happening
from service.web.admin.frame import AdminFrame
from service.web.admin.sessions import AdminSession
from service.web.journal_views import JournalPage, JournalQueryRefused, parse_query, to_page

_SHOWN = 100
_FILTERS = ("event", "source", "conference", "since")


async def show_journal(frame: AdminFrame, request: Request, session: AdminSession) -> Response:
    """Answer `GET /journal`."""
    given = {name: request.query_params.get(name, "").strip() for name in (*_FILTERS, "before")}
    refused, journal = "", JournalPage((), None)
    try:
        query = parse_query({**given, "limit": str(_SHOWN + 1)})
        entries = list(await frame.queries.reports.read_journal(query))
        journal = to_page(entries, _SHOWN, frame.queries.names)
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
        "sources": [each.name for each in frame.queries.reports.sources()],
        "older": urlencode({**kept, "before": journal.before}) if journal.before else "",
        "newest": urlencode(kept),
        "paged": bool(given["before"]) and not refused,
    }
    return frame.render(request, session, "journal.html", context, kept=kept)
