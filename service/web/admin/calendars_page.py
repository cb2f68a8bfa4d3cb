"""
`/calendars`: the calendars with their links, found by name, and the button that replaces a link.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.core.errors import StoreUnavailable
from service.language import LANGUAGES
from service.web.admin.charts import chart_of
from service.web.admin.frame import AdminFrame
from service.web.admin.sessions import AdminSession
from service.web.links_file import answer_links, list_handouts

log = structlog.get_logger()

_SHOWN = 25
_PATH = "/calendars"


async def show_calendars(frame: AdminFrame, request: Request, session: AdminSession) -> Response:
    """Answer `GET /calendars`."""
    # In a thread: the events of large calendars take a while to count.
    return await run_in_threadpool(_render, frame, request, session)


def _render(frame: AdminFrame, request: Request, session: AdminSession) -> Response:
    queries, query = frame.queries, request.query_params
    like, after = query.get("like", ""), query.get("after", "")
    listing = queries.calendars(like=like, after=after, most=_SHOWN)
    # The page shows no text from its address: a search text only if a calendar has that name.
    like = like if listing.total else ""
    after = after if after in queries.feeds.calendars else ""
    context: dict[str, Any] = {
        "listing": listing,
        "texts": {
            each.name: tuple(zip(LANGUAGES, list_handouts(each.display_name, each.page_url), strict=True))
            for each in listing.calendars
        },
        "like": like,
        "after": after,
        "requests": chart_of(
            {queries.names.describe(name): count for name, count in queries.activity().requests.items()}
        ),
    }
    kept = {name: value for name, value in (("like", like), ("after", after)) if value}
    return frame.render(request, session, "calendars.html", context, kept=kept)


async def send_links(frame: AdminFrame, request: Request, _session: AdminSession) -> Response:
    """Answer `GET /calendars.csv` with the links of the calendars."""
    like = request.query_params.get("like", "")
    return await run_in_threadpool(answer_links, frame.queries, like)


async def rotate(
    frame: AdminFrame, request: Request, session: AdminSession, fields: Mapping[str, str]
) -> Response:
    """Answer `POST /rotate`."""
    queries = frame.queries
    name = fields.get("calendar", "")
    kept = {key: fields[key] for key in ("like", "after") if fields.get(key)}
    if not fields.get("sure"):
        return frame.lead_back(_PATH, "unsure", **kept)
    rotations = str(queries.feeds.directory.generation(name))
    if fields.get("rotations", rotations) != rotations:
        # Of a page that shows the link before: somebody may have handed out the one after it.
        return frame.lead_back(_PATH, "gone", **kept)
    try:
        await queries.feeds.directory.rotate(name, queries.now())
    except KeyError:
        return frame.lead_back(_PATH, "gone", **kept)
    except StoreUnavailable:
        return frame.lead_back(_PATH, "unavailable", **kept)
    network = frame.signin.network(request)
    log.info("web.link_replaced", calendar=name, way="dashboard", network=network)
    frame.live.notify()
    return frame.keep_done(frame.lead_back(_PATH, "rotated", **kept), session, done="rotated", about=name)
