"""
Signing in to the dashboard, and out.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from service.web.forms import from_elsewhere, read_form
from service.web.pages import PAGE_HEADERS, Pages
from service.web.ratelimit import Guard
from service.web.sessions import LASTING, Session, Sessions

_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class SignIn:
    """
    The form, and the cookie that it gives.
    """

    sessions: Sessions
    pages: Pages
    guard: Guard
    url: str
    """The address that people reach the dashboard under."""

    @property
    def secure(self) -> bool:
        """Whether that is by https."""
        return self.url.startswith("https:")

    @property
    def exposed(self) -> bool:
        """Whether others could read the token on its way."""
        return not self.secure and urlsplit(self.url).hostname not in _THIS_MACHINE

    @property
    def cookie(self) -> str:
        """The name of the cookie; the prefix has browsers refuse it from any other host or without TLS."""
        return "__Host-confcal" if self.secure and not self.pages.root else "confcal"

    def session(self, request: Request) -> Session | None:
        """Return the session of a request, where it has one."""
        return self.sessions.of(request.cookies.get(self.cookie))

    async def form(self, request: Request) -> Response:
        """Answer `GET /sign-in`."""
        if self.session(request):
            return self.moved("/")
        return self._page(request, fault="")

    async def sign_in(self, request: Request) -> Response:
        """Answer `POST /sign-in`."""
        wait = self.guard.wait_seconds(request.scope)
        if wait:
            return self._page(request, fault="wait", status=429, headers={"Retry-After": str(wait)})
        token = (await read_form(request)).get("token", "").strip()
        if from_elsewhere(request) or not self.sessions.admits(token):
            self.guard.fail(request.scope)
            return self._page(request, fault="wrong", status=403)
        response = self.moved("/")
        response.set_cookie(
            self.cookie,
            self.sessions.open(),
            max_age=int(LASTING.total_seconds()),
            path=self.pages.root or "/",
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )
        return response

    async def sign_out(self, request: Request) -> Response:
        """Answer `POST /sign-out`."""
        session = self.session(request)
        if session is None or await self.is_meant(request, session) is None:
            return self.moved("/")
        self.sessions.close(session)
        response = self.moved("/sign-in")
        response.delete_cookie(
            self.cookie, self.pages.root or "/", secure=self.secure, httponly=True, samesite="strict"
        )
        return response

    async def is_meant(self, request: Request, session: Session) -> dict[str, str] | None:
        """Return the fields of a form that a page of this session sent; None for any other."""
        fields = dict(await read_form(request))
        if from_elsewhere(request) or not self.sessions.is_form_token(session, fields.get("form_token", "")):
            return None
        return fields

    def moved(self, path: str) -> Response:
        """Return the answer that has the browser get a page of ours, after whatever it did."""
        return RedirectResponse(self.pages.root + path, 303, PAGE_HEADERS)

    def _page(
        self, request: Request, *, fault: str, status: int = 200, headers: dict[str, str] | None = None
    ) -> Response:
        context = {"fault": fault, "exposed": self.exposed}
        return self.pages.render(request, "signin.html", context, status_code=status, headers=headers)
