"""
`/conferences`: find a conference, and see why each calendar holds it or not.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from service.core.conference import Key
from service.core.errors import StoreUnavailable
from service.web.admin.frame import AdminFrame
from service.web.admin.sessions import AdminSession
from service.web.conference_views import FILTERS, ConferencePage, ConferenceQueries, Filter
from service.web.journal_views import LONGEST

_SHOWN = 50
_WEEK = timedelta(days=7)


async def find_conferences(frame: AdminFrame, request: Request, session: AdminSession) -> Response:
    """Answer `GET /conferences`."""
    given = request.query_params
    text, after = (given.get(name, "").replace("\0", "")[:LONGEST] for name in ("q", "after"))
    kind: Filter = next((each for each in FILTERS if each == given.get("is")), "all")
    broken, found = False, ConferencePage((), "")
    try:
        found = await ConferenceQueries(frame.queries).find(text, kind, after, _SHOWN)
    except StoreUnavailable:
        broken = True
    # Nothing that only the address says is shown: what is sought only where something is found.
    shown = text if found.conferences else ""
    kept = {name: value for name, value in (("q", shown), ("is", kind)) if value and value != "all"}
    context: dict[str, Any] = {
        "found": found,
        "text": shown,
        "kind": kind,
        "filters": FILTERS,
        "broken": broken,
        "path": conference_path,
        "next_page": urlencode({**kept, "after": found.after}) if found.after else "",
        "first_page": urlencode(kept),
        "paged": bool(after) and bool(found.conferences),
    }
    return frame.render(request, session, "conferences.html", context, kept=kept)


async def show_conference(frame: AdminFrame, request: Request, session: AdminSession) -> Response:
    """Answer `GET /conferences/{server}/{id}`."""
    key, found = Key(request.path_params["server"], request.path_params["id"]), None
    try:
        found = await ConferenceQueries(frame.queries).describe(key)
    except StoreUnavailable:
        return frame.lead_back("/conferences", "unavailable")
    status, dates = 200 if found else 404, frame.pages.dates(request)
    week = [dates.local(each) for each in found.next if each - found.next[0] < _WEEK] if found else []
    disputes = frame.queries.disputes() if found else []
    context: dict[str, Any] = {
        "found": found,
        "weekdays": dates.weekdays(sorted({each.weekday() for each in week})),
        "dispute": next((each for each in disputes if (each.server, each.id) == (key.server, key.id)), None),
    }
    return frame.render(request, session, "conference.html", context, status_code=status)


def conference_path(server: str, id_: str) -> str:
    """Return the path of a conference's page, below the root."""
    return f"/conferences/{quote(server, safe='')}/{quote(id_, safe='')}"
