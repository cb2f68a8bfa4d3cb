"""
Why a request was not answered, in one sentence with a remedy.
"""

import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from service.caldav.tls_refusals import describe_breaking, find_alert
from service.core.errors import AnswerUnusable, ConfcalError, Fatal, PublishError, Retryable

_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL})
_PLAIN_HTTP = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "UNKNOWN_PROTOCOL",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_",
)
_MOST_CAUSES = 50

# Of OpenSSL, X509_V_ERR_...
_EXPIRED = 10
_OTHER_NAME = frozenset({62, 64})


@contextmanager
def translate_errors(place: str, note: str = "") -> Iterator[None]:
    """
    Turn what a request raises into Retryable or Fatal; `place` is host and port, `note` ends the sentence.

    No other error is raised: whatever an answer provokes in a library is trouble of its target.
    """
    try:
        yield
    except ConfcalError:
        raise
    except Exception as error:
        raise _translate(error, place, note) from error


def _translate(error: Exception, place: str, note: str) -> PublishError:
    # TLS 1.3 refuses a client after the handshake, and no library gives that error a name of its own.
    alert = find_alert(_causes(error))
    if alert:
        return Fatal(f"{place} {alert}{note}")
    match error:
        case httpx.ConnectError() if certificate := _certificate(error):
            translation: PublishError = Fatal(f"{place} {certificate}{note}")
        case httpx.ConnectError():
            translation = Retryable(f"{place} cannot be reached{_reason(error)}{note}")
        case httpx.TimeoutException() | TimeoutError():
            translation = Retryable(f"{place} did not answer in time{note}")
        case httpx.RemoteProtocolError() if "disconnected" not in str(error):
            what = "with something that is not HTTP: see whether https belongs there"
            translation = Retryable(f"{place} broke the connection {what}{note}")
        case httpx.TransportError():
            translation = Retryable(f"{place} broke the connection{describe_breaking(error)}{note}")
        case httpx.HTTPError() | httpx.InvalidURL() | UnicodeError():
            translation = Fatal(f"{place} answers with something that is not HTTP{note}")
        case _:
            translation = unusable(place, error)
    return translation


def unusable(place: str, error: Exception) -> AnswerUnusable:
    """Return the error of an answer that provoked an unforeseen error."""
    return AnswerUnusable(
        f"{place} answers with something that cannot be read ({type(error).__name__}): "
        "the log has the traceback, please report it"
    )


def _reason(error: BaseException) -> str:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            again = cause.errno == socket.EAI_AGAIN
            return ": DNS does not answer" if again else ": DNS does not know this name, correct it in URL"
        if isinstance(cause, ssl.SSLError):
            reason = cause.reason or ""
            if reason.startswith(_PLAIN_HTTP):
                return ": it speaks plain http on this port, so write http:// in URL, or the port of https"
            words = reason.replace("_", " ").lower() or "it was broken off"
            return f": the TLS handshake fails ({words}); set CLIENT_CERTIFICATE if it asks for one"
        if isinstance(cause, ConnectionRefusedError):
            return ": the port refuses connections, so see whether the server runs there"
    if any(isinstance(cause, OSError) and cause.errno in _NO_ROUTE for cause in causes):
        return ": there is no route to it"
    return ""


def _certificate(error: BaseException) -> str:
    """
    Return what is wrong with the certificate that was shown, empty where the certificate is not the reason.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code == _EXPIRED:
                return "shows a certificate that has expired: renew it there"
            if cause.verify_code in _OTHER_NAME:
                return "shows a certificate for another name: write the name that it is for in URL"
            break
    else:
        if "CERTIFICATE_VERIFY_FAILED" not in str(error):
            return ""
    return "shows a certificate that is not trusted here: name its authority in CA_FILE"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all its causes, those in groups too."""
    waiting = [error]
    for _ in range(_MOST_CAUSES):
        if not waiting:
            return
        each = waiting.pop()
        yield each
        waiting += [cause for cause in (each.__cause__ or each.__context__,) if cause]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
