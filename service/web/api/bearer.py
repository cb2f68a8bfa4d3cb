"""
Bearer tokens (RFC 6750).
"""

import hashlib
import hmac

from starlette.requests import Request

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="confcal"'}


def bearer_of(request: Request) -> str:
    """Return the token of the Authorization header, or an empty text."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def same_token(given: str, expected: str) -> bool:
    """Return whether two tokens are equal, in the same time for all that are not."""
    return hmac.compare_digest(_digest(given), _digest(expected))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
