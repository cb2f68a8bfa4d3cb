"""
The routes for the administrator and for senders of events: the dashboard, the API, the ingest.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from service.core.ports import ClosedSessions
from service.web.admin.dashboard import Dashboard, NoDashboard
from service.web.admin.sessions import AdminSessions
from service.web.admin.signin import SignIn
from service.web.admin_port import AdminPort
from service.web.api.ingest import AcceptEvent, Ingest
from service.web.api.routes import Api
from service.web.gate import Gate, Sleep
from service.web.guesses import GuessRules
from service.web.live import Live
from service.web.queries import AdminQueries
from service.web.ratelimit import Guard
from service.web.renderer import Pages
from service.web.self_report import SelfReporter, self_report_route

_ADMIN_GUESSES = GuessRules(free=10, until_stop=30)
_EVENT_GUESSES = GuessRules(free=30, until_stop=100)
"""Guesses of one source: a program posts, and may repeat a token that was replaced."""


@dataclass(frozen=True, slots=True)
class Administration:
    """
    What the composition root passes in.
    """

    reports: AdminPort
    live: Live
    accept: AcceptEvent
    ingest_tokens: Mapping[str, str]
    """By source."""

    admin_token: str | None
    secret: bytes
    closed_sessions: ClosedSessions
    trusted_proxies: tuple[str, ...] = ()
    people_header: str | None = None
    """The header in which a trusted proxy names who signed in, for `/me`."""

    reporter: SelfReporter | None = None
    pause: Sleep = asyncio.sleep
    """Holds back answers to wrong tokens."""


def make_admin_routes(
    administration: Administration, queries: AdminQueries, pages: Pages, guard: Guard
) -> tuple[list[BaseRoute], ASGIApp]:
    """Return the routes of the dashboard, and the API. Without an admin token only the ingest works."""
    live, networks = administration.live, guard.networks

    def gate(rules: GuessRules) -> Gate:
        return Gate(networks, rules, clock=guard.clock, pause=administration.pause)

    ingest = Ingest(administration.ingest_tokens, administration.accept, gate(_EVENT_GUESSES))
    token, admin_gate = administration.admin_token, gate(_ADMIN_GUESSES)
    own = (
        [self_report_route(administration.reporter, administration.secret)] if administration.reporter else []
    )
    if token is None:
        return [*NoDashboard(pages).routes(), *own], Api(
            queries, ingest, None, admin_gate, networks, live
        ).application()
    sessions = AdminSessions(token, administration.secret, administration.closed_sessions, clock=guard.clock)
    signin = SignIn(
        sessions,
        pages,
        # One gate for both ways in: the token is the same.
        admin_gate,
        networks,
        administration.reports,
        queries.feeds.addresses.public_url,
        overheard=administration.reports.exposure is not None,
    )
    dashboard = Dashboard(queries, pages, signin, live)
    api = Api(queries, ingest, sessions.admits, admin_gate, networks, live)
    return [
        *dashboard.routes(),
        *own,
    ], api.application()
