"""
The administrator's sign-in: the token from the settings, and the signed cookie that replaces it in a browser.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe

import structlog

from service.core.clock import Clock
from service.core.errors import StoreUnavailable
from service.core.ports import ClosedSessions

log = structlog.get_logger()

LASTING = timedelta(hours=12)
_MOST_CLOSED = 1000
_PARTS = 3


@dataclass(frozen=True, slots=True)
class AdminSession:
    """
    One signed-in browser.
    """

    nonce: str
    ends_at: datetime


class AdminSessions:
    """
    Opens, checks and closes sessions.

    A new admin token or a new secret ends all of them. A closed session stays closed in every process and
    after a restart: the store remembers it.
    """

    def __init__(
        self,
        admin_token: str,
        secret: bytes,
        closed: ClosedSessions,
        *,
        clock: Clock,
        nonce: Callable[[], str] = token_urlsafe,
    ) -> None:
        self._token = admin_token
        self._key = hmac.digest(secret, f"session\n{admin_token}".encode(), "sha256")
        self._clock, self._nonce = clock, nonce
        self._store = closed
        self._closed: dict[str, datetime] = {}
        self._unsaved: dict[str, datetime] = {}

    def admits(self, token: str) -> bool:
        """Return whether this is the admin token; every wrong token takes the same time."""
        return hmac.compare_digest(self._mac("token", token), self._mac("token", self._token))

    def open(self) -> str:
        """Return the cookie of a new session."""
        ends = int((self._clock() + LASTING).timestamp())
        content = f"{ends}.{self._nonce()}"
        return f"{content}.{self._encode_mac('cookie', content)}"

    async def of(self, cookie: str | None) -> AdminSession | None:
        """Return the session of a cookie; None if it is over or was never opened."""
        session = self._verify(cookie)
        if session is None or session.ends_at <= self._clock() or session.nonce in self._closed:
            return None
        await self._save()
        try:
            over = await self._store.is_closed(session.nonce)
        except StoreUnavailable:
            # The dashboard must be able to show that the database is away. This process still knows what it
            # closed.
            over = False
        return None if over else session

    async def close(self, session: AdminSession) -> None:
        """End a session, also for anybody else who holds its cookie."""
        now = self._clock()
        self._closed = {nonce: end for nonce, end in self._closed.items() if end > now}
        while len(self._closed) >= _MOST_CLOSED:
            del self._closed[next(iter(self._closed))]
        self._closed[session.nonce] = self._unsaved[session.nonce] = session.ends_at
        await self._save()

    def _verify(self, cookie: str | None) -> AdminSession | None:
        parts = (cookie or "").split(".")
        if len(parts) != _PARTS:
            return None
        ends, nonce, mac = parts
        if not _equal(mac, self._encode_mac("cookie", f"{ends}.{nonce}")):
            return None
        return AdminSession(nonce, datetime.fromtimestamp(int(ends), UTC))

    async def _save(self) -> None:
        """Store the closed sessions; after a failure the next request of a session tries again."""
        if not self._unsaved:
            return
        writing = dict(self._unsaved)
        try:
            await self._store.close(writing, now=self._clock())
        except StoreUnavailable as error:
            log.warning("web.sign_out_not_kept", error=str(error))
            return
        self._unsaved = {nonce: end for nonce, end in self._unsaved.items() if nonce not in writing}

    def form_token(self, session: AdminSession) -> str:
        """Return the token in each form of this session; another site cannot read it."""
        return self._encode_mac("form", session.nonce)

    def is_form_token(self, session: AdminSession, token: str) -> bool:
        """Return whether a form comes from a page of this session."""
        return _equal(token, self.form_token(session))

    def sign(self, session: AdminSession, text: str) -> str:
        """Return a text with a signature that holds in this session alone."""
        return f"{self._signature(session, text)}.{text}"

    def read_signed(self, session: AdminSession, spelled: str) -> str | None:
        """Return the text that `sign` signed in this session; None for any other."""
        mac, _, text = spelled.partition(".")
        return text if _equal(mac, self._signature(session, text)) else None

    def _signature(self, session: AdminSession, text: str) -> str:
        return self._encode_mac("said", f"{session.nonce}\n{text}")

    def _mac(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self._key, f"{purpose}\n{text}".encode(errors="replace"), "sha256")

    def _encode_mac(self, purpose: str, text: str) -> str:
        return urlsafe_b64encode(self._mac(purpose, text)).decode().rstrip("=")


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode())
