"""
`GET /api/strips`: the last 24 hours of sources and targets.
"""

from starlette.requests import Request
from starlette.responses import Response

from service.web.api.openapi import Operation
from service.web.api.problem import answer
from service.web.queries import AdminQueries
from service.web.strips import StripView, read_strips


def strips_operation(queries: AdminQueries) -> Operation:
    """Return the operation of the API on the strips."""

    async def read(_request: Request) -> Response:
        return answer(await read_strips(queries))

    summary = "The last 24 hours of each source and target, by half hours"
    return Operation("GET", "/strips", "strips", summary, read, list[StripView], refusals=(503,))
