"""
Lists that came out wrong in the field, each with its right value.
"""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import recurring_ical_events
from icalendar import Calendar

from service.app.synchronizer import Synchronizer
from service.core.conference import Account, Snapshot
from service.core.ical import Heading, render_calendar
from service.core.removal import RemovalRules
from service.core.revision import Policy
from service.core.vevent import Rendering
from service.core.weekly import WeeklyRules
from service.trueconf.wire import list_of
from tests.core.given import MOSCOW, at
from tests.core.node import ask
from tests.store.memory import MemoryStore

CASES = Path(__file__).parent.parent / "data" / "cases"
ROOM = Account("room", "video.example.com")
EDITED = at("2026-11-25 12:00")


class Feed:
    """The feed of a daemon that hears lists."""

    def __init__(self, rules: WeeklyRules = MOSCOW, removal: RemovalRules | None = None) -> None:
        self.store = MemoryStore()
        policy = Policy(default=Rendering(rules), removal=removal or RemovalRules())
        self.synchronizer = Synchronizer(self.store, policy)

    async def hear(self, name: str, at_: datetime) -> None:
        listing = list_of((CASES / name).read_bytes())
        await self.synchronizer.accept(Snapshot(ROOM, "lobby", at_, listing))

    async def body(self) -> bytes:
        return render_calendar(Heading("all", timezone="Europe/Moscow"), await self.store.vevents("full-en"))

    async def starts(self, topic: str, since: str, until: str) -> list[str]:
        found = recurring_ical_events.of(Calendar.from_ical(await self.body())).between(at(since), at(until))
        starts = [event["DTSTART"].dt for event in found if event["SUMMARY"] == topic]
        return sorted(f"{start:%a %d %b %H:%M}" for start in starts)


EIGHT_MONDAYS = 8


@pytest.mark.parametrize("after", ["kept", "next"])
async def test_an_edited_series_keeps_its_mondays_and_invents_no_wednesday(after: str) -> None:
    feed = Feed()
    await feed.hear("02-series-edit-before.json", at("2026-11-25 09:00"))
    await feed.hear(f"02-series-edit-after-start-{after}.json", EDITED)

    past = await feed.starts("Team", "2026-09-01 00:00", "2026-11-25 12:00")
    coming = await feed.starts("Team", "2026-11-25 12:00", "2026-12-17 00:00")

    assert len(past) == EIGHT_MONDAYS
    assert {text.split()[0] for text in past} == {"Mon"}
    assert [text.split()[0] for text in coming] == ["Wed"] * len(coming)
    assert len(coming) >= 3
    again = await feed.store.load()
    await feed.hear(f"02-series-edit-after-start-{after}.json", EDITED + timedelta(minutes=10))
    assert (await feed.store.load()).entries == again.entries


async def test_a_removed_series_keeps_what_took_place_and_what_has_ended_stays() -> None:
    feed = Feed(removal=RemovalRules(missing_for=timedelta(seconds=1)))
    await feed.hear("03-series-removed-before.json", at("2026-11-25 09:00"))
    for number in range(3):
        await feed.hear("03-series-removed-after.json", EDITED + number * timedelta(seconds=10))

    past = await feed.starts("Team", "2026-09-01 00:00", "2026-11-25 12:00")
    assert len(past) == EIGHT_MONDAYS
    assert await feed.starts("Team", "2026-11-25 12:00", "2027-11-25 12:00") == []
    assert len(await feed.starts("Ended", "2026-01-01 00:00", "2027-01-01 00:00")) == 1


@pytest.mark.parametrize("steps", [100, 1000])
async def test_readers_that_stop_after_some_steps_still_see_an_old_series(steps: int) -> None:
    feed = Feed()
    await feed.hear("06-old-series.json", EDITED)

    since, until = at("2026-12-01 00:00"), at("2026-12-15 00:00")
    question = {"ics": (await feed.body()).decode(), "steps": steps}
    (found,) = ask(
        "stop.mjs", [question | {"since": int(since.timestamp()), "until": int(until.timestamp())}]
    )

    assert {topic: len(starts) for topic, starts in found.items()} == {
        "Since 2019": 2,
        "Daily since 2016": 14,
    }
