"""
The confirmation that the page after a form shows, kept in a cookie that only the same session can read.

A page takes no text from its address: otherwise the sender of a link could choose what confcal says.
"""

from dataclasses import dataclass
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from service.web.admin.sessions import AdminSession, AdminSessions

COOKIE = "confcal_done"
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Flash:
    """
    Hands a word and a name from one answer to the next page of the same session.
    """

    sessions: AdminSessions
    path: str
    secure: bool

    def keep(self, response: Response, session: AdminSession, *, done: str, about: str) -> None:
        """Make the next page say that `done` happened to `about`."""
        response.set_cookie(
            COOKIE,
            self.sessions.sign(session, f"{done}.{quote(about, safe='')}"),
            max_age=_SECONDS,
            path=self.path,
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def about(self, request: Request, session: AdminSession, *, done: str) -> str | None:
        """Return the name that was kept with the word `done`; None if this session kept none."""
        kept = self.sessions.read_signed(session, request.cookies.get(COOKIE, ""))
        word, _, name = (kept or "").partition(".")
        return unquote(name) if kept is not None and word == done else None

    def drop(self, response: Response) -> None:
        """Make the browser forget a confirmation that a page has shown."""
        response.delete_cookie(COOKIE, self.path, secure=self.secure, httponly=True, samesite="lax")
