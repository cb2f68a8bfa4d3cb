"""
`GET /api/calendars`: the calendars with their secret addresses; and how one gets another address.
"""

from dataclasses import dataclass

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.web.api.openapi import Operation, Parameter
from service.web.api.parameters import LISTING, MOST, NAME, SMALL_NUMBER, USUAL, find_odd
from service.web.api.problem import answer, problem
from service.web.links_file import answer_links
from service.web.live import Live
from service.web.network import Networks
from service.web.queries import AdminQueries
from service.web.schemas import CalendarList

log = structlog.get_logger()

_NAME = Parameter("name", "path", "The name of a calendar.", NAME)


class Rotated(msgspec.Struct, frozen=True):
    """
    The new addresses of a calendar; the old ones are gone.
    """

    name: str
    feed_url: str
    page_url: str


@dataclass(frozen=True, slots=True)
class CalendarsApi:
    """
    The handlers.
    """

    queries: AdminQueries
    live: Live
    networks: Networks

    async def find(self, request: Request) -> Response:
        """Answer `GET /api/calendars`."""
        odd = find_odd(request, LISTING)
        if odd is not None:
            return problem(
                422, "Send each of like, after and limit at most once, and nothing else.", field=odd
            )
        limit = request.query_params.get("limit", str(USUAL))
        if not (SMALL_NUMBER.fullmatch(limit) and 1 <= int(limit) <= MOST):
            return problem(422, f"Send a limit from 1 to {MOST}.", field="limit")
        like, after = (request.query_params.get(name, "") for name in ("like", "after"))
        if "text/csv" in request.headers.get("accept", ""):
            return await run_in_threadpool(answer_links, self.queries, like)
        return answer(
            await run_in_threadpool(self.queries.calendars, like=like, after=after, most=int(limit))
        )

    async def rotate(self, request: Request) -> Response:
        """Answer `POST /api/calendars/{name}/rotate`."""
        name = request.path_params["name"]
        try:
            await self.queries.feeds.directory.rotate(name, self.queries.now())
        except KeyError:
            return problem(404, "There is no such calendar; GET /api/calendars lists them.")
        log.info("web.link_replaced", calendar=name, way="api", network=self.networks.of(request.scope))
        self.live.notify()
        urls = self.queries.feeds.addresses
        return answer(Rotated(name, urls.feed_url(name), urls.page_url(name)))


def calendar_operations(queries: AdminQueries, live: Live, networks: Networks) -> list[Operation]:
    """Return what the API does about calendars."""
    api = CalendarsApi(queries, live, networks)
    return [
        Operation(
            "GET",
            "/calendars",
            "calendars",
            "The calendars with their secret addresses",
            api.find,
            CalendarList,
            refusals=(422,),
            parameters=LISTING,
        ),
        Operation(
            "POST",
            "/calendars/{name}/rotate",
            "rotate",
            "Give a calendar a new address",
            api.rotate,
            Rotated,
            refusals=(404, 503),
            parameters=(_NAME,),
        ),
    ]
