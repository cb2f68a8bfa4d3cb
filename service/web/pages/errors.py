"""
Error pages: a sentence that says what to do, with the right status.
"""

from dataclasses import dataclass
from typing import Literal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from service.web.body import UNREAD, BodyRefused
from service.web.renderer import Pages

Reason = Literal[
    "rotated", "unknown", "waiting", "limited", "missing", "nobody", "no_own", "method", "body", "crash"
]

_STATUS: dict[Reason, int] = {
    "rotated": 410,
    "unknown": 404,
    "waiting": 503,
    "limited": 429,
    "missing": 404,
    "nobody": 403,
    "no_own": 404,
    "method": 405,
    "body": 400,
    "crash": 500,
}
_RETRY = {"Retry-After": "60"}


@dataclass(frozen=True, slots=True)
class ErrorPages:
    """
    Pages of errors, and the handlers that Starlette wants for them.
    """

    pages: Pages

    def page(
        self,
        request: Request,
        reason: Reason,
        *,
        status: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """Return the page for this reason, with its usual status unless another is given."""
        status = status or _STATUS[reason]
        extra = {**(headers or {}), **(_RETRY if status == _STATUS["waiting"] else {})}
        context = {"status": status, "reason": reason}
        return self.pages.render(request, "error.html", context, status_code=status, headers=extra)

    def not_found(self, request: Request, _error: Exception) -> Response:
        """Answer for a path that leads nowhere."""
        return self.page(request, "missing")

    def not_allowed(self, request: Request, error: Exception) -> Response:
        """Answer for a method that a path does not have, naming those it has (RFC 9110, 15.5.6)."""
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        return self.page(request, "method", headers=headers)

    def refuse(self, request: Request, error: Exception) -> Response:
        """Answer to a form that is not taken, without reading it to its end."""
        status = error.status if isinstance(error, BodyRefused) else None
        return self.page(request, "body", status=status, headers=UNREAD)

    def crash(self, request: Request, _error: Exception) -> Response:
        """Answer after a bug; what it was stands in the log only."""
        return self.page(request, "crash")
