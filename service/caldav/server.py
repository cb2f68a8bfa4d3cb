"""
The ports `Publisher` and `Server` of publishing, for CalDAV.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from typing_extensions import override

from service.caldav.audit import list_collection, read_publications
from service.caldav.collection import Collection
from service.caldav.connection import Connection
from service.caldav.discovery import CollectionSpec, discover
from service.caldav.hrefs import resource_href, url_of
from service.caldav.protocol import Request, get
from service.caldav.quirks import active
from service.caldav.writing import execute
from service.publishing.model import Operation, Publication, RemoteRules
from service.publishing.ports import CollectionListing, DiscoveredCollection, Publisher, Server


class CalDavPublisher(Publisher):
    """
    Implements `service.publishing.ports.Publisher`.
    """

    def __init__(self, connection: Connection, collection: Collection) -> None:
        self._connection = connection
        self._collection = collection

    @override
    async def apply(self, operation: Operation) -> Publication | None:
        return await self._connection.run(execute(self._collection, operation))

    @override
    def href_of(self, uid: str) -> str:
        return resource_href(self._collection.url, uid)

    @override
    async def listing(self, token: str) -> CollectionListing:
        return await self._connection.run(list_collection(self._collection, token))

    @override
    async def read(self, publications: Iterable[Publication]) -> list[Publication]:
        return await self._connection.run(read_publications(self._collection, list(publications)))


@dataclass(frozen=True, slots=True)
class CalDavServer(Server):
    """
    Implements `service.publishing.ports.Server`.
    """

    connection: Connection
    spec: CollectionSpec
    rules: RemoteRules
    concurrency: int

    @property
    def _confined_connection(self) -> Connection:
        return self.connection.confine() if "-partition-host" in self.spec.quirks else self.connection

    @override
    async def find(self) -> DiscoveredCollection:
        found = await self._confined_connection.run(discover(self.spec, self.connection.homes))
        # Checked before it is remembered: an answer may name a collection on any host.
        self._confined_connection.require_trusted(found.url)
        return found

    @override
    def publisher(self, url: str, server: str) -> Publisher:
        return CalDavPublisher(
            self._confined_connection, Collection(url, active(server, self.spec.quirks), self.rules)
        )

    @override
    def writers(self, server: str) -> int:
        return 1 if "one-writer" in active(server, self.spec.quirks) else self.concurrency

    @override
    def keeps_silent(self, server: str) -> bool:
        return "mails-client-attendees" not in active(server, self.spec.quirks)

    async def body(self, url: str, href: str) -> bytes:
        """Return the body of a resource, empty where it does not exist. Raises Retryable, Fatal."""
        response = await self._confined_connection.send(get(url_of(url, href)))
        return response.body if response.good else b""

    async def options(self, url: str) -> Mapping[str, str]:
        """Return the headers in which the server says what it supports. Raises Retryable, Fatal."""
        return (await self._confined_connection.send(Request("OPTIONS", url))).headers
