"""
What a server has against our side of TLS: no client certificate, a wrong one, or plain http.

TLS 1.3 says it after the handshake, in place of an answer. Some servers say it in the text of a status 400.
"""

import ssl
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import httpx

from service.caldav.protocol import Response
from service.core.errors import Fatal

_NO_CERTIFICATE = "asks for a client certificate: set CLIENT_CERTIFICATE"
_WRONG_CERTIFICATE = (
    "refuses the client certificate ({}): give one that it knows in CLIENT_CERTIFICATE, or have it renewed"
)
_SPEAKS_TLS = "speaks TLS on this port: write https:// in URL, or the port of plain http"

_ALERTS: Mapping[str, str] = {
    "ALERT_CERTIFICATE_REQUIRED": _NO_CERTIFICATE,
    "ALERT_UNKNOWN_CA": _WRONG_CERTIFICATE.format("it does not know its authority"),
    "ALERT_CERTIFICATE_EXPIRED": _WRONG_CERTIFICATE.format("it has expired"),
    "ALERT_CERTIFICATE_REVOKED": _WRONG_CERTIFICATE.format("it was revoked"),
    "ALERT_CERTIFICATE_UNKNOWN": _WRONG_CERTIFICATE.format("it is not accepted"),
    "ALERT_BAD_CERTIFICATE": _WRONG_CERTIFICATE.format("it is not accepted"),
    "ALERT_UNSUPPORTED_CERTIFICATE": _WRONG_CERTIFICATE.format("its kind is not accepted"),
    "ALERT_DECRYPT_ERROR": _WRONG_CERTIFICATE.format("its key does not fit"),
    "ALERT_ACCESS_DENIED": _WRONG_CERTIFICATE.format("its holder has no access"),
    # TLS 1.2 has no alert of its own for a missing certificate.
    "ALERT_HANDSHAKE_FAILURE": (
        "breaks off the TLS handshake: set CLIENT_CERTIFICATE if it asks for one, or see its log"
    ),
    "ALERT_PROTOCOL_VERSION": "speaks no TLS from version 1.2 on: switch that on there",
    "UNSUPPORTED_PROTOCOL": "speaks no TLS from version 1.2 on: switch that on there",
    "UNRECOGNIZED_NAME": "knows no site of this name: write the name that its certificate is for in URL",
}
"""By a part of OpenSSL's reason."""

_TEXTS: Mapping[bytes, str] = {
    # nginx and Apache
    b"no required ssl certificate": _NO_CERTIFICATE,
    b"the ssl certificate error": _WRONG_CERTIFICATE.format("it is not accepted"),
    b"to https port": _SPEAKS_TLS,
    b"to an ssl-enabled server port": _SPEAKS_TLS,
    # Caddy and other programs in Go
    b"http request to an https server": _SPEAKS_TLS,
}
"""By words in the text of a status 400."""

_BAD_REQUEST = 400
_BEGINNING = 2_000


def find_alert(causes: Iterable[BaseException]) -> str | None:
    """Return what an alert of TLS means, as the rest of a sentence, or None without an alert."""
    reasons = [getattr(cause, "reason", None) or "" for cause in causes if isinstance(cause, ssl.SSLError)]
    return next((text for mark, text in _ALERTS.items() for reason in reasons if mark in reason), None)


def require_tls_accepted(response: Response, place: str) -> None:
    """Raise Fatal for an answer that is about our side of TLS, and not about the request."""
    if response.status != _BAD_REQUEST:
        return
    beginning = response.body[:_BEGINNING].lower()
    for words, text in _TEXTS.items():
        if words in beginning:
            raise Fatal(f"{place} {text}")


def describe_breaking(error: httpx.TransportError) -> str:
    """Return why a connection may have been broken without an answer, as the end of a sentence."""
    asked = getattr(error, "_request", None)
    if asked is not None and urlsplit(str(asked.url)).scheme == "http":
        return ": see whether it speaks TLS on this port (then write https:// in URL), and what its log says"
    return ": see what its log says; it needs CLIENT_CERTIFICATE if it asks for one"
