"""
Taking back what was published, and nothing else.
"""

from dataclasses import replace
from datetime import UTC, datetime

from service.app.purge import purge, purgeable
from service.app.targets import make_reconciler
from tests.caldav.configured import ConfiguredTargets
from tests.caldav.conftest import server, site
from tests.caldav.misbehaving import HOME, Misbehaving
from tests.caldav.site import Site

__all__ = ["server", "site"]

WORK = f"{HOME}team/"
FAR_OFF = datetime(9000, 1, 1, tzinfo=UTC)


async def test_a_target_whose_name_only_begins_alike_is_left_alone(site: Site) -> None:
    targets_by_name = ConfiguredTargets(site)
    await targets_by_name.hear(2)
    found = targets_by_name.of("cloud", "cloud2")
    await make_reconciler(found["cloud"], site.clock).once()
    record = (await site.ledger.targets())["cloud"]
    for key in ("cloud2", "cloud2/room@video.example.com", "cloud2~1", "cloud/all", "cloud~1"):
        await site.ledger.record_target(key, replace(record, url=f"{record.url}{key[5:]}/"))

    collections, _ = await purgeable(found, "cloud")

    assert [each.target.key for each in collections] == ["cloud", "cloud/all", "cloud~1"]


async def test_what_is_parked_is_deleted_too(site: Site, server: Misbehaving) -> None:
    targets_by_name = ConfiguredTargets(site)
    await targets_by_name.hear(2)
    found = targets_by_name.of("cloud")
    await make_reconciler(found["cloud"], site.clock).once()
    rows = (await site.ledger.publications("cloud")).values()
    # Deleting them is what was refused before.
    parked = [replace(row, digest="").park("no", retry_at=FAR_OFF) for row in rows]
    await site.ledger.record_publications("cloud", parked)

    report = await purge((await purgeable(found, "cloud"))[0], lambda _done: None)

    assert (report.deleted, server.calendars[WORK]) == (2, {})
    assert await site.ledger.targets() == {}
