"""
The daemon on a database server.
"""

from tests.contracts.databases import NewDatabase
from tests.e2e.given import once, weekly
from tests.e2e.program import Home, room


async def test_the_daemon_makes_its_tables_in_an_empty_postgresql(
    home: Home, postgresql: NewDatabase
) -> None:
    url = postgresql()
    async with room(home.path, conferences=(once(), weekly())) as endpoint:
        settings = {"SOURCES__LOBBY__URL": endpoint.url, "DATABASE_URL": url}
        async with home.daemon(**settings) as daemon:
            first = await daemon.feed(lambda feed: len(feed.vevents) == 2)
            endpoint.tell(once(topic="Renamed"), weekly())
            renamed = await daemon.feed(lambda feed: feed.topics["100"] == "Renamed")
            assert renamed.vevents["100"]["SEQUENCE"] == 1
            assert renamed.vevents["200"].to_ical() == first.vevents["200"].to_ical()
            assert await daemon.program.end() == 0

        async with home.daemon(**settings) as again:
            restarted = await again.feed()
            assert (restarted.body, restarted.etag) == (renamed.body, renamed.etag)
