import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.server import ServerConnection, serve

from service.core.conference import Account, Snapshot
from service.core.errors import StoreUnavailable
from service.core.sources import SourceState
from service.simulator.server import Simulator, SimulatorOptions
from service.sources.endpoint import Endpoint
from service.sources.hooks import SnapshotSink
from tests.reaching import reach
from tests.sources.following import StatusHook, make_endpoint, running

NOW = datetime(2026, 12, 7, 7, tzinfo=UTC)
FALLBACK = Account("lobby", "127.0.0.1")
ROOM = Account("room1", "video.example.com")
ROOM_OPTIONS = SimulatorOptions(conferences=[{"id": "1", "schedule_type": "none"}])


async def no_page(url: str) -> bytes:
    raise ConnectionRefusedError(f"nothing is fetched from {url}")


class Listener(SnapshotSink):
    """A running source: what it delivered, and the waits it would have taken."""

    def __init__(self) -> None:
        self.snapshots: asyncio.Queue[Snapshot] = asyncio.Queue()
        self.waits: asyncio.Queue[float] = asyncio.Queue()
        self.failures: list[Exception] = []
        self.may_retry = asyncio.Event()
        self.may_retry.set()

    async def accept(self, snapshot: Snapshot) -> None:
        if self.failures:
            raise self.failures.pop()
        await self.snapshots.put(snapshot)

    async def sleep(self, seconds: float) -> None:
        await self.waits.put(seconds)
        await self.may_retry.wait()
        await asyncio.sleep(0)

    def source(self, url: str, **rest: Any) -> Endpoint:
        settings: dict[str, Any] = {
            "fallback": FALLBACK,
            "fetch": no_page,
            "sleep": self.sleep,
        }
        return make_endpoint(url, **(settings | rest))

    def running(self, url: str, **rest: Any) -> AbstractAsyncContextManager[Endpoint]:
        return running(self.source(url, **rest), self)

    async def ids(self) -> list[str]:
        return [one.id for one in (await self.snapshots.get()).listing.conferences]


@pytest.fixture
def listener() -> Listener:
    return Listener()


async def settled(source: Endpoint, state: str) -> None:
    # Nothing announces a status: whoever shows it looks again, and so does this.
    await reach(lambda: source.status.state == state and source.status.last_list_at, pause=0)


async def url_of_nothing() -> str:
    async with Simulator() as room:
        return room.url


async def test_the_first_list_arrives_without_waiting_for_an_event(listener: Listener) -> None:
    async with Simulator(ROOM_OPTIONS) as room, listener.running(room.url) as source:
        snapshot = await listener.snapshots.get()

        assert (snapshot.account, snapshot.source) == (ROOM, "lobby")
        assert [one.id for one in snapshot.listing.conferences] == ["1"]
        await settled(source, "listening")
        assert source.status.account == ROOM
        assert source.status.last_list_at == snapshot.received_at
        assert source.status.error == ""


async def test_an_announced_list_arrives(listener: Listener) -> None:
    async with Simulator(ROOM_OPTIONS) as room, listener.running(room.url):
        await listener.snapshots.get()
        await room.set_conferences([{"id": "2", "schedule_type": "none"}])

        assert await listener.ids() == ["2"]


async def test_the_port_is_discovered_again_on_every_connection(listener: Listener) -> None:
    asked: list[str] = []
    async with Simulator(ROOM_OPTIONS) as first, Simulator(replace(ROOM_OPTIONS, conferences=[])) as second:
        ports = iter([first.url, second.url])

        async def fetch(url: str) -> bytes:
            asked.append(url)
            return json.dumps(
                {"config": {"websocket": {"port": int(next(ports).rpartition(":")[2])}}}
            ).encode()

        async with listener.running("http://127.0.0.1:80", fetch=fetch):
            assert await listener.ids() == ["1"]
            await first.drop_all()
            assert await listener.ids() == []

    assert asked == ["http://127.0.0.1:80/public/default/config.json"] * 2


async def test_a_poll_brings_a_list(listener: Listener) -> None:
    async with Simulator(ROOM_OPTIONS) as room, listener.running(room.url) as source:
        await listener.snapshots.get()
        source.poll_now()

        assert await listener.ids() == ["1"]


async def test_long_lists_in_fragments_arrive_whole(listener: Listener) -> None:
    many = [{"id": str(number), "topic": "Ж" * 240, "schedule_type": "none"} for number in range(5000)]
    options = SimulatorOptions(conferences=many, fragment_characters=10_240)

    async with Simulator(options) as room, listener.running(room.url):
        assert len(await listener.ids()) == 5000


