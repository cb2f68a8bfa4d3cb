"""
`/healthz`: the process lives. `/readyz`: it has something to serve.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response


async def healthz(_request: Request) -> Response:
    """Answer 200 as long as the event loop turns."""
    return PlainTextResponse("ok\n")


def readyz(ready: Callable[[], bool]) -> Callable[[Request], Response]:
    """Return the handler that answers 200 once a list was accepted, 503 before."""

    def handler(_request: Request) -> Response:
        if ready():
            return PlainTextResponse("ready\n")
        return PlainTextResponse("waiting for the first list\n", 503, {"Retry-After": "60"})

    return handler
