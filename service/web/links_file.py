"""
The links of the calendars as a file for a spreadsheet: to be sent to the people, each their own.
"""

from starlette.responses import Response

from service.core.handout import write_handout
from service.core.spreadsheet import LINK_COLUMNS, write_csv
from service.language import LANGUAGES, translator
from service.web.queries import AdminQueries

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Disposition": 'attachment; filename="confcal-links.csv"',
    "X-Content-Type-Options": "nosniff",
}
_BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for a code page, and Cyrillic names for nonsense."""


def list_handouts(title: str, page_url: str) -> tuple[str, ...]:
    """Return the text to send with the page of a calendar, in each language. Raises CatalogueMissing."""
    return tuple(write_handout(translator(each), title, page_url) for each in LANGUAGES)


def answer_links(queries: AdminQueries, like: str) -> Response:
    """Answer with the links of all calendars whose name or title holds the text `like`."""
    urls = queries.feeds.addresses
    rows = (
        (
            each.name,
            title,
            urls.page_url(each.name),
            urls.feed_url(each.name),
            *list_handouts(title, urls.page_url(each.name)),
        )
        for each in queries.find_calendars(like)
        for title in (queries.feeds.directory.name_calendar(each),)
    )
    text = _BYTE_ORDER_MARK + write_csv(LINK_COLUMNS, rows)
    return Response(text, media_type="text/csv", headers=_HEADERS)
