"""
Replicas that do not see the same: one is cut from Rooms or from the CalDAV server, or has a wrong clock.
"""

import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.caldav.relay import relayed
from tests.e2e.replicated import CONFERENCES, ROOMS, Site, agree, conferences, holds, reach, says

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.thorough

HOUR_SECONDS = 3600


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port
    return port


async def test_a_replica_that_is_cut_from_its_rooms_says_so_and_neither_loses_nor_doubles(site: Site) -> None:
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(relayed(port_of(room.url))) for room in site.rooms]
        through = {f"SOURCES__ROOM{n}__URL": f"ws://127.0.0.1:{line.port}" for n, line in enumerate(lines)}
        first = await stack.enter_async_context(site.home.daemon(**site.settings | through))
        await first.feed(lambda feed: says(feed, "Old"))
        await reach(lambda: holds(site.caldav, "Old"))
        second = await stack.enter_async_context(site.home.daemon(**site.settings))
        await second.program.event("trueconf.account_known")
        site.caldav.puts.clear()
        for line in lines:
            line.cut_requests_every = line.cut_answers_every = 1

        await site.tell(conferences("New"))

        # The second one hears one Room, and the conferences are the same in all of them.
        await first.program.event("trueconf.unreachable")
        await agree([first, second], "New")
        for line in lines:
            line.cut_requests_every = line.cut_answers_every = 0
        await reach(lambda: [room.connections for room in site.rooms] == [1] * ROOMS)
        feeds = await agree([first, second], "New")
        await reach(lambda: holds(site.caldav, "New"))
        assert {vevent["SEQUENCE"] for feed in feeds for vevent in feed.vevents.values()} == {1}
        assert sorted(site.caldav.puts.values()) == [1] * CONFERENCES


async def test_a_replica_that_is_cut_from_the_server_says_so_and_writes_each_event_once(site: Site) -> None:
    async with relayed(port_of(site.caldav.url)) as line:
        through = {"TARGETS__TEAM__URL": f"http://127.0.0.1:{line.port}/"}
        async with site.home.daemon(**site.settings | through) as first:
            await reach(lambda: holds(site.caldav, "Old"))
            async with site.home.daemon(**site.settings) as second:
                await second.program.event("app.leases_taken")
                site.caldav.puts.clear()
                # What was written is not known to be written: worse than a request that is lost.
                line.cut_answers_every = 1

                await site.tell(conferences("New"))

                await first.program.event("publish.target_failed")
                feeds = await agree([first, second], "New")
                line.cut_answers_every = 0
                await first.program.event("publish.target_recovered")
                await reach(lambda: holds(site.caldav, "New"))
                assert {vevent["SEQUENCE"] for feed in feeds for vevent in feed.vevents.values()} == {1}
                # A repeated request has the ETag of before, and is refused.
                assert sorted(site.caldav.puts.values()) == [1] * CONFERENCES


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


async def test_a_replica_with_older_zone_data_says_so_and_renders_nothing_again(site: Site) -> None:
    other = replace(site.home, command=(sys.executable, "-m", "tests.e2e.zoned"), cwd=ROOT)
    async with site.home.daemon(**site.settings) as first:
        before = await first.feed(lambda feed: says(feed, "Old"))
        async with other.daemon(**site.settings) as second:
            for each in (first, second):
                said = await each.program.event("app.replicas_differ")
                assert said["others"] != [said["replica"]]
            assert (await second.feed(lambda feed: says(feed, "Old"))).body == before.body
            assert "sync.rendered_anew" not in second.program.events()
            assert await second.program.end() == 0
        await first.program.event("app.replicas_alike")
        assert first.program.events().count("sync.rendered_anew") == 1, (
            "at its first start, into an empty database"
        )
