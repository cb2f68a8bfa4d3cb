"""
Who is the administrator: the token of the settings, and the signed cookie that stands for it in a browser.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe

LASTING = timedelta(hours=12)
_MOST_CLOSED = 1000
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Session:
    """
    One signed-in browser.
    """

    nonce: str
    ends_at: datetime


class Sessions:
    """
    Opens, knows and closes sessions. With another admin token, or another secret, all of them end.
    """

    def __init__(
        self,
        admin_token: str,
        secret: bytes,
        *,
        clock: Callable[[], datetime],
        nonce: Callable[[], str] = token_urlsafe,
    ) -> None:
        self._token = admin_token
        self._key = hmac.digest(secret, f"session\n{admin_token}".encode(), "sha256")
        self._clock, self._nonce = clock, nonce
        self._closed: dict[str, datetime] = {}

    def admits(self, token: str) -> bool:
        """Return whether this is the admin token, in the same time for all that are not."""
        return hmac.compare_digest(self._mac("token", token), self._mac("token", self._token))

    def open(self) -> str:
        """Return the cookie of a new session."""
        ends = int((self._clock() + LASTING).timestamp())
        content = f"{ends}.{self._nonce()}"
        return f"{content}.{self._spelled('cookie', content)}"

    def of(self, cookie: str | None) -> Session | None:
        """Return the session that a cookie stands for, unless it has ended or nobody opened it."""
        parts = (cookie or "").split(".")
        if len(parts) != _PARTS:
            return None
        ends, nonce, mac = parts
        if not _equal(mac, self._spelled("cookie", f"{ends}.{nonce}")):
            return None
        session = Session(nonce, datetime.fromtimestamp(int(ends), UTC))
        open_still = session.ends_at > self._clock() and nonce not in self._closed
        return session if open_still else None

    def close(self, session: Session) -> None:
        """End a session for whoever else holds its cookie too."""
        now = self._clock()
        self._closed = {nonce: end for nonce, end in self._closed.items() if end > now}
        while len(self._closed) >= _MOST_CLOSED:
            del self._closed[next(iter(self._closed))]
        self._closed[session.nonce] = session.ends_at

    def form_token(self, session: Session) -> str:
        """Return what each form of this session carries; another site cannot read it."""
        return self._spelled("form", session.nonce)

    def is_form_token(self, session: Session, token: str) -> bool:
        """Return whether a form comes from a page of this session."""
        return _equal(token, self.form_token(session))

    def _mac(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self._key, f"{purpose}\n{text}".encode(errors="replace"), "sha256")

    def _spelled(self, purpose: str, text: str) -> str:
        return urlsafe_b64encode(self._mac(purpose, text)).decode().rstrip("=")


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode())
