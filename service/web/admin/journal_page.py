"""
`/journal`: what happened, with filters, page by page.
"""

from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from service.core.errors import StoreUnavailable
from service.core.journal import PEOPLE_FIELDS, Happening
from service.core.schedule import Weekday
from service.core.sources import SourceState
from service.core.state_words import name_source, name_target
from service.core.target_state import TargetState
from service.core.vevent import Translate
from service.web.admin.conference_pages import conference_path
from service.web.admin.frame import AdminFrame
from service.web.admin.sessions import AdminSession
from service.web.dates import Dates
from service.web.journal_views import (
    JournalEntryView,
    JournalPage,
    JournalQueryRefused,
    parse_query,
    to_page,
)

_SHOWN = 100
_FILTERS = ("event", "source", "conference", "since")


async def show_journal(frame: AdminFrame, request: Request, session: AdminSession) -> Response:
    """Answer `GET /journal`."""
    given = {name: request.query_params.get(name, "").strip() for name in (*_FILTERS, "before")}
    refused, journal, dates = "", JournalPage((), None), frame.pages.dates(request)
    gettext = frame.pages.gettext(dates)
    try:
        since = _to_zone(given["since"], dates.zone)
        query = parse_query({**given, "since": since, "limit": str(_SHOWN + 1)})
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
        "path": conference_path,
        "say": partial(_say, dates=dates, gettext=gettext),
        "refused": refused,
        "events": [each.value for each in Happening],
        "sources": [each.name for each in frame.queries.reports.sources()],
        "older": urlencode({**kept, "before": journal.before}) if journal.before else "",
        "newest": urlencode(kept),
        "paged": bool(given["before"]) and not refused,
    }
    return frame.render(request, session, "journal.html", context, kept=kept)


def _to_zone(text: str, zone: ZoneInfo) -> str:
    """Return a moment that was picked in a viewer's zone with this zone; anything else as it is."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment.isoformat() if moment.tzinfo else moment.replace(tzinfo=zone).isoformat()
    return text


def _say(entry: JournalEntryView, name: str, text: str, *, dates: Dates, gettext: Translate) -> str:
    """Return the text of a field of an entry in the viewer's words and zone."""
    match name:
        case "start" | "until":
            with suppress(ValueError):
                return dates.moment(datetime.fromisoformat(text))
        case "days":
            named = [day.value for day in Weekday for each in text.split(",") if day.name[:2] == each]
            return dates.weekdays(named)
        case "schedule":
            kinds = {"once": gettext("once"), "week": gettext("every week"), "none": gettext("no schedule")}
            return kinds.get(text, text)
        case "state":
            # Some words are states of both, and mean something else of each.
            targets = {each.value: name_target(each, gettext) for each in TargetState}
            sources = {each.value: name_source(each, gettext) for each in SourceState}
            return (targets if entry.target else sources).get(text, text)
        case _:
            pass
    return text