async def test_the_right_pin_opens(listener: Listener) -> None:
    async with (
        Simulator(replace(ROOM_OPTIONS, pin="ABC123")) as room,
        listener.running(room.url, pin="ABC123"),
    ):
        assert await listener.ids() == ["1"]
        assert room.auth_attempts == 1


async def test_a_rejected_pin_is_shown_and_retried_slowly_never_in_a_storm(listener: Listener) -> None:
    async with (
        Simulator(replace(ROOM_OPTIONS, pin="ABC123")) as room,
        listener.running(room.url, pin="no") as source,
    ):
        waits = [await listener.waits.get() for _ in range(6)]

        assert waits == [5, *[6 * 3600] * 5]
        listener.may_retry.clear()
        assert room.auth_attempts <= 8
        assert source.status.state == "pin rejected"
        assert source.status.error == (
            f"{room.url.removeprefix('ws://')} rejected the PIN: Wrong credentials (resultCode 3); "
            "set the PIN of TrueConf Room or VideoSDK"
        )


async def test_a_pin_that_was_accepted_in_between_is_retried_soon_again(listener: Listener) -> None:
    answers = chain([False, False, True], repeat(object=False))

    async def talk(socket: ServerConnection) -> None:
        await socket.recv()
        accepted = next(answers)
        await socket.send(json.dumps({"method": "auth", "result": accepted}))
        if not accepted:
            await socket.wait_closed()

    async with serve(talk, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with listener.running(f"ws://127.0.0.1:{port}", pin="ABC123"):
            # The third one hangs up, which is no trouble with the PIN.
            assert [await listener.waits.get() for _ in range(4)] == [5, 6 * 3600, 1, 5]


async def test_what_failed_stays_on_show_while_it_is_retried(listener: Listener) -> None:
    async with (
        Simulator(replace(ROOM_OPTIONS, pin="ABC123")) as room,
        listener.running(room.url, pin="no") as source,
    ):
        await listener.waits.get()
        since = source.status.since
        await listener.waits.get()

        assert (source.status.state, source.status.since) == ("pin rejected", since)


async def test_an_unreachable_room_is_tried_again_ever_more_slowly(listener: Listener) -> None:
    url = await url_of_nothing()
    async with listener.running(url) as source:
        waits = [await listener.waits.get() for _ in range(8)]

        assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
        assert source.status.state == "unreachable"
        assert source.status.error.startswith(f"{url.removeprefix('ws://')} cannot be reached: ")


async def test_a_failed_discovery_is_no_end(listener: Listener) -> None:
    async with listener.running("http://127.0.0.1:81") as source:
        assert [await listener.waits.get(), await listener.waits.get()] == [1, 2]
        assert "did not give its WebSocket port" in source.status.error


async def test_a_web_server_is_no_room(listener: Listener) -> None:
    async with Simulator() as room, listener.running(room.web_url.replace("http", "ws")) as source:
        await listener.waits.get()

        assert "does not answer as a TrueConf WebSocket" in source.status.error


async def test_a_room_that_hangs_up_after_each_list_is_asked_ever_more_slowly(listener: Listener) -> None:
    async with Simulator(ROOM_OPTIONS) as room, listener.running(room.url):
        for _ in range(4):
            await listener.snapshots.get()
            await room.drop_all()

        assert [await listener.waits.get() for _ in range(4)] == [1, 2, 4, 8]


async def test_a_connection_that_lasted_two_minutes_shortens_the_waits_again(listener: Listener) -> None:
    moments = [NOW]
    async with Simulator(ROOM_OPTIONS) as room, listener.running(room.url, now=lambda: moments[0]):
        for lasted in (1, 119, 120, 1):
            await listener.snapshots.get()
            moments[0] += timedelta(seconds=lasted)
            await room.drop_all()

        assert [await listener.waits.get() for _ in range(4)] == [1, 2, 1, 2]


async def test_a_room_that_hangs_up_before_any_list_is_not_stormed(listener: Listener) -> None:
    async def hang_up(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send('{"method": "auth", "result": true}')

    async with serve(hang_up, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with listener.running(f"ws://127.0.0.1:{port}") as source:
            assert [await listener.waits.get() for _ in range(4)] == [1, 2, 4, 8]
            assert "closed the connection" in source.status.error


async def test_a_room_that_says_nothing_although_polled_is_given_up(listener: Listener) -> None:
    connections: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def mute(socket: ServerConnection) -> None:
        await connections.put(socket)
        await socket.wait_closed()

    moments = [NOW]
    async with serve(mute, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        url = f"ws://127.0.0.1:{port}"
        async with listener.running(url, now=lambda: moments[0], silent_polls=1) as source:
            socket = await connections.get()
            await socket.recv()
            moments[0] += timedelta(seconds=30)
            source.poll_now()
            await socket.recv()
            moments[0] += timedelta(seconds=45)
            source.poll_now()
            await listener.waits.get()

            assert source.status.error == f"127.0.0.1:{port} has not said anything for 75 s"


async def test_a_room_that_answers_with_a_list_is_never_given_up(listener: Listener) -> None:
    moments = [NOW]
    async with (
        Simulator(ROOM_OPTIONS) as room,
        listener.running(room.url, now=lambda: moments[0], silent_polls=1) as source,
    ):
        await listener.snapshots.get()
        for _ in range(2):
            moments[0] += timedelta(seconds=30)
            source.poll_now()
            await listener.snapshots.get()

        assert room.connections == 1
        assert listener.waits.empty()


async def test_a_list_that_is_not_taken_over_is_asked_for_again(listener: Listener) -> None:
    listener.failures = [
        StoreUnavailable("the database is locked"),
        StoreUnavailable("the database is locked"),
    ]

    async with Simulator(ROOM_OPTIONS) as room, listener.running(room.url):
        assert await listener.ids() == ["1"]
        assert room.connections == 1
        assert [await listener.waits.get(), await listener.waits.get()] == [1, 2]


async def test_a_bug_is_not_hidden(listener: Listener) -> None:
    listener.failures = [ZeroDivisionError("a bug")]

    async with Simulator(ROOM_OPTIONS) as room, asyncio.timeout(10):
        with pytest.raises(ExceptionGroup) as caught:
            await listener.source(room.url).run(listener)

    assert caught.group_contains(ZeroDivisionError)


async def test_broken_frames_are_passed_over(listener: Listener) -> None:
    async with Simulator(ROOM_OPTIONS) as room, listener.running(room.url):
        await listener.snapshots.get()
        await room.send_raw('{"method": "event", "event": "conferenceList", "conferences": [{"id"')
        await room.send_raw("")
        await room.announce()

        assert await listener.ids() == ["1"]


async def test_another_user_gets_another_account(listener: Listener) -> None:
    async with Simulator(ROOM_OPTIONS) as room, listener.running(room.url) as source:
        assert (await listener.snapshots.get()).account == ROOM
        await room.change_user("petrova@video.example.com")
        snapshot = await listener.snapshots.get()

        assert snapshot.account == Account("petrova", "video.example.com")
        assert not snapshot.good
        await settled(source, "listening")


async def test_a_logout_is_shown(listener: Listener) -> None:
    async with Simulator(ROOM_OPTIONS) as room, listener.running(room.url) as source:
        await listener.snapshots.get()
        await room.logout()
        await settled(source, "logged out")

        assert source.status.account == ROOM
        assert "nobody is logged in" in source.status.error
        assert listener.snapshots.empty()


async def test_another_user_than_the_pinned_one_is_shown_and_their_lists_are_not_taken(
    listener: Listener,
) -> None:
    async with Simulator(ROOM_OPTIONS) as room, listener.running(room.url, pinned=ROOM) as source:
        assert (await listener.snapshots.get()).account == ROOM
        await room.change_user("petrova@video.example.com")
        await settled(source, SourceState.WRONG_USER)

        assert "petrova@video.example.com, another user than ACCOUNT" in source.status.error
        await room.change_user("room1@video.example.com")
        await settled(source, "listening")
        assert (await listener.snapshots.get()).account == ROOM
        assert source.status.error == ""


async def test_a_refused_user_is_logged_once(listener: Listener) -> None:
    shown: asyncio.Queue[str] = asyncio.Queue()
    hooks = StatusHook(lambda status: shown.put_nowait(status.state))
    ivanov = Account("ivanov", "video.example.com")
    async with Simulator(ROOM_OPTIONS) as room:
        with capture_logs() as logs:
            async with listener.running(room.url, pinned=ivanov, hooks=hooks):
                for _ in range(3):
                    while await shown.get() != SourceState.WRONG_USER:
                        pass
                    await room.announce()
        assert [each["event"] for each in logs].count("trueconf.list_refused") == 1
        assert listener.snapshots.empty()


class Scripted:
    """A room that answers as it is told; `asked` are the commands that arrived."""

    def __init__(self, **answers: dict[str, Any]) -> None:
        self.answers = {"auth": {"result": True}, **answers}
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        self._sockets: list[ServerConnection] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        async with serve(self._talk, "127.0.0.1", 0) as server:
            yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"

    async def until_asked(self, method: str) -> None:
        while await self.asked.get() != method:
            pass

    async def tell(self, event: str, **content: Any) -> None:
        await self._sockets[-1].send(json.dumps({"method": "event", "event": event} | content))

    async def _talk(self, socket: ServerConnection) -> None:
        self._sockets.append(socket)
        async for message in socket:
            method = json.loads(message)["method"]
            if method in self.answers:
                await socket.send(json.dumps({"method": method} | self.answers[method]))
            await self.asked.put(method)


NAMED: dict[str, dict[str, Any]] = {
    "getLogin": {"isLoggedIn": True, "peerId": "room1@video.example.com", "result": True},
    "getConnected": {"serverInfo": {"domain": "video.example.com"}, "result": True},
}


async def test_a_new_authorization_does_not_make_a_logged_out_room_look_well(listener: Listener) -> None:
    room, states, moments = Scripted(**NAMED), asyncio.Queue[str](), [NOW]
    hooks = StatusHook(lambda status: states.put_nowait(status.state))
    async with (
        room.listening() as url,
        listener.running(url, hooks=hooks, now=lambda: moments[0]) as source,
    ):
        await room.until_asked("getScheduler")
        await room.tell("logout")
        while await states.get() != "logged out":
            pass

        room.answers["getLogin"] = {"isLoggedIn": False, "result": True}
        moments[0] += timedelta(minutes=1)
        await room.tell("authorizationNeeded")
        await room.until_asked("auth")
        await room.until_asked("getScheduler")

        assert source.status.state == "logged out"
        assert "nobody is logged in" in source.status.error
        assert states.empty()


async def test_a_room_that_answers_but_sends_no_list_is_shown_until_it_sends_one(listener: Listener) -> None:
    room, moments = Scripted(**NAMED), [NOW]
    listener.may_retry.clear()
    async with (
        room.listening() as url,
        listener.running(url, now=lambda: moments[0], silent_polls=1) as source,
    ):
        await room.until_asked("getScheduler")
        source.poll_now()
        await room.until_asked("getScheduler")
        moments[0] += timedelta(minutes=5)
        source.poll_now()
        await listener.waits.get()
        assert source.status.state == "silent"
        assert "answers, but has sent no list for 300 s" in source.status.error

        listener.may_retry.set()
        await room.until_asked("getScheduler")
        assert source.status.state == "silent"

        await room.tell("conferenceList", conferences=[])
        await settled(source, "listening")
        assert source.status.error == ""


async def test_a_logged_out_room_owes_no_list(listener: Listener) -> None:
    room, moments = Scripted(**NAMED | {"getLogin": {"isLoggedIn": False, "result": True}}), [NOW]
    async with (
        room.listening() as url,
        listener.running(url, now=lambda: moments[0], silent_polls=2) as source,
    ):
        await room.until_asked("getScheduler")
        for _ in range(6):
            moments[0] += timedelta(minutes=5)
            source.poll_now()
            await room.until_asked("getLogin")

        assert source.status.state == "logged out"
        assert listener.waits.empty()


async def test_commands_keep_fifty_milliseconds_apart(listener: Listener) -> None:
    arrived: asyncio.Queue[str] = asyncio.Queue()
    paces: asyncio.Queue[tuple[float, int]] = asyncio.Queue()

    async def pace(seconds: float) -> None:
        # Each pause lasts until the command before it is there, and then no other one is.
        await arrived.get()
        await paces.put((seconds, arrived.qsize()))

    async def room(socket: ServerConnection) -> None:
        async for message in socket:
            assert isinstance(message, str)
            if json.loads(message)["method"] == "auth":
                await socket.send('{"method": "auth", "result": true}')
            await arrived.put(message)

    async with serve(room, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with listener.running(f"ws://127.0.0.1:{port}", pace=pace):
            assert [await paces.get() for _ in range(6)] == [(0.05, 0)] * 6
