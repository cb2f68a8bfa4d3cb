"""
An edited and a removed series on real servers: from the list to the requests.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta

import pytest

from service.app.synchronizer import Synchronizer
from service.core.conference import Conference
from service.core.revision import Policy
from service.core.schedule import Weekday
from service.core.vevent import Rendering
from service.publishing.model import Resource, SyncReport
from service.publishing.resource import render_resource
from tests.caldav.loopback import Loopback
from tests.caldav.site import Site
from tests.contracts.sites import site_of
from tests.core.given import HOUR, MOSCOW, at, conference, listed, once, weekly
from tests.store.memory import MemoryStore

EDITED = at("2026-11-25 12:00")
OTHERS = tuple(conference(f"other{number}", schedule=once("2027-10-05 07:00")) for number in range(8))
MONDAYS = conference(schedule=weekly("2026-10-05 07:00", Weekday.MO))
WEDNESDAYS = conference(schedule=weekly("2026-10-05 12:00", Weekday.WE))


class Published:
    """A calendar that follows lists, in a collection."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.store = MemoryStore()
        self.synchronizer = Synchronizer(self.store, Policy(default=Rendering(MOSCOW)))

    async def hear(self, *conferences: Conference, after: timedelta) -> SyncReport:
        snapshot = listed(*conferences, *OTHERS, at=at("2026-10-01 09:00") + after)
        await self.synchronizer.accept(snapshot)
        self.site.wire.forget()
        return await self.site.publish(await self.resources())

    async def resources(self) -> Mapping[str, Resource]:
        vevents = await self.store.vevents("full-en")
        return {each.uid: Resource.of(each.uid, render_resource(each)) for each in vevents}


@pytest.fixture(params=["radicale", "xandikos"])
async def published(
    request: pytest.FixtureRequest, loopback: Callable[[str], Loopback]
) -> AsyncIterator[Published]:
    async with site_of(request.param, loopback) as site:
        published = Published(site)
        await published.hear(MONDAYS, after=timedelta())
        yield published


def counts(report: SyncReport) -> tuple[int, int, int]:
    return report.created, report.updated, report.deleted


async def test_an_edit_of_a_series_is_one_update_and_one_create(published: Published) -> None:
    since = EDITED - at("2026-10-01 09:00")

    assert counts(await published.hear(WEDNESDAYS, after=since)) == (1, 1, 0)
    await published.site.means(await published.resources())

    assert counts(await published.hear(WEDNESDAYS, after=since + HOUR / 2)) == (0, 0, 0)
    assert published.site.wire.methods() == {}


async def test_the_removal_of_a_series_is_one_create_and_one_delete(published: Published) -> None:
    since = EDITED - at("2026-10-01 09:00")
    await published.hear(after=since)
    assert published.site.wire.methods() == {}

    assert counts(await published.hear(after=since + HOUR)) == (1, 0, 1)
    await published.site.means(await published.resources())

    assert counts(await published.hear(after=since + 2 * HOUR)) == (0, 0, 0)
    assert published.site.wire.methods() == {}
