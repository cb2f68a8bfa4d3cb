"""
The web server's routes, put together.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import jinja2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp, Receive, Scope, Send

from service.core.known import State
from service.core.revision import Policy
from service.web.feed_app import PREFIX, FeedApp
from service.web.feeds import Feeds
from service.web.health import healthz, readyz
from service.web.page import SubscriptionPage

_HERE = Path(__file__).parent


def make_web(
    feeds: Feeds, policy: Policy, *, state: Callable[[], State], clock: Callable[[], datetime]
) -> ASGIApp:
    """
    Return the ASGI application: feeds in front, pages behind.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = SubscriptionPage(feeds, Jinja2Templates(env=environment), policy, state, clock)
    pages = Starlette(
        routes=[
            Route("/calendars/{token}", page.__call__, methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
            Route("/readyz", readyz(feeds.ready), methods=["GET"]),
            Route("/robots.txt", _robots, methods=["GET"]),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ]
    )
    feed_app = FeedApp(feeds, clock)

    async def web(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await feed_app(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return web


def _robots(_request: Request) -> Response:
    # Google fetches calendars only where robots.txt lets it; indexing is refused by X-Robots-Tag instead.
    return PlainTextResponse("User-agent: *\nAllow: /feeds/\nDisallow:\n")
