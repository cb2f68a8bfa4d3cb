"""
The OpenAPI 3.1 document, made from the same table as the routes.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from service.web.api.ingest import MOST_BYTES
from service.web.api.problem import MEDIA_TYPE, Problem

Handler = Callable[[Request], Awaitable[Response]]
Json = dict[str, Any]

_REF = "#/components/schemas/{name}"

_WORDS = {
    400: "The body is not JSON, not gzip, or ends early.",
    401: "The bearer token is missing or wrong.",
    404: "There is none of this name.",
    405: "The path has other methods; Allow names them.",
    409: "What is there is not what was looked at, or cannot be used as it is.",
    413: f"The body is larger than {MOST_BYTES // 2**20} MiB, unpacked.",
    415: "The body is neither application/json nor packed with gzip.",
    422: "What was sent is understood, but cannot be used.",
    429: "Too many wrong tokens came from this network, or too many events of this source.",
    503: "The database cannot be used at the moment.",
}
_RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_CHALLENGE = {"WWW-Authenticate": {"description": "RFC 6750.", "schema": {"type": "string"}}}
_HEADERS: Mapping[int, Json] = {401: _CHALLENGE, 429: _RETRY, 503: _RETRY}


@dataclass(frozen=True, slots=True)
class Parameter:
    """
    One parameter of an operation.
    """

    name: str
    place: Literal["path", "query"]
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One thing that the API does.
    """

    method: Literal["GET", "POST"]
    path: str
    """Below `/api`."""

    name: str
    summary: str
    handler: Handler
    gives: Any
    """The type of the good answer; None for a JSON object that is described elsewhere."""

    good: int = 200
    refusals: Sequence[int] = ()
    """The statuses that may answer instead, each with a problem."""

    parameters: Sequence[Parameter] = ()
    takes: Mapping[str, Any] | None = None
    """The schema of the body."""

    secured: bool = True


def document(operations: Sequence[Operation], *, version: str, url: str) -> Json:
    """Return the OpenAPI document of these operations, served at `url`."""
    types = [Problem, *(each.gives for each in operations if each.gives is not None)]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    by_type = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, Json] = {}
    for each in operations:
        paths.setdefault(f"/api{each.path}", {})[each.method.lower()] = _describe(each, by_type)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "confcal",
            "version": version,
            "description": "What the administrator's dashboard shows and does.",
        },
        "servers": [{"url": url}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _describe(operation: Operation, by_type: Mapping[str, Json]) -> Json:
    given = {"type": "object"} if operation.gives is None else by_type[repr(operation.gives)]
    responses: Json = {
        str(operation.good): {"description": "Done.", "content": {"application/json": {"schema": given}}}
    }
    problem = {"content": {MEDIA_TYPE: {"schema": by_type[repr(Problem)]}}}
    for status in sorted({*operation.refusals, *_always(operation)}):
        headers = {"headers": _HEADERS[status]} if status in _HEADERS else {}
        responses[str(status)] = {"description": _WORDS[status], **headers, **problem}
    described: Json = {"operationId": operation.name, "summary": operation.summary, "responses": responses}
    if operation.parameters:
        described["parameters"] = [_parameter(each) for each in operation.parameters]
    if operation.takes is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": operation.takes}},
        }
    if not operation.secured:
        described["security"] = []
    return described


def _always(operation: Operation) -> set[int]:
    return {401, 405, 429} if operation.secured else {405}


def _parameter(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.description,
        "schema": dict(parameter.schema),
    }
