"""
The web server's routes, put together.
"""

from collections.abc import Callable
from datetime import timedelta

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from service.calendars.feeds import Feeds
from service.core.clock import Clock
from service.core.revision import Policy
from service.web.access_stats import AccessStats
from service.web.admin.dashboard import NoDashboard
from service.web.administration import Administration, make_admin_routes
from service.web.api.routes import PREFIX as API
from service.web.assets import serve_asset
from service.web.body import BodyRefused
from service.web.feeds.app import PREFIX, FeedApp
from service.web.health import healthz, readyz
from service.web.live import Live
from service.web.network import Networks
from service.web.pages.calendar_page import SubscriptionPage
from service.web.pages.errors import ErrorPages
from service.web.pages.me import OwnCalendarPage
from service.web.queries import AdminQueries
from service.web.ratelimit import FailureLimit, Guard
from service.web.renderer import Pages

_WRONG_TOKENS, _PER = 30, timedelta(minutes=1)
_OPEN_PAGES = 256
"""Subscription pages that are notified of changes; further ones load again every minute."""

_PAGE_SECONDS = 60.0


class Visitors:
    """
    What is known of those who ask: their networks, how often they guessed, what they fetched, what is open.
    """

    def __init__(self) -> None:
        self.networks = Networks()
        self.limit = FailureLimit(_WRONG_TOKENS, _PER)
        self.stats = AccessStats(self.networks)
        self.live = Live(idle_seconds=_PAGE_SECONDS, most_streams=_OPEN_PAGES)


def make_web(
    feeds: Feeds,
    policy: Policy,
    pages: Pages,
    *,
    clock: Clock,
    metrics: Callable[[], bytes],
    administration: Administration | None = None,
    visitors: Visitors | None = None,
) -> ASGIApp:
    """
    Return the ASGI application: feeds in front, pages behind.

    Where it follows an earlier application, it goes on with the `visitors` of that.
    """
    errors = ErrorPages(pages)
    visitors = visitors or Visitors()
    visitors.networks.trust(administration.trusted_proxies if administration else ())
    guard, stats = Guard(visitors.networks, visitors.limit, clock), visitors.stats
    page = SubscriptionPage(feeds, pages, errors, guard, policy, clock, visitors.live)
    if administration is None:
        admin_routes: list[BaseRoute] = [*NoDashboard(pages).routes()]
        api: ASGIApp | None = None
    else:
        queries = AdminQueries(feeds, policy, administration.reports, stats, state=feeds.state, clock=clock)
        admin_routes, api = make_admin_routes(administration, queries, pages, guard)
    header = administration.people_header if administration else None
    own = OwnCalendarPage(feeds, errors, guard, header).routes() if header else []
    site = Starlette(
        routes=[
            Route("/calendars/{token}", page.__call__, methods=["GET"]),
            Route("/calendars/{token}/live", page.follow, methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
            Route("/readyz", readyz(feeds.ready), methods=["GET"]),
            Route("/metrics", _metrics(metrics), methods=["GET"]),
            Route("/robots.txt", _robots, methods=["GET"]),
            Route("/static/{name}", serve_asset, methods=["GET"]),
            *own,
            *admin_routes,
        ],
        exception_handlers={
            404: errors.not_found,
            405: errors.not_allowed,
            500: errors.crash,
            BodyRefused: errors.refuse,
        },
    )
    # It would send people to whatever Host says, by http, with the token in the address.
    site.router.redirect_slashes = False
    feed_app = FeedApp(feeds, guard, stats, clock)

    async def web(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await feed_app(scope, receive, send)
        elif api and scope["type"] == "http" and scope["path"].startswith(API):
            await api(scope, receive, send)
        else:
            await site(scope, receive, send)

    return web


def _metrics(render: Callable[[], bytes]) -> Callable[[Request], Response]:
    def handler(_request: Request) -> Response:
        return Response(render(), media_type="text/plain; version=0.0.4")

    return handler


def _robots(_request: Request) -> Response:
    # Google fetches calendars only where robots.txt lets it; indexing is refused by X-Robots-Tag instead.
    # No path of ours is named, so that this file does not show where secrets are.
    return PlainTextResponse("User-agent: *\nDisallow:\n")
