"""
What the settings make of targets.
"""

import pytest

from service.app.targets import make_reconciler
from tests.caldav.configured import ConfiguredTargets
from tests.caldav.misbehaving import HOME, Misbehaving
from tests.caldav.site import Site

WORK = f"{HOME}team/"


async def test_before_the_first_list_nothing_is_deleted_and_nothing_asked(
    site: Site, server: Misbehaving
) -> None:
    targets_by_name = ConfiguredTargets(site)
    await targets_by_name.hear(3)
    await make_reconciler(targets_by_name.of("cloud")["cloud"], site.clock).once()
    before = dict(server.calendars[WORK])
    rows = await site.ledger.publications("cloud")
    site.wire.forget()

    # The conferences are lost, and what was published is remembered.
    reconciler = make_reconciler(ConfiguredTargets(site).of("cloud")["cloud"], site.clock)
    for _ in range(3):
        await reconciler.once()

    assert reconciler.status.state == "waiting"
    assert "no list was heard yet" in reconciler.status.error
    assert site.wire.requests == []
    assert (len(before), server.calendars[WORK]) == (3, before)
    assert await site.ledger.publications("cloud") == rows


@pytest.mark.parametrize(
    "changed",
    [{"URL": "https://elsewhere.test/"}, {"COLLECTION": "other"}, {"USERNAME": "bob"}],
    ids=lambda changed: next(iter(changed)),
)
async def test_another_address_collection_or_user_is_another_place(
    site: Site, changed: dict[str, str]
) -> None:
    targets_by_name = ConfiguredTargets(site)
    await targets_by_name.hear(1)
    (before,) = targets_by_name.of("cloud")["cloud"].find_collections()
    (same,) = targets_by_name.of("cloud", PASSWORD="a new one")["cloud"].find_collections()
    (after,) = targets_by_name.of("cloud", **changed)["cloud"].find_collections()

    assert same.identity == before.identity
    assert after.identity != before.identity
