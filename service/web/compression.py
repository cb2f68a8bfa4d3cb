"""
gzip for the subscription page and the files of `static/`.

Feeds are sent as they are: Outlook.com stopped updating compressed ones. So are the pages of administrators:
the length of a compressed answer can reveal a secret (BREACH). The secret of a subscription page is its
address, and whoever has a browser ask for that knows it already.
"""

import gzip

from starlette.requests import Request
from starlette.responses import Response

_LEVEL = 6
_WORTHWHILE_OCTETS = 1000
"""Less than this fits into the first packet anyway."""

_NAMES = ("gzip", "x-gzip", "*")


def accepts_gzip(accept_encoding: str) -> bool:
    """
    Return whether an Accept-Encoding allows gzip (RFC 9110, 12.5.3).

    A coding that is named outranks `*`; a weight of zero refuses it.
    """
    weights = dict(_read_coding(part) for part in accept_encoding.split(","))
    return next((weights[name] > 0 for name in _NAMES if name in weights), False)


def _read_coding(part: str) -> tuple[str, float]:
    coding, _, parameter = part.partition(";")
    name, _, value = parameter.partition("=")
    try:
        weight = float(value) if name.strip().lower() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return coding.strip().lower(), weight


def compress(body: bytes, level: int = _LEVEL) -> bytes:
    """Return the body as gzip; the same body gives the same bytes."""
    return gzip.compress(body, level, mtime=0)


def compress_response(request: Request, response: Response) -> None:
    """Compress a response that is complete, where the client accepts it and it is worthwhile."""
    response.headers.add_vary_header("Accept-Encoding")
    if len(response.body) < _WORTHWHILE_OCTETS or not accepts_gzip(
        request.headers.get("accept-encoding", "")
    ):
        return
    response.body = compress(bytes(response.body))
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(response.body))
