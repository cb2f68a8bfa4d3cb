"""
`/api/`: what the dashboard shows and does, as JSON, for whoever holds the admin token.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.core.errors import StaleState, StoreUnavailable
from service.trueconf.receipts import AcceptedEvent
from service.web import schemas
from service.web.api.bearer import CHALLENGE, bearer_of
from service.web.api.calendars import calendar_operations
from service.web.api.conferences import conference_operations
from service.web.api.held import make_held_operations
from service.web.api.ingest import Ingest
from service.web.api.journal import journal_operation, strips_operation
from service.web.api.needs import RejectedView, need_operations
from service.web.api.openapi import Handler, Operation, Parameter, document
from service.web.api.parameters import (
    EVENT,
    NAME,
)
from service.web.api.problem import answer, problem, too_many
from service.web.gate import Gate
from service.web.live import Live
from service.web.network import Networks
from service.web.queries import AdminQueries

log = structlog.get_logger()

PREFIX = "/api/"


@dataclass(frozen=True, slots=True)
class Api:
    """
    The handlers. Without an admin token only events are taken.
    """

    queries: AdminQueries
    ingest: Ingest
    admits: Callable[[str], bool] | None
    """Whether this is the admin token. None means that the settings have no token and nobody has access."""

    gate: Gate
    networks: Networks
    live: Live

    def application(self) -> Starlette:
        """Return the application for all that is under `/api/`."""
        operations = self.operations()
        text = msgspec.json.encode(
            document(
                operations,
                version=self.queries.reports.version,
                url=self.queries.feeds.addresses.public_url,
            )
        )

        async def described(_request: Request) -> Response:
            return answer(msgspec.Raw(text))

        routes = [Route(f"/api{each.path}", self._secure(each), methods=[each.method]) for each in operations]
        routes.append(Route("/api/openapi.json", described, methods=["GET"]))
        handlers: Any = {
            HTTPException: _refuse,
            StoreUnavailable: _unavailable,
            StaleState: _unavailable,
            Exception: _answer_crash,
        }
        application = Starlette(routes=routes, exception_handlers=handlers)
        application.router.redirect_slashes = False
        return application

    def operations(self) -> list[Operation]:
        """Return all that the API does."""
        reports = self.queries.reports
        source = Parameter("source", "path", "The name of a source with an INGEST_TOKEN.", NAME)
        event_refusals = (400, 401, 404, 413, 415, 422, 429, 503)
        approve, keep = make_held_operations(reports, self.networks)
        return [
            _get("/status", "status", "The daemon as a whole", self.queries.status, schemas.StatusView),
            _get(
                "/sources",
                "sources",
                "How the sources are doing",
                self.queries.sources,
                list[schemas.SourceView],
            ),
            _get("/targets", "targets", "How publishing is doing", reports.targets, list[schemas.TargetView]),
            _get(
                "/held",
                "held",
                "Lists that wait for an approval",
                lambda: schemas.to_views(schemas.HeldView, self.queries.list_held()),
                list[schemas.HeldView],
            ),
            _get(
                "/disputes",
                "disputes",
                "Conferences that accounts keep reporting differently",
                self.queries.disputes,
                list[schemas.DisputeView],
            ),
            _get("/activity", "activity", "The last day", self.queries.activity, schemas.ActivityView),
            _get("/settings", "settings", "The settings", reports.settings, list[schemas.SettingView]),
            Operation(
                "GET",
                "/rejected",
                "rejected",
                "Input that could not be understood",
                self._list_rejected,
                list[RejectedView],
                refusals=(503,),
            ),
            *calendar_operations(self.queries, self.live, self.networks),
            approve,
            journal_operation(self.queries),
            strips_operation(self.queries),
            *need_operations(self.queries, self.live, self.networks),
            *conference_operations(self.queries),
            keep,
            Operation(
                "POST",
                "/events/{source}",
                "events",
                "Send an event, with the source's own token",
                self.ingest.__call__,
                AcceptedEvent,
                good=202,
                refusals=event_refusals,
                parameters=(source,),
                takes=EVENT,
            ),
        ]

    def _secure(self, operation: Operation) -> Handler:
        if operation.handler == self.ingest.__call__:
            return operation.handler

        async def secured(request: Request) -> Response:
            if self.admits is None:
                detail = "The API is off; set CONFCAL_ADMIN_TOKEN and restart confcal."
                return problem(401, detail, headers=CHALLENGE)
            stopped = self.gate.stop_seconds(request.scope)
            if stopped:
                return too_many(stopped)
            token = bearer_of(request)
            if self.admits(token):
                return await operation.handler(request)
            # Without a token nothing is guessed.
            wait = await self.gate.fail(request.scope, way="api") if token else 0
            if wait:
                return too_many(wait)
            return problem(401, "Send CONFCAL_ADMIN_TOKEN as bearer token.", headers=CHALLENGE)

        return secured

    async def _list_rejected(self, _request: Request) -> Response:
        return answer(schemas.to_views(RejectedView, await self.queries.reports.load_rejected()))


def _get(path: str, name: str, summary: str, view: Callable[[], object], gives: object) -> Operation:
    async def handler(_request: Request) -> Response:
        return answer(await run_in_threadpool(view))

    return Operation("GET", path, name, summary, handler, gives)


def _refuse(_request: Request, error: HTTPException) -> Response:
    words = {404: "There is nothing at this path; GET /api/openapi.json describes what there is."}
    detail = words.get(error.status_code, "The path has other methods; Allow names them.")
    return problem(error.status_code, detail, headers=error.headers)


def _unavailable(_request: Request, _error: Exception) -> Response:
    detail = "The database cannot be used at the moment; try again later."
    return problem(503, detail, headers={"Retry-After": "60"})


def _answer_crash(_request: Request, _error: Exception) -> Response:
    """Answer after a bug; what it was stands in the log only."""
    return problem(500, "This is a fault of confcal; its log says what happened.")
