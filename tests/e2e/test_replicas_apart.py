"""
Replicas that do not see the same: one has a clock that is wrong.
"""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.replicated import ROOMS, Site, agree, conferences, holds, reach, says

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.thorough

HOUR_SECONDS = 3600


@pytest.mark.parametrize("seconds", [HOUR_SECONDS, -HOUR_SECONDS], ids=["ahead", "behind"])
async def test_a_clock_that_is_an_hour_off_on_one_replica_changes_nothing(site: Site, seconds: int) -> None:
    wrong = replace(site.home, command=(sys.executable, "-m", "tests.e2e.skewed", seconds), cwd=ROOT)
    async with wrong.daemon(**site.settings) as first:
        await first.feed(lambda feed: says(feed, "Old"))
        await first.program.event("app.clock_wrong")
        async with site.home.daemon(**site.settings) as second:
            await second.program.event("app.leases_taken")
            await site.tell(conferences("New"))
            feeds = await agree([first, second], "New")
            assert {vevent["SEQUENCE"] for feed in feeds for vevent in feed.vevents.values()} == {1}

            # What the wrong one heard is not newer than what the right one hears next.
            assert await first.program.end() == 0
            await reach(lambda: [room.connections for room in site.rooms] == [1] * ROOMS)
            await site.tell(conferences("Newer"))
            feed = await second.feed(lambda feed: says(feed, "Newer"))
            assert {vevent["SEQUENCE"] for vevent in feed.vevents.values()} == {2}
            await reach(lambda: holds(site.caldav, "Newer"))
