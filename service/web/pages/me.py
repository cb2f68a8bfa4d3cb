"""
`/me`: leads whoever signed in at a single sign-on proxy to the page of their own calendar.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from service.calendars.feeds import Feeds
from service.calendars.own import find_own, parse_person
from service.web.pages.errors import ErrorPages
from service.web.ratelimit import FailureLimit, Guard
from service.web.renderer import PAGE_HEADERS

PATH = "/me"

log = structlog.get_logger(__name__)


def _limit() -> FailureLimit:
    return FailureLimit(1, timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class OwnCalendarPage:
    """
    What `/me` is answered from. Only a trusted proxy learns from it who has a calendar.
    """

    feeds: Feeds
    errors: ErrorPages
    guard: Guard
    header: str
    """The header that names who signed in, where a trusted proxy wrote it."""

    logged: FailureLimit = field(default_factory=_limit)
    """One line for each network and minute: anybody can send a header."""

    def routes(self) -> list[Route]:
        """Return the route."""
        return [Route(PATH, self.lead, methods=["GET"])]

    async def lead(self, request: Request) -> Response:
        """Redirect to the calendar page of the person whom the proxy names, or say why there is none."""
        name = self._read_name(request)
        if name is None:
            return self.errors.page(request, "nobody")
        if not self.feeds.ready():
            return self.errors.page(request, "waiting")
        directory = self.feeds.directory
        person = parse_person(name, (account.server for account in directory.state.accounts))
        own = find_own(directory, person) if person else None
        if own is None:
            return self.errors.page(request, "no_own")
        # Not cached: tomorrow another person may use this browser, and links are replaced.
        return RedirectResponse(
            self.feeds.addresses.page_url(own.name), status_code=303, headers=PAGE_HEADERS
        )

    def _read_name(self, request: Request) -> str | None:
        """Return the name that the proxy wrote; None where the header is not exactly one name."""
        values = [
            value for name, value in request.headers.raw if name.decode("latin-1") == self.header.lower()
        ]
        if not values:
            return None
        if not self.guard.networks.comes_from_proxy(request.scope):
            self._refuse(request, "not from CONFCAL_TRUSTED_PROXIES")
            return None
        if len(values) > 1:
            # The proxy added its header to the visitor's, and it is not known which is which.
            self._refuse(request, "more than one such header; have the proxy replace what a visitor sends")
            return None
        try:
            return values[0].decode()
        except UnicodeDecodeError:
            self._refuse(request, "not UTF-8")
            return None

    def _refuse(self, request: Request, reason: str) -> None:
        network = self.guard.networks.of(request.scope)
        if not self.logged.fail(network, self.guard.clock()):
            log.warning("web.person_not_believed", network=network, header=self.header, reason=reason)
