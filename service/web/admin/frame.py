"""
What the administrator's pages share: the navigation, the way out, and what a form did last.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.core.vevent import Translate
from service.web.admin.flash import Flash
from service.web.admin.sessions import AdminSession
from service.web.admin.signin import SignIn
from service.web.live import Live
from service.web.queries import AdminQueries
from service.web.renderer import PAGE_HEADERS, Pages

_HEADERS = {
    "Content-Security-Policy": f"{PAGE_HEADERS['Content-Security-Policy']}; connect-src 'self'",
}
_NAMING = frozenset({"rotated", "approved", "kept", "asked", "retried", "understood", "dismissed"})
"""What was done to something; said only where this session did it."""

_NOTHING_DONE = frozenset({"unsure", "changed", "expired", "gone", "unavailable", "soon", "still"})


@dataclass(frozen=True, slots=True)
class AdminFrame:
    """
    The frame around each page behind the sign-in, and around the answers to its forms.
    """

    queries: AdminQueries
    pages: Pages
    signin: SignIn
    live: Live

    def page(self, path: str, show: "ShowPage", place: str = "") -> Route:
        """Return the route of a page; the sign-in leads back to `place`."""

        async def answer(request: Request) -> Response:
            session = await self.signin.session(request)
            if session is None:
                return await self.signin.welcome(request, place)
            return await show(self, request, session)

        return Route(path, answer, methods=["GET"])

    def form(self, path: str, act: "ActOnForm", back: str) -> Route:
        """Return the route of a form; one that no page of the session sent does nothing and leads `back`."""

        async def answer(request: Request) -> Response:
            session = await self.signin.session(request)
            fields = await self.signin.is_meant(request, session) if session else None
            if session is None or fields is None:
                return self.lead_back(back, "expired")
            return await act(self, request, session, fields)

        return Route(path, answer, methods=["POST"])

    def gettext(self, request: Request) -> Translate:
        """Return what translates a text for the viewer."""
        return self.pages.gettext(self.pages.dates(request))

    def render(
        self,
        request: Request,
        session: AdminSession,
        template: str,
        context: Mapping[str, Any],
        *,
        kept: Mapping[str, str] | None = None,
        status_code: int = 200,
    ) -> Response:
        """Return a page with the frame around it; the language switch keeps what `kept` names."""
        done, about = self._read_flash(request, session)
        addresses = self.queries.feeds.addresses
        frame: dict[str, Any] = {
            "names": self.queries.names,
            "now": self.queries.now(),
            "version": self.queries.reports.version,
            "form_token": self.signin.sessions.form_token(session),
            "done": done,
            "about": about,
            "new_link": addresses.page_url(about) if about in addresses.tokens else "",
        }
        response = self.pages.render(
            request, template, {**frame, **context}, status_code=status_code, headers=_HEADERS, kept=kept
        )
        if done in _NAMING:
            self._flash.drop(response)
        return response

    def lead_back(self, path: str, done: str, **kept: str) -> Response:
        """Return the redirect to the page that says what a form did, or why it did nothing."""
        return self.signin.redirect(f"{path}?{urlencode({'done': done, **kept})}")

    def keep_done(self, response: Response, session: AdminSession, *, done: str, about: str) -> Response:
        """Make the page that a redirect leads to say what was done to `about`."""
        self._flash.keep(response, session, done=done, about=about)
        return response

    @property
    def _flash(self) -> Flash:
        return Flash(self.signin.sessions, self.pages.root or "/", self.signin.secure)

    def _read_flash(self, request: Request, session: AdminSession) -> tuple[str, str]:
        """Return what this session did last, and to what; nothing if another session did it."""
        done = request.query_params.get("done", "")
        if done in _NAMING:
            about = self._flash.about(request, session, done=done)
            return (done, about) if about is not None else ("", "")
        return (done if done in _NOTHING_DONE else "", "")


ShowPage = Callable[[AdminFrame, Request, AdminSession], Awaitable[Response]]
"""Answers with a page behind the sign-in."""

ActOnForm = Callable[[AdminFrame, Request, AdminSession, Mapping[str, str]], Awaitable[Response]]
"""Does what the fields of a form say."""
