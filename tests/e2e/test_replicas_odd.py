"""
Replicas that do not have the same to do, and what a stopped one had sent before.
"""

import asyncio
import signal
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from service.simulator.server import Simulator, SimulatorOptions
from tests.caldav.misbehaving import PASSWORD, USERNAME
from tests.e2e.program import Daemon
from tests.e2e.replicated import (
    CONFERENCES,
    ROOMS,
    UNHURRIED,
    Site,
    agree,
    conferences,
    holder_of,
    holds,
    reach,
    says,
    took,
)

pytestmark = pytest.mark.thorough


async def test_a_put_of_a_stopped_holder_that_comes_late_is_refused(site: Site) -> None:
    async with site.replicas(2) as daemons:
        await agree(daemons, "Old")
        await reach(lambda: holds(site.caldav, "Old"))
        holder = holder_of(daemons, "target/team")
        survivor = next(each for each in daemons if each is not holder)
        site.caldav.puts.clear()
        site.caldav.answers.clear()
        before = site.caldav.received["PUT"]
        gate = site.caldav.gate = asyncio.Event()
        await site.tell(conferences("New"))
        await reach(lambda: site.caldav.received["PUT"] > before)
        holder.program.send(signal.SIGSTOP)
        site.caldav.gate = None

        await survivor.feed(lambda feed: says(feed, "New"))
        await reach(lambda: holds(site.caldav, "New"))
        gate.set()
        await reach(lambda: site.caldav.answers["PUT", 412])
        holder.program.send(signal.SIGCONT)
        await agree(daemons, "New")
        assert sorted(site.caldav.puts.values()) == [1] * CONFERENCES

        await site.tell(conferences("Newer"))
        feeds = await agree(daemons, "Newer")
        await reach(lambda: holds(site.caldav, "Newer"))
        assert {vevent["SEQUENCE"] for feed in feeds for vevent in feed.vevents.values()} == {2}
        assert sorted(site.caldav.puts.values()) == [2] * CONFERENCES


async def test_lists_of_one_account_from_rooms_of_two_replicas_give_one_revision(site: Site) -> None:
    async with AsyncExitStack() as stack:
        options = SimulatorOptions(peer="ivanov@video.example.com", conferences=conferences("Old"))
        site.rooms[:] = [await stack.enter_async_context(Simulator(options)) for _ in range(2)]
        daemons = await stack.enter_async_context(site.replicas(2, **UNHURRIED))
        await agree(daemons, "Old")
        await reach(lambda: all(any(took(each, f"source/room{n}") for n in range(2)) for each in daemons))
        await reach(lambda: holds(site.caldav, "Old"))
        site.caldav.puts.clear()

        for sequence, topic in enumerate(("New", "Newer", "Newest"), start=1):
            await site.tell(conferences(topic))
            feeds = await agree(daemons, topic)
            await reach(partial(holds, site.caldav, topic))
            found = {vevent["SEQUENCE"] for feed in feeds for vevent in feed.vevents.values()}
            assert found == {sequence}
        assert sorted(site.caldav.puts.values()) == [3] * CONFERENCES
        assert [room.connections for room in site.rooms] == [1, 1]


def write_settings(file: Path, site: Site, *, rooms: int, target: bool) -> None:
    lines = [line for n in range(rooms) for line in (f"[sources.room{n}]", f'url = "{site.rooms[n].url}"')]
    if target:
        lines += ["[targets.team]", f'url = "{site.caldav.url}"', 'collection = "team"']
        lines += [f'username = "{USERNAME}"', f'password = "{PASSWORD}"']
    file.write_text("\n".join(lines))


async def reload(daemon: Daemon, *, times: int = 1) -> None:
    daemon.program.send(signal.SIGHUP)
    await daemon.program.event("settings.reloaded", times=times)


async def test_what_one_replica_no_longer_has_in_its_settings_is_run_by_the_other(
    site: Site, tmp_path: Path
) -> None:
    file = tmp_path / "settings.toml"
    write_settings(file, site, rooms=ROOMS, target=True)
    of_file = {"DATABASE_URL": site.database, "CONFIG_FILE": str(file), **UNHURRIED}
    async with site.home.daemon(**of_file) as first:
        await reach(lambda: took(first, "target/team"))
        await reach(lambda: holds(site.caldav, "Old"))
        async with site.home.daemon(**site.settings | UNHURRIED) as second:
            site.caldav.answers.clear()
            site.caldav.puts.clear()
            write_settings(file, site, rooms=1, target=False)
            await reload(first)

            await reach(lambda: took(second, "target/team") and took(second, "source/room2"))
            await site.tell(conferences("New"))
            feeds = await agree([first, second], "New")
            await reach(lambda: holds(site.caldav, "New"))
            assert {vevent["SEQUENCE"] for feed in feeds for vevent in feed.vevents.values()} == {1}
            assert sorted(site.caldav.puts.values()) == [1] * CONFERENCES
            assert not site.caldav.count("DELETE")
            await reach(lambda: [room.connections for room in site.rooms] == [1] * ROOMS)

            write_settings(file, site, rooms=ROOMS, target=True)
            await reload(first, times=2)
            await site.tell(conferences("Newer"))
            feeds = await agree([first, second], "Newer")
            await reach(lambda: holds(site.caldav, "Newer"))
            assert {vevent["SEQUENCE"] for feed in feeds for vevent in feed.vevents.values()} == {2}
            await reach(lambda: [room.connections for room in site.rooms] == [1] * ROOMS)
