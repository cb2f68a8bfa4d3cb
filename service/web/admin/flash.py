"""
What the page after a form says was done, and to what: kept in a cookie that only the session itself can read.

A page takes no text from its address: whoever sends the administrator a link would choose what confcal says.
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
        """Have the next page say that this was `done`, to what is named `about`."""
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
        """Return the name that was kept with the word `done`; None where this session kept none."""
        kept = self.sessions.read_signed(session, request.cookies.get(COOKIE, ""))
        word, _, name = (kept or "").partition(".")
        return unquote(name) if kept is not None and word == done else None

    def drop(self, response: Response) -> None:
        """Have the browser forget what a page has said."""
        response.delete_cookie(COOKIE, self.path, secure=self.secure, httponly=True, samesite="lax")
