"""
A collection on a CalDAV server as a Publisher.
"""

from collections.abc import Iterable

from service.caldav.audit import listed, seen
from service.caldav.collection import Collection
from service.caldav.connection import Connection
from service.caldav.writing import carried_out
from service.core.publishing import Operation, Publication
from service.core.publishing_ports import Listing


class CalDavPublisher:
    """
    Implements `service.core.publishing_ports.Publisher`.
    """

    def __init__(self, connection: Connection, collection: Collection) -> None:
        self._connection = connection
        self._collection = collection

    async def apply(self, operation: Operation) -> Publication | None:
        """See Publisher."""
        return await self._connection.run(carried_out(self._collection, operation))

    async def listing(self, token: str) -> Listing:
        """See Publisher."""
        return await self._connection.run(listed(self._collection, token))

    async def seen(self, publications: Iterable[Publication]) -> list[Publication]:
        """See Publisher."""
        return await self._connection.run(seen(self._collection, list(publications)))
