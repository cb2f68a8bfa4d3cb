"""
A CalDAV server, as the settings of one target describe it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from service.caldav.collection import Collection
from service.caldav.connection import Connection
from service.caldav.discovery import Wish, discover
from service.caldav.hrefs import url_of
from service.caldav.protocol import Request, get
from service.caldav.publisher import CalDavPublisher
from service.caldav.quirks import active
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

    async def find(self) -> Found:
        """See Server."""
        return await self.connection.run(discover(self.wish))

    def publisher(self, url: str, server: str) -> Publisher:
        """See Server."""
        return CalDavPublisher(self.connection, Collection(url, active(server, self.wish.quirks), self.rules))

    def writers(self, server: str) -> int:
        """See Server."""
        return 1 if "one-writer" in active(server, self.wish.quirks) else self.concurrency

    def keeps_silent(self, server: str) -> bool:
        """See Server."""
        return "mails-client-attendees" not in active(server, self.wish.quirks)

    async def body(self, url: str, href: str) -> bytes:
        """Return what a resource holds, nothing where it is not there. Raises Retryable, Fatal."""
        response = await self.connection.send(get(url_of(url, href)))
        return response.body if response.good else b""

    async def options(self, url: str) -> Mapping[str, str]:
        """Return the headers in which the server says what it supports. Raises Retryable, Fatal."""
        return (await self.connection.send(Request("OPTIONS", url))).headers
