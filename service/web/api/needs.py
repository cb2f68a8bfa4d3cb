"""
`GET /api/needs`: what needs a person; and what can be done about Rooms, targets and rejected input.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from service.core.errors import StillRejected, TooSoon, UnknownName
from service.web.api.openapi import Operation, Parameter
from service.web.api.parameters import NAME
from service.web.api.problem import answer, problem
from service.web.live import Live
from service.web.needs import NeedQueries, NeedView, to_view
from service.web.network import Networks
from service.web.queries import AdminQueries

log = structlog.get_logger()

_AGAIN_SECONDS = 60
_NO_NUMBER = "Nothing rejected has this number; GET /api/rejected lists what is kept."
_NUMBER = re.compile("[0-9]{1,18}")
_SOURCE = Parameter("room", "path", "The name of a source that confcal connects to.", NAME)
_TARGET = Parameter("target", "path", "The name of a target.", NAME)
_REJECTED = Parameter("number", "path", "The number of rejected input.", {"type": "integer", "minimum": 1})


class RejectedView(msgspec.Struct, frozen=True):
    """
    Input that could not be understood.
    """

    number: int
    source: str
    account: str
    conference_id: str = msgspec.field(name="conference")
    """Empty for a whole event."""

    field: str
    reason: str
    first_at: datetime
    last_at: datetime
    times: int


class Requested(msgspec.Struct, frozen=True):
    """
    What was asked for; the replica that it concerns does it at once.
    """

    name: str


class Understood(msgspec.Struct, frozen=True):
    """
    Rejected input that is understood now.
    """

    number: int
    conferences: int


class Dismissed(msgspec.Struct, frozen=True):
    """
    Rejected input that is kept no longer.
    """

    number: int


@dataclass(frozen=True, slots=True)
class NeedsApi:
    """
    The handlers.
    """

    needs: NeedQueries
    live: Live
    networks: Networks

    async def read(self, _request: Request) -> Response:
        """Answer `GET /api/needs`."""
        return answer([to_view(each) for each in await self.needs.load()])

    async def ask(self, request: Request) -> Response:
        """Answer `POST /api/sources/{room}/ask`."""
        name = request.path_params["room"]
        refusal = await _request_part(name, self.needs.queries.reports.ask_source)
        if refusal:
            return refusal
        log.info("web.source_asked", name=name, way="api", network=self.networks.of(request.scope))
        return self._finish(Requested(name), 202)

    async def retry_target(self, request: Request) -> Response:
        """Answer `POST /api/targets/{target}/retry`."""
        name = request.path_params["target"]
        refusal = await _request_part(name, self.needs.queries.reports.retry_target)
        if refusal:
            return refusal
        log.info("web.target_retried", name=name, way="api", network=self.networks.of(request.scope))
        return self._finish(Requested(name), 202)

    async def retry_rejected(self, request: Request) -> Response:
        """Answer `POST /api/rejected/{number}/retry`."""
        try:
            number = _number_of(request)
            conferences = await self.needs.queries.reports.retry_rejected(number)
        except UnknownName:
            return problem(404, _NO_NUMBER)
        except StillRejected as error:
            return problem(409, f"{error}.")
        log.info("web.rejected_retried", number=number, way="api", network=self.networks.of(request.scope))
        return self._finish(Understood(number, conferences))

    async def dismiss_rejected(self, request: Request) -> Response:
        """Answer `POST /api/rejected/{number}/dismiss`."""
        try:
            number = _number_of(request)
            await self.needs.queries.reports.dismiss_rejected(number)
        except UnknownName:
            return problem(404, _NO_NUMBER)
        log.info("web.rejected_dismissed", number=number, way="api", network=self.networks.of(request.scope))
        return self._finish(Dismissed(number))

    def _finish(self, value: object, status: int = 200) -> Response:
        self.live.notify()
        return answer(value, status)


def _number_of(request: Request) -> int:
    """Return the number in the path. Raises UnknownName."""
    number = request.path_params["number"]
    if not _NUMBER.fullmatch(number):
        raise UnknownName(number)
    return int(number)


async def _request_part(name: str, action: Callable[[str], Awaitable[None]]) -> Response | None:
    """Have something asked of a part; return why it is not."""
    try:
        await action(name)
    except UnknownName as error:
        return problem(404, f"{error}.")
    except TooSoon:
        headers = {"Retry-After": str(_AGAIN_SECONDS)}
        return problem(429, "This was asked for less than a minute ago.", headers=headers)
    return None


def need_operations(queries: AdminQueries, live: Live, networks: Networks) -> list[Operation]:
    """Return the operations of the API about needs."""
    api = NeedsApi(NeedQueries(queries), live, networks)
    return [
        Operation(
            "GET",
            "/needs",
            "needs",
            "What needs a person, the most urgent first",
            api.read,
            list[NeedView],
            refusals=(503,),
        ),
        Operation(
            "POST",
            "/sources/{room}/ask",
            "ask",
            "Ask a source for its list at once",
            api.ask,
            Requested,
            good=202,
            refusals=(404, 429, 503),
            parameters=(_SOURCE,),
        ),
        Operation(
            "POST",
            "/targets/{target}/retry",
            "retryTarget",
            "Try everything of a target again",
            api.retry_target,
            Requested,
            good=202,
            refusals=(404, 429, 503),
            parameters=(_TARGET,),
        ),
        Operation(
            "POST",
            "/rejected/{number}/retry",
            "retryRejected",
            "Try rejected input again",
            api.retry_rejected,
            Understood,
            refusals=(404, 409, 503),
            parameters=(_REJECTED,),
        ),
        Operation(
            "POST",
            "/rejected/{number}/dismiss",
            "dismissRejected",
            "Keep rejected input no longer",
            api.dismiss_rejected,
            Dismissed,
            refusals=(404, 503),
            parameters=(_REJECTED,),
        ),
    ]
