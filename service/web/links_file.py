"""
The links of the calendars as a file for a spreadsheet: to be sent to the people, each their own.
"""

from starlette.responses import Response

from service.core.spreadsheet import LINK_COLUMNS, write_csv
from service.web.queries import AdminQueries

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Disposition": 'attachment; filename="confcal-links.csv"',
    "X-Content-Type-Options": "nosniff",
}
_BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for a code page, and Cyrillic names for nonsense."""


def answer_links(queries: AdminQueries, like: str) -> Response:
    """Answer with the links of all calendars whose name or title holds the text `like`."""
    urls = queries.feeds.addresses
    rows = (
        (each.name, each.title, urls.page_url(each.name), urls.feed_url(each.name))
        for each in queries.find_calendars(like)
    )
    text = _BYTE_ORDER_MARK + write_csv(LINK_COLUMNS, rows)
    return Response(text, media_type="text/csv", headers=_HEADERS)
