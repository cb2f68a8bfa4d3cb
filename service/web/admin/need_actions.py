"""
What the buttons of the overview do about Rooms, targets and rejected input.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.core.errors import StaleState, StillRejected, StoreUnavailable, TooSoon, UnknownName
from service.web.admin.flash import Flash
from service.web.admin.signin import SignIn
from service.web.live import Live
from service.web.queries import AdminQueries

log = structlog.get_logger()

MADE = frozenset({"asked", "retried", "understood", "dismissed"})
"""What was done; the page says to what, where this session did it."""

NOT_MADE = frozenset({"soon", "still"})
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class NeedActions:
    """
    The forms of needs. Held lists have forms of their own in `Dashboard`.
    """

    queries: AdminQueries
    signin: SignIn
    live: Live

    def routes(self) -> list[Route]:
        """Return the routes of the forms."""
        return [
            Route("/ask", self.ask, methods=["POST"]),
            Route("/retry-target", self.retry_target, methods=["POST"]),
            Route("/retry-rejected", self.retry_rejected, methods=["POST"]),
            Route("/dismiss-rejected", self.dismiss_rejected, methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        """Answer `POST /ask`."""
        return await self._act(request, "source", self.queries.reports.ask_source, "asked")

    async def retry_target(self, request: Request) -> Response:
        """Answer `POST /retry-target`."""
        return await self._act(request, "target", self.queries.reports.retry_target, "retried")

    async def retry_rejected(self, request: Request) -> Response:
        """Answer `POST /retry-rejected`."""

        async def retry(number: str) -> None:
            await self.queries.reports.retry_rejected(_parse_number(number))

        return await self._act(request, "number", retry, "understood")

    async def dismiss_rejected(self, request: Request) -> Response:
        """Answer `POST /dismiss-rejected`."""

        async def dismiss(number: str) -> None:
            await self.queries.reports.dismiss_rejected(_parse_number(number))

        return await self._act(request, "number", dismiss, "dismissed")

    async def _act(
        self, request: Request, field: str, action: Callable[[str], Awaitable[None]], done: str
    ) -> Response:
        """Do what a form of this session says, and lead back to the overview."""
        session = await self.signin.session(request)
        fields = await self.signin.is_meant(request, session) if session else None
        if session is None or fields is None:
            return self._redirect("expired")
        about = fields.get(field, "")
        try:
            await action(about)
        except UnknownName:
            return self._redirect("gone")
        except TooSoon:
            return self._redirect("soon")
        except StillRejected:
            return self._redirect("still")
        except (StoreUnavailable, StaleState):
            return self._redirect("unavailable")
        network = self.signin.network(request)
        match done:
            case "asked":
                log.info("web.source_asked", name=about, way="dashboard", network=network)
            case "retried":
                log.info("web.target_retried", name=about, way="dashboard", network=network)
            case "understood":
                log.info("web.rejected_retried", number=int(about), way="dashboard", network=network)
            case _:
                log.info("web.rejected_dismissed", number=int(about), way="dashboard", network=network)
        self.live.notify()
        response = self._redirect(done)
        pages = self.signin.pages
        flash = Flash(self.signin.sessions, pages.root or "/", self.signin.secure)
        flash.keep(response, session, done=done, about=about)
        return response

    def _redirect(self, done: str) -> Response:
        return self.signin.redirect(f"/?{urlencode({'done': done})}")


def _parse_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise UnknownName("nothing rejected has this number")
    return int(text)
