"""
`GET /api/conferences`: the conferences that are in any calendar, and one of them.
"""

from starlette.requests import Request
from starlette.responses import Response

from service.core.conference import Key
from service.web.api.openapi import Operation, Parameter
from service.web.api.parameters import SMALL_NUMBER, find_odd
from service.web.api.problem import answer, problem
from service.web.conference_views import (
    FILTERS,
    MOST,
    ConferenceDetails,
    ConferencePage,
    ConferenceQueries,
    Filter,
)
from service.web.journal_views import LONGEST
from service.web.queries import AdminQueries

_USUAL = 50
_TEXT = {"type": "string", "maxLength": LONGEST, "pattern": "^[^\\x00]*$"}
_SEARCH = (
    Parameter("q", "query", "Words that begin words of topic, ID, owner or people.", _TEXT),
    Parameter("is", "query", "Only such conferences.", {"type": "string", "enum": list(FILTERS)}),
    Parameter("after", "query", "The `after` of the page before.", _TEXT),
    Parameter("limit", "query", "At most this many.", {"type": "integer", "minimum": 1, "maximum": MOST}),
)
_NAME = {"type": "string", "minLength": 1}
_PATH = (
    Parameter("server", "path", "The TrueConf server.", _NAME),
    Parameter("id", "path", "The ID of the conference.", _NAME),
)


def conference_operations(queries: AdminQueries) -> list[Operation]:
    """Return what the API does about conferences."""
    conferences = ConferenceQueries(queries)

    async def find(request: Request) -> Response:
        given = request.query_params
        odd = find_odd(request, _SEARCH)
        if odd is not None:
            return problem(
                422, "Send each of q, is, after and limit at most once, and nothing else.", field=odd
            )
        kind: Filter | None = next((each for each in FILTERS if each == given.get("is", "all")), None)
        if kind is None:
            return problem(422, f"Send one of {', '.join(FILTERS)}.", field="is")
        limit = given.get("limit", str(_USUAL))
        if not (SMALL_NUMBER.fullmatch(limit) and 1 <= int(limit) <= MOST):
            return problem(422, f"Send a limit from 1 to {MOST}.", field="limit")
        for name in ("q", "after"):
            if len(given.get(name, "")) > LONGEST or "\0" in given.get(name, ""):
                return problem(422, f"Send at most {LONGEST} characters, and no NUL.", field=name)
        return answer(await conferences.find(given.get("q", ""), kind, given.get("after", ""), int(limit)))

    async def describe(request: Request) -> Response:
        found = await conferences.describe(Key(request.path_params["server"], request.path_params["id"]))
        if found is None:
            return problem(
                404, "No account lists this conference; GET /api/conferences finds those there are."
            )
        return answer(found)

    return [
        Operation(
            "GET",
            "/conferences",
            "conferences",
            "The conferences that are in any calendar",
            find,
            ConferencePage,
            refusals=(422, 503),
            parameters=_SEARCH,
        ),
        Operation(
            "GET",
            "/conferences/{server}/{id}",
            "conference",
            "One conference, and why each calendar holds it or not",
            describe,
            ConferenceDetails,
            refusals=(404, 503),
            parameters=_PATH,
        ),
    ]
