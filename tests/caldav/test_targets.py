"""
What the settings make of targets.
"""

import pytest

from service.app.targets import upkeep_of
from tests.caldav.aims import Aims
from tests.caldav.misbehaving import HOME, Misbehaving
from tests.caldav.site import Site

WORK = f"{HOME}team/"


async def test_before_the_first_list_nothing_is_deleted_and_nothing_asked(
    site: Site, server: Misbehaving
) -> None:
    aims = Aims(site)
    await aims.hear(3)
    await upkeep_of(aims.of("cloud")["cloud"], site.clock).once()
    before = dict(server.calendars[WORK])
    rows = await site.ledger.publications("cloud")
    site.wire.forget()

    # The conferences are lost, and what was published is remembered.
    upkeep = upkeep_of(Aims(site).of("cloud")["cloud"], site.clock)
    for _ in range(3):
        await upkeep.once()

    assert upkeep.status.state == "waiting"
    assert "no list was heard yet" in upkeep.status.error
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
    aims = Aims(site)
    await aims.hear(1)
    (before,) = aims.of("cloud")["cloud"].targets()
    (same,) = aims.of("cloud", PASSWORD="a new one")["cloud"].targets()
    (after,) = aims.of("cloud", **changed)["cloud"].targets()

    assert same.identity == before.identity
    assert after.identity != before.identity
