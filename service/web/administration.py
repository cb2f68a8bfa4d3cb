"""
What the administrator and the senders of events reach: the dashboard, the API, the ingest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from service.web.api import Api
from service.web.dashboard import Dashboard, NoDashboard
from service.web.ingest import AcceptEvent, Ingest
from service.web.live import Live
from service.web.oversight import Oversight, Reports
from service.web.pages import Pages
from service.web.ratelimit import FailureLimit, Guard
from service.web.sessions import Sessions
from service.web.signin import SignIn

_WRONG_SIGN_INS, _PER = 10, timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Administration:
    """
    What the composition root gives for it.
    """

    reports: Reports
    live: Live
    accept: AcceptEvent
    ingest_tokens: Mapping[str, str]
    """By source."""

    admin_token: str | None
    secret: bytes
    trusted_proxies: tuple[str, ...] = ()


def administered(
    administration: Administration, oversight: Oversight, pages: Pages, guard: Guard
) -> tuple[list[BaseRoute], ASGIApp]:
    """Return the routes of the dashboard, and the API; without an admin token only events are taken."""
    live = administration.live
    ingest = Ingest(administration.ingest_tokens, administration.accept, guard)
    token = administration.admin_token
    if token is None:
        return [*NoDashboard(pages).routes()], Api(oversight, ingest, None, guard, live).application()
    sessions = Sessions(token, administration.secret, clock=guard.clock)
    signin = SignIn(
        sessions,
        pages,
        Guard(guard.networks, FailureLimit(_WRONG_SIGN_INS, _PER), guard.clock),
        oversight.feeds.addresses.public_url,
        overheard=administration.reports.exposure is not None,
    )
    dashboard = Dashboard(oversight, pages, signin, live)
    api = Api(oversight, ingest, sessions.admits, guard, live)
    return [*dashboard.routes()], api.application()
