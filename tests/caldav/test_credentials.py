"""
Who we are to a server, and to which server.
"""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from service.caldav.client import Trust, tls_context
from service.caldav.connection import Connection
from service.caldav.credentials import Anonymous, Basic, Bearer, Credentials, Digest, OAuth2, http_auth
from service.caldav.places import Places
from service.caldav.protocol import get
from service.core.errors import Fatal, Retryable, SettingsError
from tests.publishing.clock import Clock

URL = "https://dav.example.org/cal/"
GOOGLE = OAuth2("id-1", "secret-2", "refresh-3", "https://auth.example.org/token")


def connection(
    handler: httpx.MockTransport, credentials: Credentials, clock: Clock | None = None
) -> Connection:
    clock = clock or Clock()
    http = httpx.AsyncClient(transport=handler)
    return Connection(
        http,
        places=Places(URL),
        auth=http_auth(credentials, clock),
        timeout=timedelta(seconds=5),
        clock=clock,
    )


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        (Anonymous(), None),
        (Basic("alice", "pass:wörd"), "Basic " + base64.b64encode("alice:pass:wörd".encode()).decode()),
        (Bearer("t-1"), "Bearer t-1"),
    ],
)
async def test_credentials_are_shown_with_the_first_request(
    credentials: Credentials, header: str | None
) -> None:
    seen = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("Authorization"))
        return httpx.Response(200)

    await connection(httpx.MockTransport(server), credentials).send(get(URL + "1.ics"))

    assert seen == [header]


async def test_digest_answers_the_challenge_once_for_many_requests() -> None:
    seen = []

    def server(request: httpx.Request) -> httpx.Response:
        shown = request.headers.get("Authorization", "")
        seen.append(shown[:6])
        if not shown.startswith("Digest "):
            challenge = 'Digest realm="r", nonce="n1", qop="auth", algorithm=MD5'
            return httpx.Response(401, headers={"WWW-Authenticate": challenge})
        return httpx.Response(200)

    one = connection(httpx.MockTransport(server), Digest("alice", "secret"))
    for _ in range(3):
        assert (await one.send(get(URL))).status == 200

    assert seen == ["", "Digest", "Digest", "Digest"]


class TokenServer:
    """Gives tokens that live an hour, and a calendar that wants the newest."""

    def __init__(self) -> None:
        self.given = 0
        self.revoked: set[str] = set()
        self.status = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "auth.example.org":
            assert b"refresh_token=refresh-3" in request.content
            self.given += 1
            token = {"access_token": f"t{self.given}", "expires_in": 3600}
            return httpx.Response(
                self.status, json=token if self.status == 200 else {"error": "invalid_grant"}
            )
        token_shown = request.headers["Authorization"].removeprefix("Bearer ")
        return httpx.Response(401 if token_shown in self.revoked else 200)


async def test_an_access_token_is_fetched_once_and_again_when_it_expires_or_is_refused() -> None:
    tokens, clock = TokenServer(), Clock()
    one = connection(httpx.MockTransport(tokens), GOOGLE, clock)

    await one.send(get(URL))
    await one.send(get(URL))
    assert tokens.given == 1
    clock.now += timedelta(hours=1)
    await one.send(get(URL))
    assert tokens.given == 2
    tokens.revoked.add("t2")
    assert (await one.send(get(URL))).status == 200
    assert tokens.given == 3


@pytest.mark.parametrize(("status", "error"), [(400, Fatal), (429, Retryable), (503, Retryable)])
async def test_a_refused_refresh_token_is_told_without_quoting_it(
    status: int, error: type[Exception]
) -> None:
    tokens = TokenServer()
    tokens.status = status

    with pytest.raises(error) as told:
        await connection(httpx.MockTransport(tokens), GOOGLE).send(get(URL))

    assert not any(secret in str(told.value) for secret in ("secret-2", "refresh-3", "invalid_grant"))


async def test_a_busy_token_server_says_how_long_to_wait() -> None:
    def busy(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers={"Retry-After": "120"})

    with pytest.raises(Retryable) as told:
        await connection(httpx.MockTransport(busy), GOOGLE).send(get(URL))

    assert told.value.delay_seconds == 120


@pytest.mark.parametrize("url", ["https://other.example.org/", "https://dav.example.org:1/"])
@pytest.mark.parametrize("credentials", [Basic("alice", "secret"), Digest("alice", "secret"), GOOGLE])
async def test_nothing_is_ever_sent_to_another_origin(url: str, credentials: Credentials) -> None:
    asked = []

    def server(request: httpx.Request) -> httpx.Response:
        asked.append((str(request.url), request.headers.get("Authorization")))
        return httpx.Response(401, headers={"WWW-Authenticate": 'Digest realm="x", nonce="n", qop="auth"'})

    with pytest.raises(Fatal, match="not for that place"):
        await connection(httpx.MockTransport(server), credentials).send(get(url))

    assert asked == []


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (httpx.ConnectError("refused"), Retryable),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"), Fatal),
        (httpx.ReadError("reset"), Retryable),
        (httpx.RemoteProtocolError("peer closed"), Retryable),
        (httpx.PoolTimeout("full"), Retryable),
        (httpx.ReadTimeout("slow"), Retryable),
        (httpx.DecodingError("gzip"), Fatal),
    ],
)
async def test_what_goes_wrong_on_the_way_is_translated_once(
    raised: Exception, error: type[Exception]
) -> None:
    def server(_request: httpx.Request) -> httpx.Response:
        raise raised

    with pytest.raises(error, match=r"dav\.example\.org") as told:
        await connection(httpx.MockTransport(server), Basic("alice", "secret-9")).send(get(URL))

    assert "secret-9" not in str(told.value)


async def test_an_endless_answer_is_cut_off() -> None:
    def server(_request: httpx.Request) -> httpx.Response:
        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 1024 * 1024

        return httpx.Response(207, content=endless())

    with pytest.raises(Fatal, match="more than 64 MB"):
        await connection(httpx.MockTransport(server), Anonymous()).send(get(URL))


def test_secrets_are_not_in_the_representation() -> None:
    shown = repr(
        [Basic("alice", "s1"), Digest("alice", "s1"), Bearer("s1"), OAuth2("i", "s1", "s1", "https://x")]
    )

    assert "s1" not in shown


def test_an_unusable_ca_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")

    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(SettingsError, match="CA_FILE"):
            tls_context(Trust(ca_file=tmp_path / name))
