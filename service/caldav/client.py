"""
The HTTP client of one target: which servers it trusts, and its client certificate.
"""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx

from service.caldav.credentials import ClientCertificate
from service.core.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Trust:
    """
    Which certificates of servers are trusted, and which one we show.
    """

    ca_file: Path | None = None
    client: ClientCertificate | None = None


def tls_context(trust: Trust) -> ssl.SSLContext:
    """Return the TLS context. Raises SettingsError, which begins with the setting and the file at fault."""
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
    # OpenSSL's own words about a file that is not PEM help nobody.
    words = None if isinstance(error, ssl.SSLError) else error.strerror
    reason = words or f"it holds no usable {what}"
    return SettingsError(f"{setting}: {file} cannot be used ({reason}); name a readable PEM file")


def open_client(context: ssl.SSLContext, *, timeout_seconds: float, connections: int) -> httpx.AsyncClient:
    """Return a client for one target: HTTP/1.1, without redirects and the proxies of the machine."""
    return httpx.AsyncClient(
        verify=context,
        http2=False,
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(timeout_seconds),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        # A gzipped answer brings ETags that a PUT does not know (Apache's "-gzip"), and could be a bomb.
        headers={"User-Agent": "confcal", "Accept-Encoding": "identity", "Accept": "*/*"},
    )
