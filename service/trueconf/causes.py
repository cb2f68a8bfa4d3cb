"""
Reasons why a connection to an endpoint fails, with remedies, from the errors of sockets and libraries.
"""

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

_MOST_LINKS: Final = 30
_LONGEST: Final = 200
# `[SSL: WRONG_VERSION_NUMBER] ... (_ssl.c:1006)`, `[Errno 111] ...`: marks for programmers.
_MARKS: Final = re.compile(r"\[(?:SSL|X509)[^\]]*\]\s*|\[Errno -?\d+\]\s*|\s*\(_ssl\.c:\d+\)")
_NO_TLS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"}
)
_REDIRECTS: Final = range(300, 400)
_NO_ROUTE: Final = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EHOSTDOWN})
# The first bytes of a TLS alert, in place of a status line, as libraries quote them; h11 refuses that.
_ALERTS: Final = ("\x15\x03", "\\x15\\x03", "illegal request line")


class Mute(ConnectionError):
    """A connection was made, but nothing arrived in time."""


class ClosedInHandshake(ConnectionError):
    """A connection was made, and closed by the peer when it was asked for TLS."""


class AsksForTls(ConnectionError):
    """The peer answered plain http with the words of web servers that this port speaks TLS."""


class Cause(Enum):
    """
    The reason of a failure in words, and the remedy.
    """

    NAME = ("its name cannot be looked up", "check the name, and the DNS of this machine")
    EXPIRED = ("its certificate has expired", "renew it there, and see whether this machine's clock is right")
    OTHER_NAME = (
        "its certificate is for another name",
        "write the name that the certificate is for in the address",
    )
    CERTIFICATE = ("its certificate is not trusted", "name its authority in SSL_CERT_FILE")
    ASKS_CERTIFICATE = (
        "it asks for a client certificate, and confcal has none for endpoints",
        "let it take connections without one",
    )
    NO_TLS = (
        "it speaks no TLS on this port",
        "write ws:// in place of wss://, http:// in place of https://, or the port that speaks TLS",
    )
    TLS_ONLY = (
        "it speaks TLS on this port",
        "write wss:// in place of ws://, https:// in place of http://",
    )
    REFUSED = (
        "it refuses the connection, nothing listens on this port",
        "start TrueConf Room or VideoSDK there, or correct the port",
    )
    NO_ROUTE = ("there is no way to it from here", "check the address and the network")
    MUTE = (
        "it takes connections on this port and does not answer",
        "check the port, and whether it speaks TLS: wss:// and https:// do, ws:// and http:// do not",
    )
    TIMEOUT = (
        "it did not answer in time",
        "check the address, that the machine is on, and that no firewall is in between",
    )
    CLOSED = (
        "it closed the connection without an answer",
        "check the port; where it speaks TLS, write wss:// in place of ws://, https:// in place of http://",
    )

    @property
    def reason(self) -> str:
        """What is wrong, as part of a sentence."""
        return self.value[0]

    @property
    def advice(self) -> str:
        """What to do, as part of a sentence."""
        return self.value[1]


# Of OpenSSL, X509_V_ERR_...
_CERTIFICATE_CAUSES: Final = {10: Cause.EXPIRED, 62: Cause.OTHER_NAME, 64: Cause.OTHER_NAME}


def cause_of(error: BaseException) -> Cause | None:
    """Return why a connection failed, from an error and its causes, or None for an unknown reason."""
    # Where one address refuses and another has no route, the refusal says more: Cause has that order.
    causes = {cause for each in _chain(error) if (cause := _cause(each))}
    return next((cause for cause in Cause if cause in causes), None)


def reason_of(error: BaseException) -> str:
    """Return the reason as part of a sentence, without details that only programmers read."""
    cause = cause_of(error)
    if cause is Cause.CERTIFICATE:
        return f"{cause.reason} ({_verdict(error)})"
    return cause.reason if cause else plain(error)


def plain(error: BaseException) -> str:
    """Return an error's own text as one short line, without marks for programmers, or else its name."""
    words = " ".join(_MARKS.sub("", str(error)).split())
    printable = "".join(each for each in words if each.isprintable())
    return printable[:_LONGEST] or type(error).__name__


def describe_status(status: int, location: str) -> str:
    """
    Return what a server answered, and for a redirect where it leads: `location` is its header.

    The path is left out, because it may hold a secret.
    """
    text = f"it answered with status {status}"
    if status not in _REDIRECTS or not location:
        return text
    try:
        leads = urlsplit(location)
        host, port = leads.hostname, leads.port
    except ValueError:
        return text
    if not host or not host.isprintable():
        return f"{text}, and sends us on to a page of its own"
    named = f"[{host}]" if ":" in host else host
    return f"{text}, and sends us on to {leads.scheme or 'http'}://{named}{f':{port}' if port else ''}"


def _cause(error: BaseException) -> Cause | None:  # noqa: C901, PLR0911 - a line per kind of error
    match error:
        case socket.gaierror():
            return Cause.NAME
        case ssl.SSLError() if cause := _of_tls(error):
            return cause
        case ClosedInHandshake():
            return Cause.NO_TLS
        case Mute():
            return Cause.MUTE
        case AsksForTls():
            return Cause.TLS_ONLY
        case ConnectionRefusedError():
            return Cause.REFUSED
        case TimeoutError():
            return Cause.TIMEOUT
        case ConnectionResetError() | BrokenPipeError() | EOFError() | ssl.SSLEOFError():
            return Cause.CLOSED
        case OSError() if error.errno in _NO_ROUTE:
            return Cause.NO_ROUTE
        case _ if any(alert in str(error) for alert in _ALERTS):
            return Cause.TLS_ONLY
        case _ if "disconnected without sending a response" in str(error):
            return Cause.CLOSED
        case _:
            return None


def _of_tls(error: ssl.SSLError) -> Cause | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE_CAUSES.get(error.verify_code, Cause.CERTIFICATE)
    reason = getattr(error, "reason", None) or ""
    if "ALERT_CERTIFICATE_REQUIRED" in reason:
        return Cause.ASKS_CERTIFICATE
    return Cause.NO_TLS if reason in _NO_TLS else None


def _verdict(error: BaseException) -> str:
    for each in _chain(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return str(getattr(each, "verify_message", ""))
    return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, those that it groups, and those that led to it."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _MOST_LINKS:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
        waiting += [led for led in (each.__cause__, each.__context__) if led]
