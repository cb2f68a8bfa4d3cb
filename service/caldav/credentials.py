"""
The credentials of a target.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import assert_never

import httpx

from service.caldav.digest import DigestAuth
from service.caldav.hrefs import host_of
from service.caldav.protocol import Response
from service.caldav.responses import SERVER_FAILED, retry_after
from service.caldav.tokens import parse_token
from service.core.clock import Clock
from service.core.errors import CredentialsRefused, Fatal, Retryable

_EARLY = timedelta(seconds=60)
_UNAUTHORIZED = 401
_LATER = frozenset({408, 425, 429})
_OK = 200


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No credentials, or a client certificate alone."""


@dataclass(frozen=True, slots=True)
class Basic:
    """RFC 7617."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Digest:
    """RFC 7616: Baikal's default."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bearer:
    """RFC 6750."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OAuth2:
    """A refresh token (RFC 6749, 6): Google."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    token_url: str


Credentials = Anonymous | Basic | Digest | Bearer | OAuth2


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """
    The certificate that we show in the TLS handshake.
    """

    certificate: Path
    key: Path | None = None
    """None where the file of the certificate holds the key too."""


def http_auth(credentials: Credentials, clock: Clock) -> httpx.Auth | None:
    """Return how httpx shows these credentials; one object serves all requests of a target."""
    match credentials:
        case Anonymous():
            return None
        case Basic(username, password):
            return httpx.BasicAuth(username, password)
        case Digest(username, password):
            return DigestAuth(username, password)
        case Bearer(token):
            return _BearerAuth(token)
        case OAuth2():
            return _RefreshingAuth(credentials, clock)
        case _ as unreachable:
            assert_never(unreachable)


class _BearerAuth(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class _RefreshingAuth(httpx.Auth):
    """Fetches an access token when one expires or is refused, once for all requests that wait."""

    def __init__(self, credentials: OAuth2, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock
        self._token = ""
        self._until: datetime | None = None
        self._refreshing = asyncio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        used = self._token
        for last in (False, True):
            async with self._refreshing:
                if self._is_stale(used if last else ""):
                    self._accept((yield self._token_request()))
            used = self._token
            request.headers["Authorization"] = f"Bearer {used}"
            response = yield request
            if response.status_code != _UNAUTHORIZED:
                return

    def _is_stale(self, refused: str) -> bool:
        """Whether a new token is needed: none yet, nearly expired, or still the one that was refused."""
        if not self._token or self._token == refused:
            return True
        return self._until is not None and self._clock() >= self._until - _EARLY

    def _token_request(self) -> httpx.Request:
        c = self._credentials
        data = {
            "grant_type": "refresh_token",
            "refresh_token": c.refresh_token,
            "client_id": c.client_id,
            "client_secret": c.client_secret,
        }
        return httpx.Request("POST", c.token_url, data=data, headers={"Accept": "application/json"})

    def _answer(self, response: httpx.Response) -> Response:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Response(response.status_code, self._credentials.token_url, self._clock(), headers)

    def _accept(self, response: httpx.Response) -> None:
        host = host_of(self._credentials.token_url)
        if response.status_code >= SERVER_FAILED or response.status_code in _LATER:
            raise Retryable(
                f"{host} gives no access token (status {response.status_code})",
                delay_seconds=retry_after(self._answer(response)),
            )
        if response.status_code != _OK:
            # The text of the answer could quote what we sent.
            raise CredentialsRefused(
                f"{host} gives no access token (status {response.status_code}): "
                "renew REFRESH_TOKEN, and check CLIENT_ID and CLIENT_SECRET"
            )
        token = parse_token(response.content)
        if token is None:
            raise Fatal(f"{host} gives no access token in its answer: check TOKEN_URL")
        self._token, self._until = token.text, self._clock() + token.life
