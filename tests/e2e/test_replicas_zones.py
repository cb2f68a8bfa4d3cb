"""
Replicas of which one has older zone data: series in a zone whose law changed meanwhile.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from tests.e2e.given import MONDAY_AND_THURSDAY, weekly
from tests.e2e.program import Daemon, Feed, Home
from tests.e2e.replicated import UNHURRIED, Site, reach

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.thorough

WINTER = datetime(2031, 1, 6, 18, tzinfo=UTC)
"""A Monday, 11:00 in Vancouver by the law of 2026, 10:00 by that of before."""

WALL = {"TIMEZONE": "America/Vancouver", "WEEKLY_TIME": "wall", **UNHURRIED}


def with_older_zone_data(home: Home) -> Home:
    return replace(home, command=(sys.executable, "-m", "tests.e2e.zoned"), cwd=ROOT)


def series(topic: str) -> list[dict[str, Any]]:
    schedule = {"start_time": int(WINTER.timestamp()), "duration": 2700, "days": MONDAY_AND_THURSDAY}
    return [weekly("1", f"{topic} 1", schedule=schedule), weekly("2", f"{topic} 2", schedule=schedule)]


def says(feed: Feed, topic: str) -> bool:
    return sorted(feed.topics.values()) == [f"{topic} 1", f"{topic} 2"]


async def agree(daemons: Sequence[Daemon], topic: str) -> Feed:
    """Return the feed that all replicas serve in the same bytes, with one ETag and date."""
    feeds = await asyncio.gather(*(each.feed(lambda feed: says(feed, topic)) for each in daemons))
    assert len({(feed.body, feed.etag, feed.changed_at) for feed in feeds}) == 1, [f.body for f in feeds]
    return feeds[0]


def starts(feed: Feed) -> set[datetime]:
    """Return when series begin for a reader that goes by the VTIMEZONE in the feed, not by its name."""
    zones = [each.to_tz(lookup_tzid=False) for each in Calendar.from_ical(feed.body).timezones]
    written = [vevent["DTSTART"] for vevent in feed.vevents.values()]
    return {
        (each.dt.replace(tzinfo=zones[0]) if "TZID" in each.params else each.dt).astimezone(UTC)
        for each in written
    }


def sequences(feed: Feed) -> dict[str, int]:
    return {id_: vevent["SEQUENCE"] for id_, vevent in feed.vevents.items()}


@pytest.mark.parametrize("older_first", [False, True], ids=["newer_renders", "older_renders"])
async def test_series_are_the_same_from_replicas_with_other_zone_data_whoever_renders(
    site: Site, *, older_first: bool
) -> None:
    await site.tell(series("Old"))
    homes = [site.home, with_older_zone_data(site.home)]
    one, other = reversed(homes) if older_first else homes
    settings = site.settings | WALL
    async with one.daemon(**settings) as first:
        before = await first.feed(lambda feed: says(feed, "Old"))
        await reach(lambda: len(site.caldav.bodies) == 2)
        site.caldav.puts.clear()
        async with other.daemon(**settings) as second:
            await second.program.event("app.replicas_differ")
            assert (await agree([first, second], "Old")).body == before.body
            assert starts(before) == {WINTER}

            # Whoever holds the Room that is first to tell: the hour fits the VTIMEZONE beside it.
            await site.tell(series("New"))
            new = await agree([first, second], "New")
            assert starts(new) == {WINTER}
            assert sequences(new) == {"1": 1, "2": 1}
            await reach(lambda: sorted(site.caldav.puts.values()) == [1, 1])

            # What the first one ran goes to the second one, the housekeeping too, which renders alone.
            assert await first.program.end() == 0
            await second.program.event("sync.rendered_anew")
            async with one.daemon(**settings) as third:
                await third.program.event("app.replicas_differ")
                after = await agree([second, third], "New")
                assert starts(after) == {WINTER}
                assert sequences(after) == {"1": 2, "2": 2}
                for room in site.rooms:
                    await room.set_conferences(series("New"))
                assert (await agree([second, third], "New")).body == after.body
                assert max(site.caldav.puts.values()) == 2
