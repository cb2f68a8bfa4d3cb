"""
Conversations with a server as generators: requests out, responses in, a result at the end.

Nothing here waits or connects; `service.caldav.connection` carries the requests.
"""

from collections.abc import Generator
from typing import TypeVar

from service.caldav.answers import REDIRECTS
from service.caldav.hrefs import host_of, joined
from service.caldav.protocol import Request, Response
from service.core.errors import Fatal

T = TypeVar("T")

Steps = Generator[Request, Response, T]

_MOST_REDIRECTS = 5


def followed(request: Request, trusted: str) -> Steps[Response]:
    """
    Send a reading request, and again where the server redirects it, the method kept.

    Another host is asked too, though by a stranger: the connection shows credentials to `trusted` only.
    Raises Fatal, also where the way leads from https to http.
    """
    for _ in range(_MOST_REDIRECTS):
        response = yield request
        target = response.header("location")
        if response.status not in REDIRECTS or not target:
            return response
        url = joined(request.url, target)
        if url is None:
            raise Fatal(f"{host_of(request.url)} redirects to something that is no address: correct it there")
        require_private(trusted, url)
        request = Request(request.method, url, request.headers, request.body)
    raise Fatal(f"{host_of(trusted)} redirects in a circle: name the collection's own address in URL")


def require_private(trusted: str, url: str) -> None:
    """Raise Fatal where an https server leads to plain http: what is published could be read on the way."""
    if trusted.startswith("https:") and not url.startswith("https:"):
        raise Fatal(
            f"{host_of(trusted)} sends us from https to http, where everything could be read: "
            "correct the server's own address, or name the collection in URL"
        )
