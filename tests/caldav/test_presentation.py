"""
What a target asks for is in its collection: free time, reminders that name the topic.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from service.app.calendar_collections import Calendars
from service.app.synchronizer import Synchronizer
from service.app.targets import open_targets
from service.calendars.calendar import Calendar
from service.core.revision import Policy
from service.publishing.model import RemoteRules, Resource, Standing
from service.publishing.resource import Extras, resource_of
from service.settings.load import load_settings
from tests.app.directory import GivenDirectory
from tests.caldav.site import Site
from tests.core.given import NOW, ROOM, at, conference, listed, once
from tests.core.test_presentation import rendered
from tests.store.memory import MemoryStore

ALL = Calendar("all", "All")
LOBBY = Calendar(str(ROOM), "Lobby", ROOM)


async def calendars() -> Calendars:
    store = MemoryStore()
    synchronizer = Synchronizer(store, Policy())
    await synchronizer.accept(
        listed(conference("1", "Budget"), conference("2", "Ended", once("2026-10-01 09:00")))
    )
    directory = GivenDirectory(
        {"all": ALL, str(ROOM): LOBBY}, lambda _calendar: synchronizer.state.entries.values()
    )
    return Calendars(store, directory)


async def bodies(calendar: Calendar, extras: Extras, now: datetime = NOW) -> dict[str, str]:
    made = await (await calendars()).resources(calendar, extras, now=now)
    return {
        each.body.decode().split("SUMMARY:")[1].split("\r\n")[0]: each.body.decode() for each in made.values()
    }


@pytest.mark.parametrize(
    ("calendar", "target", "free"),
    [
        (False, None, False),
        (True, None, True),
        (False, True, True),
        (True, False, False),
    ],
)
async def test_a_target_says_free_or_busy_and_else_its_calendar(
    *, calendar: bool, target: bool | None, free: bool
) -> None:
    told = (await bodies(replace(ALL, free=calendar), Extras(free=target)))["Budget"]

    assert ("TRANSP:TRANSPARENT" in told) is free
    assert ("X-MICROSOFT-CDO-BUSYSTATUS:FREE" in told) is free


async def test_only_what_is_to_come_reminds_and_time_alone_writes_nothing() -> None:
    soon, late = at("2026-10-05 08:00"), at("2026-12-01 08:00")
    extras = Extras((timedelta(minutes=15),))
    told = await bodies(ALL, extras, soon)

    assert "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Budget\r\n" in told["Budget"]
    assert "VALARM" not in told["Ended"]
    known = await calendars()
    before, after = await known.resources(ALL, extras, now=soon), await known.resources(ALL, extras, now=late)
    assert {uid: each.digest for uid, each in before.items()} == {
        uid: each.digest for uid, each in after.items()
    }


async def test_the_setting_reaches_the_collection() -> None:
    environ = {"CONFCAL_TARGETS__CLOUD__URL": "https://h/", "CONFCAL_TARGETS__CLOUD__TRANSPARENT": "true"}

    async with open_targets(load_settings(environ), await calendars(), lambda: NOW) as targets_by_name:
        (target,) = targets_by_name["cloud"].find_collections()
        told = await target.render(people=True)

    assert all(b"TRANSP:TRANSPARENT" in each.body for each in told.values())


async def test_with_a_lost_database_an_ended_event_is_still_known_as_ours(site: Site) -> None:
    def desired(now: datetime) -> dict[str, Resource]:
        made = resource_of(rendered("Budget"), Extras((timedelta(minutes=15),)), now=now)
        return {made.uid: made}

    site.rules = RemoteRules(on_change="keep", on_delete="keep")
    await site.publish(desired(NOW))
    site.lose_the_database()

    report = await site.publish(desired(at("2026-12-01 08:00")))

    assert (report.left, [row.standing for row in (await site.rows()).values()]) == (0, [Standing.PUBLISHED])
    site.wire.forget()
    assert (await site.audit(desired(at("2027-12-01 08:00")))).writes == 0
