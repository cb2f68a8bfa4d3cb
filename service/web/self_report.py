"""
`/daemon`: the daemon's report about itself, only for a command that has its secret.

`confcal check` asks here whether the daemon that answers works on the database of its own settings.
"""

import hmac
from hashlib import sha256
from typing import Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from service.web.api.bearer import bearer_of, same_token
from service.web.api.problem import answer

PATH = "/daemon"


class SelfReport(msgspec.Struct, frozen=True):
    """
    What a daemon says of itself.
    """

    version: str
    schema: str
    database: str
    """A digest, the same for every process that opens the same database."""


class SelfReporter(Protocol):
    """
    What knows the daemon. The daemon's is `DaemonReporter` in service/app/self_report.py.
    """

    async def report(self) -> SelfReport:
        """Return the report. Raises StoreUnavailable where the database does not answer."""
        ...


def proof_of(secret: bytes) -> str:
    """Return the bearer token that shows that somebody has the secret; no secret can be made from it."""
    return hmac.new(secret, b"confcal check", sha256).hexdigest()


def self_report_route(reporter: SelfReporter, secret: bytes) -> Route:
    """Return the route. It does not exist for a request without the secret."""
    expected = proof_of(secret)

    async def handler(request: Request) -> Response:
        if not same_token(bearer_of(request), expected):
            return PlainTextResponse("not found\n", 404)
        return answer(await reporter.report())

    return Route(PATH, handler, methods=["GET"])
