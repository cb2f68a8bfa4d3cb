"""
What to set where a server answers with status 401.
"""

import httpx

from service.caldav.challenges import parse_challenges
from service.caldav.digest import DigestAuth
from service.caldav.hrefs import host_of
from service.caldav.protocol import Response
from service.caldav.responses import REFUSAL_OF_LOGIN

_PASSWORDS = frozenset({"basic", "digest"})
_SPOKEN = _PASSWORDS | {"bearer"}


def explain_unauthorized(response: Response, auth: httpx.Auth | None) -> str:
    """Return the error text for an answer to `auth`, by the ways to sign in that the server offers."""
    host, offered = host_of(response.url), _find_schemes(response)
    if offered and not offered & _SPOKEN:
        names = ", ".join(sorted(offered))
        return (
            f"{host} takes none of the ways in which confcal signs in (it offers {names}): "
            "have Basic, Digest or Bearer switched on there"
        )
    return f"{host} {_advise(auth, offered)}"


def _advise(auth: httpx.Auth | None, offered: set[str]) -> str:
    match auth:
        case None if offered == {"bearer"}:
            return "asks for a token, and none is set: set AUTH=bearer and TOKEN, or AUTH=oauth2"
        case None:
            return "asks for a user, and none is set: set USERNAME and PASSWORD, or another AUTH"
        case httpx.BasicAuth() | DigestAuth() if offered == {"bearer"}:
            return "takes a token in place of a password: set AUTH=bearer and TOKEN, or AUTH=oauth2"
        case httpx.BasicAuth() if offered & _PASSWORDS == {"digest"}:
            return "takes no password but by Digest: set AUTH=digest"
        case httpx.BasicAuth() | DigestAuth():
            return REFUSAL_OF_LOGIN
        case _:
            return "refuses the token: renew TOKEN, or REFRESH_TOKEN with AUTH=oauth2"


def _find_schemes(response: Response) -> set[str]:
    try:
        return {each.scheme for each in parse_challenges(response.header("www-authenticate"))}
    except ValueError:
        return set()
