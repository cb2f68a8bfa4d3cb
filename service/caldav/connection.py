"""
The driver: carries the requests of a conversation, and translates what goes wrong on the way.
"""

import asyncio
import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx

from service.caldav.credentials import ClientCertificate
from service.caldav.exchange import Steps, require_private
from service.caldav.hrefs import credentials_may_go, host_of, place_of
from service.caldav.multistatus import MOST_OCTETS
from service.caldav.protocol import Request, Response
from service.caldav.quirks import partition_hosts
from service.core.errors import CollectionFailed, Fatal, Retryable, SettingsError

T = TypeVar("T")

_UNAUTHORIZED = 401
_WHOLE_ANSWER = 4
"""How many timeouts one answer may take altogether, however slowly it drips."""


@dataclass(frozen=True, slots=True)
class Trust:
    """
    Which servers are believed, and how we show ourselves in the handshake.
    """

    ca_file: Path | None = None
    client: ClientCertificate | None = None


def tls_context(trust: Trust) -> ssl.SSLContext:
    """Return the context. Raises SettingsError, which begins with the setting and the file at fault."""
    context = ssl.create_default_context()
    if trust.ca_file:
        try:
            context.load_verify_locations(trust.ca_file)
        except OSError as error:
            raise _unusable("CA_FILE", trust.ca_file, error, "certificate") from error
    if trust.client:
        _load_client(context, trust.client)
    return context


def _load_client(context: ssl.SSLContext, client: ClientCertificate) -> None:
    certificate, key = client.certificate, client.key
    try:
        # A password is never asked for on a terminal: a daemon has none.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except OSError as error:
        if key and os.access(certificate, os.R_OK) and not os.access(key, os.R_OK):
            raise _unusable("CLIENT_KEY", key, error, "key") from error
        what = "certificate, or the key is not its own" if key else "certificate with its key"
        raise _unusable("CLIENT_CERTIFICATE", certificate, error, what) from error


def _unusable(setting: str, file: Path, error: OSError, what: str) -> SettingsError:
    # OpenSSL's own words for what is no PEM file are of no use to anybody.
    told = None if isinstance(error, ssl.SSLError) else error.strerror
    reason = told or f"it holds no usable {what}"
    return SettingsError(f"{setting}: {file} cannot be used ({reason}); name a readable PEM file")


def open_http(trust: Trust, *, timeout_seconds: float, connections: int) -> httpx.AsyncClient:
    """Return a client for one target: HTTP/1.1, no redirects by itself, no proxies of the machine."""
    return httpx.AsyncClient(
        verify=tls_context(trust),
        http2=False,
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(timeout_seconds),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        # A gzipped answer brings ETags that a PUT does not know (Apache's "-gzip"), and could be a bomb.
        headers={"User-Agent": "confcal", "Accept-Encoding": "identity", "Accept": "*/*"},
    )


class Connection:
    """
    One target's way to its server.

    Credentials go where `trusted` is, and nowhere else: any other host is asked as a stranger would ask,
    and with `certified` not at all, as TLS shows a client's certificate to whoever wants it.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        trusted: str,
        auth: httpx.Auth | None,
        timeout: timedelta,
        clock: Callable[[], datetime],
        certified: bool = False,
        partitions: bool = True,
    ) -> None:
        self._http = http
        self._trusted = trusted
        self._auth = auth
        self._timeout = timeout
        self._clock = clock
        self._certified = certified
        self._partitions = partition_hosts(trusted) if partitions else None

    def confined(self) -> "Connection":
        """Return the same way, with credentials for one origin only: no numbered hosts besides."""
        return Connection(
            self._http,
            trusted=self._trusted,
            auth=self._auth,
            timeout=self._timeout,
            clock=self._clock,
            certified=self._certified,
            partitions=False,
        )

    async def run(self, steps: Steps[T]) -> T:
        """
        Carry a conversation to its end. Raises Retryable, Fatal, and what the conversation raises.

        Whatever a server writes, no other error leaves here: one of them would end the daemon.
        """
        try:
            request = next(steps)
            while True:
                request = steps.send(await self.send(request))
        except StopIteration as finished:
            result: T = finished.value
            return result
        except (ValueError, OverflowError) as error:
            raise CollectionFailed(
                f"{host_of(self._trusted)} answers with something that cannot be read"
            ) from error
        finally:
            steps.close()

    async def send(self, request: Request) -> Response:
        """Send one request. Raises Retryable and Fatal where no answer comes."""
        require_private(self._trusted, request.url)
        known = credentials_may_go(self._trusted, request.url, self._partitions)
        if self._certified and not known:
            raise self._strange(request)
        with _translated(host_of(request.url)):
            async with asyncio.timeout(self._timeout.total_seconds() * _WHOLE_ANSWER):
                response = await self._send(request, self._auth if known else None)
        if response.status == _UNAUTHORIZED and not known:
            raise self._strange(request)
        return response

    def _strange(self, request: Request) -> Fatal:
        return Fatal(
            f"{place_of(self._trusted)} sends us on to {place_of(request.url)}, and the credentials are not "
            "for that place: name its address in URL if it is the right one"
        )

    async def _send(self, request: Request, auth: httpx.Auth | None) -> Response:
        built = self._http.build_request(
            request.method, request.url, headers=dict(request.headers), content=request.body or None
        )
        response = await self._http.send(built, auth=auth, stream=True)
        try:
            body = await _limited(response)
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Response(response.status_code, request.url, self._clock(), headers, body)


async def _limited(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > MOST_OCTETS:
            raise Fatal(
                f"{host_of(str(response.url))} sends more than {MOST_OCTETS // 1024 // 1024} MB at once"
            )
        parts.append(part)
    return b"".join(parts)


@contextmanager
def _translated(host: str) -> Iterator[None]:
    try:
        yield
    except (httpx.TimeoutException, TimeoutError) as error:
        raise Retryable(f"{host} did not answer in time") from error
    except httpx.ConnectError as error:
        if _is_certificate(error):
            raise Fatal(
                f"{host} shows a certificate that is not trusted here: name its authority in CA_FILE"
            ) from error
        raise Retryable(f"{host} cannot be reached") from error
    except httpx.TransportError as error:
        raise Retryable(f"{host} broke the connection") from error
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise Fatal(f"{host} answers with something that is not HTTP") from error


def _is_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
