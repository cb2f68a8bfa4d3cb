"""
Conversations with a server as generators: requests out, responses in, a result at the end.

Nothing here waits or connects; `service.caldav.connection` carries the requests.
"""

from collections.abc import Generator
from dataclasses import replace
from typing import TypeVar

from service.caldav.hrefs import host_of, join_url, origin
from service.caldav.protocol import Request, Response
from service.caldav.responses import REDIRECTS
from service.core.errors import Fatal

T = TypeVar("T")

Steps = Generator[Request, Response, T]

_MOST_REDIRECTS = 5


def follow_redirects(request: Request, trusted: str) -> Steps[Response]:
    """
    Send a reading request, and send it again with the same method where the server redirects it.

    The connection refuses redirects to hosts that the settings do not name. Raises Fatal, also for a redirect
    from https to http.
    """
    for _ in range(_MOST_REDIRECTS):
        response = yield request
        target = response.header("location")
        if response.status not in REDIRECTS or not target:
            return response
        url = join_url(request.url, target)
        if url is None:
            raise Fatal(
                f"{host_of(request.url)} redirects to something that is not an address: correct it there"
            )
        how = f"redirect, status {response.status}"
        require_private(trusted, url, how)
        request = replace(request, url=url, sent_by=how)
    raise Fatal(f"{host_of(trusted)} redirects in a circle: name the collection's own address in URL")


def require_private(trusted: str, url: str, how: str = "in an answer") -> None:
    """Raise Fatal where an https server leads to plain http: what is published could be read on the way."""
    if trusted.startswith("https:") and not url.startswith("https:"):
        _, host, port = origin(url)
        raise Fatal(
            f"{host_of(trusted)} sends us from https to http ({how}: {host}:{port}), where everything could "
            "be read: correct the server's own address, or name the collection in URL"
        )
