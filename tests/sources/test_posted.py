"""
Whose lists the posted ones are, and how a source of them is doing.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from service.core.conference import Account, Snapshot
from service.core.errors import FrameRejected, SourceFlooded
from service.core.sources import SourceState
from service.settings.accounts import account_of_source
from service.settings.model import SourceSettings
from service.sources.hooks import NoHooks, SnapshotSink
from service.sources.posted import PostedEvents
from tests.sources.following import Broken, Collector

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("settings", "server"),
    [
        (SourceSettings(url="http://10.0.0.5:80"), "10.0.0.5"),
        (SourceSettings(url="ws://[FE80::1]:8765"), "fe80::1"),
        (SourceSettings(url="http://10.0.0.5", server="Video.Example.com"), "video.example.com"),
        (SourceSettings(url="http://10.0.0.5", account="lobby@Video.Example.com"), "video.example.com"),
    ],
)
def test_who_is_not_named_is_the_user_of_the_sources_name_on_its_server(
    settings: SourceSettings, server: str
) -> None:
    assert account_of_source("lobby", settings) == Account("lobby", server)


EMPTY = b'{"event":"conferenceList","cnt":0,"conferences":[]}'


class Desk(SnapshotSink):
    """An intake of two sources, and what it delivered."""

    def __init__(self, **rest: Any) -> None:
        self.now = NOON
        self.delivered: list[str] = []
        accounts = {name: Account(name, "h") for name in ("lobby", "hall")}
        self.posted_events = PostedEvents(accounts, self, NoHooks(), clock=lambda: self.now, **rest)

    async def accept(self, snapshot: Snapshot) -> None:
        self.delivered.append(snapshot.source)

    async def flood(self, source: str, event: bytes = EMPTY) -> int:
        """Post until that is refused; the seconds to wait then."""
        for _ in range(1000):
            try:
                await self.posted_events.accept(source, event)
            except SourceFlooded as flooded:
                return flooded.wait_seconds
        raise AssertionError("a thousand events were taken at once")

    def state(self, source: str) -> SourceState:
        return {each.name: each.state for each in self.posted_events.statuses}[source]


async def test_a_source_that_posts_without_end_waits_as_long_as_it_is_told() -> None:
    desk = Desk()
    with capture_logs() as logs:
        wait = await desk.flood("lobby")
        await desk.flood("lobby")
    taken = len(desk.delivered)

    assert desk.state("lobby") is SourceState.FLOODING
    assert [each["event"] for each in logs] == ["intake.flooding"]

    desk.now += timedelta(seconds=wait)
    await desk.posted_events.accept("lobby", EMPTY)
    assert len(desk.delivered) == taken + 1
    assert desk.state("lobby") is SourceState.LISTENING


async def test_a_flood_of_one_source_costs_no_other_an_event() -> None:
    desk = Desk()
    await desk.flood("lobby")

    await desk.posted_events.accept("hall", EMPTY)

    assert desk.delivered[-1] == "hall"


async def test_large_events_count_by_their_size() -> None:
    desk = Desk()

    assert await desk.flood("lobby", EMPTY + b" " * (15 * 2**20)) > 1
    assert len(desk.delivered) < 10


@pytest.mark.parametrize("error", [KeyError("algorithm"), RecursionError("too deep"), NotImplementedError()])
async def test_what_nobody_foresaw_is_the_trouble_of_its_source(error: Exception) -> None:
    desk = Desk(new_decoder=lambda: Broken(error))
    with capture_logs() as logs, pytest.raises(FrameRejected, match="cannot be read"):
        await desk.posted_events.accept("lobby", EMPTY)

    assert desk.state("lobby") is SourceState.FAILING
    assert desk.state("hall") is SourceState.WAITING
    assert [(each["event"], each["exc_info"]) for each in logs] == [("intake.failing", error)]


async def test_a_source_is_listening_since_its_first_list() -> None:
    moments = [NOON]

    posted_events = PostedEvents(
        {"lobby": Account("lobby", "h")}, Collector(), NoHooks(), clock=lambda: moments[0]
    )
    for minute in (5, 10):
        moments[0] = NOON + timedelta(minutes=minute)
        await posted_events.accept("lobby", b'{"event":"conferenceList","cnt":0,"conferences":[]}')

    (status,) = posted_events.statuses
    assert status.since == NOON + timedelta(minutes=5)
    assert status.last_list_at == NOON + timedelta(minutes=10)


async def posted(event: bytes, *, pinned: Account | None) -> list[Snapshot]:
    collector = Collector()
    accounts = {"hall": pinned or Account("hall", "h")}
    posted_events = PostedEvents(
        accounts, collector, NoHooks(), clock=lambda: NOON, pinned={"hall": pinned} if pinned else None
    )
    await posted_events.accept("hall", event)
    return collector.taken()


def listed(peer_id: str) -> bytes:
    return f'{{"event":"conferenceList","peerId":"{peer_id}","cnt":0,"conferences":[]}}'.encode()


@pytest.mark.parametrize("peer_id", ["", "lobby", "LOBBY@Video.Example.com"])
async def test_posted_lists_of_a_pinned_source_are_the_pinned_user_s(peer_id: str) -> None:
    lobby = Account("lobby", "video.example.com")

    assert [each.account for each in await posted(listed(peer_id), pinned=lobby)] == [lobby]


async def test_a_posted_list_that_says_it_is_another_user_s_is_refused() -> None:
    with pytest.raises(
        FrameRejected, match=r"peerId: the list is of ivanov@video\.example\.com, another user"
    ):
        await posted(listed("ivanov@video.example.com"), pinned=Account("lobby", "video.example.com"))


async def test_without_a_pin_a_posted_list_is_the_source_s_whatever_it_says() -> None:
    assert [each.account for each in await posted(listed("ivanov"), pinned=None)] == [Account("hall", "h")]


async def test_a_posted_list_of_an_impossible_user_is_rejected() -> None:
    with pytest.raises(FrameRejected, match="peerId: the user is longer than 255 characters"):
        await posted(listed("u" * 256), pinned=None)
