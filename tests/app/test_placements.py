"""
How a conference is doing in each collection, by the rows about it.
"""

from dataclasses import replace

import pytest

from service.app.placements import Placements
from service.app.policy import calendars_with_rules, policy_of
from service.app.synchronizer import Synchronizer
from service.calendars.calendar import Calendar
from service.calendars.feeds import FeedRules, Feeds
from service.core.conference import Key
from service.core.placement import Placement, PlacementState
from service.core.vevent import uid_of
from service.publishing.model import Publication, Resource, Standing
from service.publishing.resource import Extras, resource_of
from service.settings.load import load_settings
from tests.core.given import DESK, NOW, SERVER, conference, listed, once
from tests.store.memory import MemoryStore

SETTINGS = {
    "CONFCAL_SOURCES__HALL__URL": "http://127.0.0.1:1",
    "CONFCAL_CALENDARS__BOARD__TOPIC": "board*",
    "CONFCAL_TARGETS__CLOUD__URL": "http://127.0.0.1:2/",
    "CONFCAL_TARGETS__CLOUD__CALENDAR": "all",
    "CONFCAL_TARGETS__COUNCIL__URL": "http://127.0.0.1:2/",
    "CONFCAL_TARGETS__COUNCIL__CALENDAR": "board",
    "CONFCAL_TARGETS__ROOMS__URL": "http://127.0.0.1:2/",
    "CONFCAL_TARGETS__ROOMS__CALENDAR": "accounts/*",
    "CONFCAL_TARGETS__ROOMS__REMINDERS": "PT15M",
}
KEY = Key(SERVER, "1")
UID = uid_of(KEY)


class Office:
    """One conference of one account, and three targets."""

    def __init__(self) -> None:
        self.settings = load_settings(SETTINGS)
        self.store = MemoryStore()
        self.synchronizer = Synchronizer(self.store, policy_of(self.settings))

    async def calendars(self) -> dict[str, Calendar]:
        variant = policy_of(self.settings).variants[0].name
        rules = FeedRules(b"a secret", "", variant, named=calendars_with_rules(self.settings))
        feeds = Feeds(self.store, rules, state=lambda: self.synchronizer.state, clock=lambda: NOW)
        await feeds.start()
        return dict(feeds.calendars)

    async def publish(self, key: str, row: Publication) -> None:
        await self.store.ledger.record_publications(key, [row])

    async def find(self) -> list[Placement]:
        calendars = await self.calendars()
        state = self.synchronizer.state
        placements = Placements(self.settings.targets, calendars, self.store, state)
        return await placements.find(state.entries[KEY], NOW)

    async def resource(self, target: str) -> Resource:
        """The resource as the target would write it now."""
        variant = (await self.calendars())["all"].variant
        (vevent,) = await self.store.vevents_of(variant, [KEY])
        reminders = tuple(self.settings.targets[target].reminders)
        return resource_of(vevent, Extras(reminders, free=False), now=NOW)


@pytest.fixture
async def office() -> Office:
    office = Office()
    await office.synchronizer.accept(listed(conference("1", "Planning", once()), account=DESK))
    return office


async def test_before_anything_is_published_it_waits_where_it_belongs_and_is_nowhere_else(
    office: Office,
) -> None:
    assert await office.find() == [
        Placement("cloud", "all", PlacementState.WAITING),
        Placement("council", "board", PlacementState.NOT_BY_RULE),
        Placement("rooms", str(DESK), PlacementState.WAITING),
    ]


async def test_what_was_written_as_it_should_be_is_in_step_until_it_changes(office: Office) -> None:
    published = Publication(UID, standing=Standing.PUBLISHED)
    await office.publish("cloud", replace(published, digest=(await office.resource("cloud")).digest))
    of_room = replace(published, digest=(await office.resource("rooms")).digest)
    await office.publish(f"rooms/{DESK}", of_room)
    assert [each.state.value for each in await office.find()] == ["in step", "not by rule", "in step"]

    await office.synchronizer.accept(listed(conference("1", "Planning anew", once()), account=DESK))

    assert [each.state.value for each in await office.find()] == ["waiting", "not by rule", "waiting"]


async def test_a_refusal_has_its_reason(office: Office) -> None:
    await office.publish("cloud", Publication(UID, standing=Standing.PARKED, reason="too large"))

    assert (await office.find())[0] == Placement("cloud", "all", PlacementState.REFUSED, "too large")


async def test_what_a_calendar_holds_no_more_waits_to_be_removed(office: Office) -> None:
    await office.publish("council", Publication(UID, digest="d", standing=Standing.PUBLISHED))

    assert (await office.find())[1] == Placement("council", "board", PlacementState.WAITING)
