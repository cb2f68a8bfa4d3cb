"""
Errors of the API as JSON problems (RFC 9457).
"""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.responses import Response

from service.web.body import UNREAD

MEDIA_TYPE = "application/problem+json"

API_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    What went wrong, and what to do about it.
    """

    title: str
    """The name of the status."""

    status: int
    detail: str
    """
    One sentence for a person, in English: a program puts it into its log, and its language is not known.
    """

    field: str = ""
    """The place in the event that is at fault."""


def problem(
    status: int, detail: str, *, field: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """Return a problem as the answer."""
    body = msgspec.json.encode(Problem(HTTPStatus(status).phrase, status, detail, field))
    return Response(body, status, {**API_HEADERS, **(headers or {})}, MEDIA_TYPE)


def answer(value: object, status: int = 200) -> Response:
    """Return a value as JSON."""
    return Response(msgspec.json.encode(value), status, API_HEADERS, "application/json")


def too_many(seconds: int) -> Response:
    """Return the answer to a network that tried too many wrong tokens."""
    detail = "Too many wrong tokens came from your network; wait as long as Retry-After says."
    return problem(429, detail, headers={"Retry-After": str(seconds), **UNREAD})
