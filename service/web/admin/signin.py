"""
Signing in to the dashboard, and out.
"""

from dataclasses import dataclass
from math import ceil
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from service.web.admin.forms import from_elsewhere, read_form
from service.web.admin.sessions import LASTING, AdminSession, AdminSessions
from service.web.admin_port import AdminPort
from service.web.body import UNREAD
from service.web.gate import Gate
from service.web.network import Networks
from service.web.renderer import PAGE_HEADERS, Pages

log = structlog.get_logger()

_SIGNED_IN = "signed-in"
"""In the address after the form: a cookie was just given."""

_TO = "to"
"""In the address of the form: the page that was asked for."""

PLACES = frozenset({"rooms", "calendars", "conferences", "targets", "journal", "settings"})
"""The pages that a sign-in may lead to; any other address leads to the overview."""

_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class SignIn:
    """
    The sign-in form and its cookie.
    """

    sessions: AdminSessions
    pages: Pages
    gate: Gate
    networks: Networks
    reports: AdminPort
    url: str
    """The address that people reach the dashboard under."""

    overheard: bool = False
    """Whether the daemon listens for others by plain HTTP, whatever the address says."""

    @property
    def secure(self) -> bool:
        """Whether the public address is https."""
        return self.url.startswith("https:")

    @property
    def is_exposed(self) -> bool:
        """Whether others could read the token on its way."""
        return not self.secure and (self.overheard or urlsplit(self.url).hostname not in _THIS_MACHINE)

    @property
    def cookie(self) -> str:
        """The name of the cookie. With the prefix, browsers refuse it from any other host or without TLS."""
        return "__Host-confcal" if self.secure and not self.pages.root else "confcal"

    async def session(self, request: Request) -> AdminSession | None:
        """Return the session of a request; None if it has none."""
        return await self.sessions.of(request.cookies.get(self.cookie))

    async def form(self, request: Request) -> Response:
        """Answer `GET /sign-in`."""
        if await self.session(request):
            return self.redirect(f"/{_place(request)}")
        if self.arrives(request):
            return self._page(request, fault="cookie")
        return self._page(request, fault="")

    def arrives(self, request: Request) -> bool:
        """Return whether a request is the first after the form."""
        return _SIGNED_IN in request.query_params

    async def welcome(self, request: Request, place: str = "") -> Response:
        """Return the redirect after sign-in: to the page asked for, or without a session to the form."""
        place = place or _place(request)
        if await self.session(request):
            return self.redirect(f"/{place}")
        if self.arrives(request):
            # A browser that did not keep the cookie would show the empty form again without a reason.
            return self.redirect(f"/sign-in?{_SIGNED_IN}={place}")
        return self.redirect(f"/sign-in?{_TO}={place}" if place else "/sign-in")

    async def sign_in(self, request: Request) -> Response:
        """Answer `POST /sign-in`."""
        if from_elsewhere(request):
            # Not counted: another site can make browsers send it, and their networks would be stopped.
            return self._page(request, fault="wrong", status=403, headers=UNREAD)
        # A signed-in user is no guesser, and gets in even from a network that guesses.
        known = await self.session(request) is not None
        if not known and self.gate.stop_seconds(request.scope):
            return self._answer_stopped(request)
        token = (await read_form(request)).get("token", "").strip()
        # Checked again: many forms may have been on their way at once.
        if not known and self.gate.stop_seconds(request.scope):
            return self._answer_stopped(request)
        if not self.sessions.admits(token):
            return await self._refuse(request)
        log.info("web.signed_in", network=self.network(request))
        await self.reports.note_sign_in(self.network(request))
        response = self.redirect(f"/?{_SIGNED_IN}={_place(request)}")
        response.set_cookie(
            self.cookie,
            self.sessions.open(),
            max_age=int(LASTING.total_seconds()),
            path=self.pages.root or "/",
            secure=self.secure,
            httponly=True,
            # Not strict: a user who follows a link in an e-mail stays signed in. Changes need the form's
            # token.
            samesite="lax",
        )
        return response

    async def sign_out(self, request: Request) -> Response:
        """Answer `POST /sign-out`."""
        session = await self.session(request)
        if session is None or await self.is_meant(request, session) is None:
            return self.redirect("/")
        await self.sessions.close(session)
        log.info("web.signed_out", network=self.network(request))
        response = self.redirect("/sign-in")
        response.delete_cookie(
            self.cookie, self.pages.root or "/", secure=self.secure, httponly=True, samesite="lax"
        )
        return response

    async def is_meant(self, request: Request, session: AdminSession) -> dict[str, str] | None:
        """Return the fields of a form that a page of this session sent; None for any other."""
        fields = dict(await read_form(request))
        if from_elsewhere(request) or not self.sessions.is_form_token(session, fields.get("form_token", "")):
            return None
        return fields

    def redirect(self, path: str) -> Response:
        """Return the redirect that makes the browser get one of our pages."""
        return RedirectResponse(self.pages.root + path, 303, PAGE_HEADERS)

    def network(self, request: Request) -> str:
        """Return the network of a request, for the log."""
        return self.networks.of(request.scope)

    async def _refuse(self, request: Request) -> Response:
        wait = await self.gate.fail(request.scope, way="sign-in")
        if self.gate.stop_seconds(request.scope):
            return self._answer_stopped(request)
        if wait:
            return self._page(request, fault="wait", status=429, headers={"Retry-After": str(wait)})
        return self._page(request, fault="wrong", status=403)

    def _answer_stopped(self, request: Request) -> Response:
        wait = self.gate.stop_seconds(request.scope)
        headers = {"Retry-After": str(wait), **UNREAD}
        return self._page(request, fault="stopped", minutes=ceil(wait / 60), status=429, headers=headers)

    def _page(
        self,
        request: Request,
        *,
        fault: str,
        minutes: int = 0,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        place = _place(request)
        context = {
            "fault": fault,
            "minutes": minutes,
            "exposed": self.is_exposed,
            "url": self.url,
            "place": place,
        }
        kept = {_SIGNED_IN: place} if fault == "cookie" else {_TO: place} if place else {}
        return self.pages.render(
            request, "signin.html", context, status_code=status, headers=headers, kept=kept
        )


def _place(request: Request) -> str:
    """Return the page that an address says is wanted; empty for the overview and for what is no page."""
    query = request.query_params
    place = query.get(_TO) or query.get(_SIGNED_IN) or ""
    return place if place in PLACES else ""
