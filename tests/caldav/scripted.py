"""
Conversations held without a network: each answer is given by the test.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from service.caldav.conversation import Steps
from service.caldav.protocol import Request, Response

T = TypeVar("T")
NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


def held(steps: Steps[T], server: Callable[[Request], Response], asked: list[Request] | None = None) -> T:
    """Carry a conversation to its end."""
    asked = [] if asked is None else asked
    try:
        request = next(steps)
        while True:
            asked.append(request)
            request = steps.send(server(request))
    except StopIteration as finished:
        result: T = finished.value
        return result


def answer(request: Request, status: int, body: str | bytes = "", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, request.url, NOON, named, body.encode() if isinstance(body, str) else body)


def multistatus(request: Request, *resources: tuple[str, str]) -> Response:
    inner = "".join(
        f"<D:response><D:href>{href}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        for href, properties in resources
    )
    text = f'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{inner}</D:multistatus>'
    return answer(request, 207, text)
