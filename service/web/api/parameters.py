"""
The parameters that operations of the API take.
"""

import re
from collections.abc import Sequence

from starlette.requests import Request

from service.web.api.openapi import Parameter

MOST = 200
USUAL = 50
SMALL_NUMBER = re.compile("[0-9]{1,3}")

NAME = {"type": "string", "minLength": 1}
LISTING = (
    Parameter("like", "query", "Only calendars whose name or title holds this text.", {"type": "string"}),
    Parameter("after", "query", "Only calendars behind the one of this name.", {"type": "string"}),
    Parameter("limit", "query", "At most this many.", {"type": "integer", "minimum": 1, "maximum": MOST}),
)
LOOKED_AT = Parameter(
    "digest", "query", "Only where this is still the digest of the held list, as GET /held gave it.", NAME
)
EVENT = {
    "type": "object",
    "description": "A conferenceList event or a getScheduler reply of TrueConf.",
    "properties": {"conferences": {"type": "array", "items": {"type": "object"}}},
    "required": ["conferences"],
}


def find_odd(request: Request, known: Sequence[Parameter]) -> str | None:
    """Return the name of a query parameter that is unknown or given twice."""
    names = {parameter.name for parameter in known}
    given = [name for name, _ in request.query_params.multi_items()]
    return next((name for name in given if name not in names or given.count(name) > 1), None)
