"""
What the buttons of the overview do about held lists, Rooms, targets and rejected input.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.core.errors import (
    HeldListChanged,
    StaleState,
    StillRejected,
    StoreUnavailable,
    TooSoon,
    UnknownName,
)
from service.web.admin.frame import AdminFrame
from service.web.live import Live

log = structlog.get_logger()

_REFUSALS: Mapping[type[Exception], str] = {
    UnknownName: "gone",
    HeldListChanged: "changed",
    TooSoon: "soon",
    StillRejected: "still",
    StoreUnavailable: "unavailable",
    StaleState: "unavailable",
}
"""Why nothing was done, in the word that the page is given."""

_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class NeedActions:
    """
    The forms of needs.
    """

    frame: AdminFrame
    live: Live

    def routes(self) -> list[Route]:
        """Return the routes of the forms."""
        return [
            Route("/approve", self.approve, methods=["POST"]),
            Route("/keep", self.keep, methods=["POST"]),
            Route("/ask", self.ask, methods=["POST"]),
            Route("/retry-target", self.retry_target, methods=["POST"]),
            Route("/retry-rejected", self.retry_rejected, methods=["POST"]),
            Route("/dismiss-rejected", self.dismiss_rejected, methods=["POST"]),
        ]

    async def approve(self, request: Request) -> Response:
        """Answer `POST /approve`."""
        return await self._decide(request, self.frame.queries.reports.approve, "approved")

    async def keep(self, request: Request) -> Response:
        """Answer `POST /keep`."""
        return await self._decide(request, self.frame.queries.reports.keep, "kept")

    async def ask(self, request: Request) -> Response:
        """Answer `POST /ask`."""
        return await self._act(request, "source", self.frame.queries.reports.ask_source, "asked")

    async def retry_target(self, request: Request) -> Response:
        """Answer `POST /retry-target`."""
        return await self._act(request, "target", self.frame.queries.reports.retry_target, "retried")

    async def retry_rejected(self, request: Request) -> Response:
        """Answer `POST /retry-rejected`."""

        async def retry(number: str) -> None:
            await self.frame.queries.reports.retry_rejected(_parse_number(number))

        return await self._act(request, "number", retry, "understood")

    async def dismiss_rejected(self, request: Request) -> Response:
        """Answer `POST /dismiss-rejected`."""

        async def dismiss(number: str) -> None:
            await self.frame.queries.reports.dismiss_rejected(_parse_number(number))

        return await self._act(request, "number", dismiss, "dismissed")

    async def _decide(
        self, request: Request, decide: Callable[[str, str | None], Awaitable[int]], done: str
    ) -> Response:
        """Have a held list applied or kept, as the form that was looked at says."""

        async def decide_as_seen(fields: Mapping[str, str]) -> int:
            return await decide(fields.get("account", ""), fields.get("digest", ""))

        return await self._do(request, "account", decide_as_seen, done)

    async def _act(
        self, request: Request, field: str, action: Callable[[str], Awaitable[None]], done: str
    ) -> Response:
        """Do what a form says to whatever its one field names."""

        async def act(fields: Mapping[str, str]) -> int:
            await action(fields.get(field, ""))
            return 1

        return await self._do(request, field, act, done)

    async def _do(
        self,
        request: Request,
        field: str,
        action: Callable[[Mapping[str, str]], Awaitable[int]],
        done: str,
    ) -> Response:
        """Do what a form of this session says, log it, and lead back to the overview."""
        meant = await self.frame.read_form(request)
        if meant is None:
            return self.frame.lead_back("/", "expired")
        session, fields = meant
        try:
            count = await action(fields)
        except tuple(_REFUSALS) as error:
            return self.frame.lead_back("/", _REFUSALS[type(error)])
        about = fields.get(field, "")
        _log_done(done, about, count, self.frame.signin.network(request))
        self.live.notify()
        response = self.frame.lead_back("/", done)
        return self.frame.keep_done(response, session, done=done, about=about)


def _log_done(done: str, about: str, count: int, network: str) -> None:
    match done:
        case "approved":
            log.info("web.list_approved", account=about, removed=count, way="dashboard", network=network)
        case "kept":
            log.info("web.list_kept", account=about, kept=count, way="dashboard", network=network)
        case "asked":
            log.info("web.source_asked", name=about, way="dashboard", network=network)
        case "retried":
            log.info("web.target_retried", name=about, way="dashboard", network=network)
        case "understood":
            log.info("web.rejected_retried", number=int(about), way="dashboard", network=network)
        case _:
            log.info("web.rejected_dismissed", number=int(about), way="dashboard", network=network)


def _parse_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise UnknownName("nothing rejected has this number")
    return int(text)
