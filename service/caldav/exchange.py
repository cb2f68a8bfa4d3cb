"""
Conversations with a server as generators: requests out, responses in, a result at the end.

Nothing here waits or connects; `service.caldav.connection` carries the requests.
"""

from collections.abc import Generator
from typing import TypeVar

from service.caldav.answers import REDIRECTS
from service.caldav.hrefs import host_of, joined, may_follow
from service.caldav.protocol import Request, Response
from service.caldav.quirks import partition_hosts
from service.core.errors import Fatal

T = TypeVar("T")

Steps = Generator[Request, Response, T]

_MOST_REDIRECTS = 5


def followed(request: Request, trusted: str) -> Steps[Response]:
    """
    Send a reading request, and again where the server redirects it, the method kept.

    Never to another host, never from https to http: the credentials are for `trusted`. Raises Fatal.
    """
    for _ in range(_MOST_REDIRECTS):
        response = yield request
        target = response.header("location")
        if response.status not in REDIRECTS or not target:
            return response
        url = joined(request.url, target)
        require_trusted(trusted, url)
        request = Request(request.method, url, request.headers, request.body)
    raise Fatal(f"{host_of(trusted)} redirects in a circle: name the collection's own address in URL")


def require_trusted(trusted: str, url: str) -> None:
    """Raise Fatal where the credentials for `trusted` must not go to `url`."""
    if may_follow(trusted, url, partition_hosts(trusted)):
        return
    if trusted.startswith("https:") and url.startswith("http:"):
        raise Fatal(
            f"{host_of(trusted)} sends us from https to http, where the password could be read: "
            "correct the server's own address, or name the collection in URL"
        )
    raise Fatal(
        f"{host_of(trusted)} sends us on to {host_of(url)}, and the password is not for that host: "
        "name its address in URL if it is the right one"
    )
