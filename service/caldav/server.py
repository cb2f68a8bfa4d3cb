"""
A CalDAV server, as the settings of one target describe it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from service.caldav.announced import Announced, announced, domain_of
from service.caldav.collection import Collection
from service.caldav.connection import Connection
from service.caldav.discovery import Wish, discover
from service.caldav.hrefs import url_of
from service.caldav.protocol import Request, get
from service.caldav.publisher import CalDavPublisher
from service.caldav.quirks import active
from service.core.errors import NotCalDav, Retryable
from service.core.publishing import RemoteRules
from service.core.publishing_ports import Found, Publisher


@dataclass(frozen=True, slots=True)
class CalDavServer:
    """
    Implements `service.core.publishing_ports.Server`.
    """

    connection: Connection
    wish: Wish
    rules: RemoteRules
    concurrency: int
    announced: Announced = announced

    @property
    def _way(self) -> Connection:
        return self.connection.confined() if "-partition-host" in self.wish.quirks else self.connection

    async def find(self) -> Found:
        """See Server; where the settings name a bare domain, errors tell what its DNS announces."""
        try:
            found = await self._way.run(discover(self.wish))
        except NotCalDav as error:
            raise NotCalDav(f"{error}{await self._hint()}") from error
        except Retryable as error:
            hint = await self._hint()
            if not hint:
                raise
            # Of the same kind: whether it concerns one collection or the server is told by that.
            raise type(error)(
                f"{error}{hint}", delay_seconds=error.delay_seconds, crowded=error.crowded
            ) from error
        # Before it is remembered: an answer may name a collection anywhere.
        self._way.require_trusted(found.url)
        return found

    async def _hint(self) -> str:
        domain = domain_of(self.wish.url)
        address = await self.announced(domain) if domain else ""
        return f"; its DNS announces {address}: write that in URL if you know it" if address else ""

    def publisher(self, url: str, server: str) -> Publisher:
        """See Server."""
        return CalDavPublisher(self._way, Collection(url, active(server, self.wish.quirks), self.rules))

    def writers(self, server: str) -> int:
        """See Server."""
        return 1 if "one-writer" in active(server, self.wish.quirks) else self.concurrency

    def keeps_silent(self, server: str) -> bool:
        """See Server."""
        return "mails-client-attendees" not in active(server, self.wish.quirks)

    async def body(self, url: str, href: str) -> bytes:
        """Return what a resource holds, nothing where it is not there. Raises Retryable, Fatal."""
        response = await self._way.send(get(url_of(url, href)))
        return response.body if response.good else b""

    async def options(self, url: str) -> Mapping[str, str]:
        """Return the headers in which the server says what it supports. Raises Retryable, Fatal."""
        return (await self._way.send(Request("OPTIONS", url))).headers
