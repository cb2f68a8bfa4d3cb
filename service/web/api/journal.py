"""
`GET /api/journal`: what happened. `GET /api/strips`: the last 24 hours of sources and targets.
"""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from service.core.journal import Happening
from service.web.api.openapi import Operation, Parameter
from service.web.api.parameters import find_odd
from service.web.api.problem import answer, problem
from service.web.journal_views import (
    GREATEST,
    LONGEST,
    MOST,
    JournalPage,
    JournalQueryRefused,
    parse_query,
    to_page,
)
from service.web.queries import AdminQueries
from service.web.strips import StripView, read_strips

_TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[^\\x00]+$"}
_EVENT = {"type": "string", "enum": [each.value for each in Happening]}
_MOMENT = {"type": "string", "format": "date-time"}
_NUMBER = {"type": "integer", "minimum": 1, "maximum": GREATEST}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": MOST}

_PARAMETERS = (
    Parameter("event", "query", "Only these events.", _EVENT),
    Parameter("source", "query", "Only of this source.", _TEXT),
    Parameter("account", "query", "Only of this account.", _TEXT),
    Parameter("server", "query", "Only of conferences of this server.", _TEXT),
    Parameter("conference", "query", "Only of the conference with this ID.", _TEXT),
    Parameter("target", "query", "Only of this target.", _TEXT),
    Parameter("calendar", "query", "Only of this calendar.", _TEXT),
    Parameter("since", "query", "Not before this moment.", _MOMENT),
    Parameter("until", "query", "Before this moment.", _MOMENT),
    Parameter("before", "query", "The `before` of the page before.", _NUMBER),
    Parameter("limit", "query", "At most this many.", _LIMIT),
)


def journal_operation(queries: AdminQueries) -> Operation:
    """Return the operations of the API on the journal."""

    async def read(request: Request) -> Response:
        odd = find_odd(request, _PARAMETERS)
        if odd is not None:
            return problem(422, "Send each filter at most once, and nothing else.", field=odd)
        given = dict(request.query_params)
        empty = next((name for name, value in given.items() if not value), None)
        if empty is not None:
            return problem(422, "Leave out what is not asked for.", field=empty)
        try:
            query = parse_query(given)
        except JournalQueryRefused as refused:
            return problem(422, str(refused), field=refused.field)
        entries = await queries.reports.read_journal(replace(query, limit=query.limit + 1))
        return answer(to_page(list(entries), query.limit, queries.names))

    return Operation(
        "GET",
        "/journal",
        "journal",
        "What happened, the newest first",
        read,
        JournalPage,
        refusals=(422, 503),
        parameters=_PARAMETERS,
    )


def strips_operation(queries: AdminQueries) -> Operation:
    """Return the operation of the API on the strips."""

    async def read(_request: Request) -> Response:
        return answer(await read_strips(queries))

    summary = "The last 24 hours of each source and target, by half hours"
    return Operation("GET", "/strips", "strips", summary, read, list[StripView], refusals=(503,))
