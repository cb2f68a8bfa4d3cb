"""
Whose calendar a list is for: told by the user and the server, never by the endpoint.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from service.simulator.server import Simulator, SimulatorOptions
from tests.e2e.given import once, weekly
from tests.e2e.program import Daemon, Home

pytestmark = pytest.mark.thorough

IVANOV, BROWN = "ivanov@video.example.com", "brown@video.example.com"
Raw = dict[str, Any]


@asynccontextmanager
async def rooms(home: Home, *all_options: SimulatorOptions) -> AsyncIterator[tuple[Daemon, list[Simulator]]]:
    """Run a daemon that listens to these rooms."""
    async with AsyncExitStack() as opened:
        simulators = [await opened.enter_async_context(Simulator(options)) for options in all_options]
        urls = {f"SOURCES__ROOM{n}__URL": each.url for n, each in enumerate(simulators)}
        yield await opened.enter_async_context(home.daemon(**urls)), simulators


def room(peer: str, *conferences: Raw, domain: str = "video.example.com") -> SimulatorOptions:
    return SimulatorOptions(peer=peer, domain=domain, conferences=conferences)


async def ids(daemon: Daemon, calendar: str, *wanted: str) -> None:
    """Wait until a calendar holds exactly these, each once."""
    feed = await daemon.feed(lambda feed: sorted(feed.vevents) == sorted(wanted), calendar=calendar)
    assert feed.body.count(b"BEGIN:VEVENT") == len(wanted)


async def test_another_user_on_the_same_room_and_back(home: Home) -> None:
    async with rooms(home, room(IVANOV, once("1"), once("2"))) as (daemon, (lobby,)):
        await ids(daemon, IVANOV, "1", "2")

        await lobby.change_user(BROWN)
        await lobby.set_conferences([once("3")])
        await ids(daemon, BROWN, "3")
        await ids(daemon, IVANOV, "1", "2")
        await ids(daemon, "all", "1", "2", "3")

        await lobby.change_user(IVANOV)
        await lobby.set_conferences([once("1")])
        # The list after a change of user removes nothing, though one is enough by these settings.
        await daemon.program.event("sync.list_accepted", times=4)
        await ids(daemon, IVANOV, "1", "2")
        await ids(daemon, BROWN, "3")


async def test_a_logout_with_its_empty_list(home: Home) -> None:
    async with rooms(home, room(IVANOV, once("1"), weekly("2"))) as (daemon, (lobby,)):
        await ids(daemon, IVANOV, "1", "2")

        await lobby.logout()
        ignored = await daemon.program.event("trueconf.list_ignored")

        assert ignored["reason"] == "nobody is logged in"
        assert daemon.program.events().count("sync.list_accepted") == 1
        assert "sync.list_held" not in daemon.program.events()
        await ids(daemon, IVANOV, "1", "2")
        await ids(daemon, "all", "1", "2")


async def test_a_login_elsewhere_continues_the_same_calendar(home: Home) -> None:
    async with rooms(home, room(IVANOV, once("1")), room(BROWN, once("2"))) as (daemon, (first, second)):
        await ids(daemon, IVANOV, "1")
        before = (await daemon.feed(calendar=IVANOV)).vevents["1"]
        await first.logout()
        await second.change_user(IVANOV)
        await second.set_conferences([once("1"), once("5")])

        await ids(daemon, IVANOV, "1", "5")
        after = (await daemon.feed(calendar=IVANOV)).vevents["1"]
        assert after.to_ical() == before.to_ical()
        await ids(daemon, BROWN, "2")


async def test_two_rooms_with_the_same_user_are_one_calendar(home: Home) -> None:
    both = room(IVANOV, once("1"), weekly("2"))
    async with rooms(home, both, both) as (daemon, (first, second)):
        await daemon.program.event("sync.list_accepted", times=2)
        await ids(daemon, IVANOV, "1", "2")
        vevent = (await daemon.feed(calendar=IVANOV)).vevents["1"]
        assert vevent["SEQUENCE"] == 0

        for each in (first, second):
            await each.set_conferences([once("1", "Renamed"), weekly("2")])
        feed = await daemon.feed(lambda feed: feed.topics["1"] == "Renamed", calendar=IVANOV)
        await daemon.program.event("sync.list_accepted", times=4)
        assert (await daemon.feed(calendar=IVANOV)).body == feed.body
        assert feed.vevents["1"]["SEQUENCE"] == 1


async def test_two_users_who_share_a_conference(home: Home) -> None:
    shared = once("1")
    both = room(IVANOV, shared, once("2")), room(BROWN, shared, once("3"))
    async with rooms(home, *both) as (daemon, (first, _)):
        await ids(daemon, IVANOV, "1", "2")
        await ids(daemon, BROWN, "1", "3")
        await ids(daemon, "all", "1", "2", "3")

        await first.set_conferences([once("2")])

        await ids(daemon, IVANOV, "2")
        await ids(daemon, BROWN, "1", "3")
        await ids(daemon, "all", "1", "2", "3")


async def test_two_servers_with_equal_ids(home: Home) -> None:
    here = room(IVANOV, once("1", "Here"))
    there = room("ivanov@other.example.com", once("1", "There"), domain="other.example.com")
    async with rooms(home, here, there) as (daemon, (first, _)):
        await ids(daemon, IVANOV, "1")
        await ids(daemon, "ivanov@other.example.com", "1")
        everything = await daemon.feed(lambda feed: feed.body.count(b"BEGIN:VEVENT") == 2)
        assert {b"SUMMARY:Here", b"SUMMARY:There"} <= set(everything.body.split(b"\r\n"))
        uids = [line for line in everything.body.split(b"\r\n") if line.startswith(b"UID:")]
        assert len(set(uids)) == 2

        await first.set_conferences([once("1", "Renamed")])

        changed = await daemon.feed(lambda feed: b"SUMMARY:Renamed" in feed.body)
        assert b"SUMMARY:There" in changed.body
        again = [line for line in changed.body.split(b"\r\n") if line.startswith(b"UID:")]
        assert again == uids
