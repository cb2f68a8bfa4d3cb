"""
What is wrong with a source is logged when it is news, with how often it happened.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode

from service.core.sources import SourceState
from service.simulator.server import Simulator, SimulatorOptions
from service.sources.connection import ConnectionLost
from service.sources.endpoint import Endpoint
from service.sources.status import SourceStatus
from service.sources.trouble import Trouble
from service.sources.turns import Turns
from service.trueconf.frames import Frame
from service.trueconf.wire import Decoder
from tests.sources.following import Broken, Collector, StatusHook, make_endpoint, running

NOW = datetime(2026, 12, 7, 7, tzinfo=UTC)
ROOM_OPTIONS = SimulatorOptions(conferences=[{"id": "1", "schedule_type": "none"}])


class Listener(Collector):
    """A running source: what it delivered, and the waits it would have taken."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.waits: asyncio.Queue[float] = asyncio.Queue()
        self.statuses: asyncio.Queue[SourceStatus] = asyncio.Queue()

    async def shown(self, state: SourceState, *, error: str) -> None:
        """Wait until the source shows this."""
        while True:
            status = await self.statuses.get()
            if status.state is state and error in status.error and bool(error) == bool(status.error):
                return

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await self.waits.put(seconds)
        await asyncio.sleep(0)

    def running(self, url: str, **rest: Any) -> AbstractAsyncContextManager[Endpoint]:
        given: dict[str, Any] = {
            "fetch": _no_page,
            "sleep": self.sleep,
            "now": lambda: self.now,
            "hooks": StatusHook(self.statuses.put_nowait),
        }
        return running(make_endpoint(url, **(given | rest)), self)


async def _no_page(url: str) -> bytes:
    raise ConnectionRefusedError(url)


@asynccontextmanager
async def nothing() -> AsyncIterator[str]:
    """Give an address where nothing listens."""
    async with Simulator() as room:
        url = room.url
    yield url


@pytest.fixture
def listener() -> Listener:
    return Listener()


async def test_an_unreachable_room_is_told_ever_more_rarely(
    listener: Listener,
) -> None:
    with capture_logs() as logs:
        async with nothing() as url, listener.running(url):
            for _ in range(10):
                await listener.waits.get()

    logged = [each for each in logs if each["event"] == "trueconf.unreachable"]
    assert [each["tries"] for each in logged if each["tries"] <= 10] == [1, 2, 4, 8]
    first, *others = logged
    assert "unreachable" not in first["error"]
    again = [each["error"] for each in others[:3]]
    assert again == [f"still unreachable, try {number}" for number in (2, 4, 8)]
    assert len([each for each in logs if each["event"] == "trueconf.waiting"]) == len(logged)


async def test_that_it_recovered_is_told_with_how_long_it_took(listener: Listener) -> None:
    tried = iter(range(100))
    async with Simulator(ROOM_OPTIONS) as room:
        port = int(room.url.rpartition(":")[2])

        async def fetch(url: str) -> bytes:
            if next(tried) < 3:
                raise ConnectionRefusedError(url)
            return json.dumps({"config": {"websocket": {"port": port}}}).encode()

        with capture_logs() as logs:
            async with listener.running("http://127.0.0.1:80", fetch=fetch):
                await listener.snapshots.get()
                while (await listener.statuses.get()).last_list_at is None:
                    pass

    (logged,) = [each for each in logs if each["event"] == "trueconf.recovered"]
    assert (logged["tries"], logged["after_seconds"]) == (3, 1 + 2 + 4)


async def test_a_room_that_hangs_up_after_each_list_is_not_told_each_time(listener: Listener) -> None:
    with capture_logs() as logs:
        async with Simulator(ROOM_OPTIONS) as room, listener.running(room.url):
            for _ in range(16):
                await listener.snapshots.get()
                await room.drop_all()
                await listener.waits.get()

    logged = [each["event"] for each in logs if each["log_level"] != "debug" and "trueconf" in each["event"]]
    assert logged.count("trueconf.unreachable") == 5
    assert logged.count("trueconf.recovered") <= 5
    assert logged.count("trueconf.connected") == 1


def test_another_cause_is_news() -> None:
    trouble = Trouble()
    logged = []
    for state in (SourceState.UNREACHABLE,) * 3 + (SourceState.SILENT,) * 3 + (SourceState.UNREACHABLE,):
        trouble = trouble.count(ConnectionLost("gone", state=state), NOW)
        logged.append(trouble.worth_logging)

    assert logged == [True, True, False, True, True, False, True]
    assert trouble.tries == 7


UNFORESEEN = [
    KeyError("algorithm"),
    NotImplementedError(),
    RecursionError("too deep"),
    MemoryError(),
    Exception("x"),
]


@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
async def test_what_a_frame_makes_of_a_library_is_the_trouble_of_its_source(
    listener: Listener, error: Exception
) -> None:
    other = Listener()
    with capture_logs() as logs:
        async with (
            Simulator(ROOM_OPTIONS) as room,
            other.running(room.url),
            listener.running(room.url, decoder=Broken(error)) as source,
        ):
            assert [await listener.waits.get() for _ in range(4)] == [1, 2, 4, 8]
            await other.snapshots.get()

            assert source.status.state is SourceState.FAILING
            assert type(error).__name__ in source.status.error

    first = next(each for each in logs if each["event"] == "trueconf.failing")
    assert first["exc_info"] is error


@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
async def test_what_a_page_makes_of_a_library_is_the_trouble_of_its_source(
    listener: Listener, error: Exception
) -> None:
    async def fetch(_url: str) -> bytes:
        raise error

    with capture_logs() as logs:
        async with listener.running("http://127.0.0.1:80", fetch=fetch) as source:
            assert [await listener.waits.get() for _ in range(4)] == [1, 2, 4, 8]

            assert source.status.state is SourceState.FAILING

    assert next(each for each in logs if each["event"] == "trueconf.failing")["exc_info"] is error


LONG = [{"id": str(number), "topic": "x" * 100, "schedule_type": "none"} for number in range(1000)]


class NotingDecoder(Decoder):
    """Notes the threads in which frames are decoded."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def decode(self, data: str | bytes) -> Frame:
        self.threads.add(threading.get_ident())
        return super().decode(data)


async def test_large_frames_are_decoded_beside_the_event_loop_and_in_order(listener: Listener) -> None:
    decoder = NotingDecoder()
    async with Simulator(ROOM_OPTIONS) as room, listener.running(room.url, decoder=decoder):
        await listener.snapshots.get()
        await room.set_conferences(LONG)
        await room.set_conferences([])

        assert [len((await listener.snapshots.get()).listing.conferences) for _ in range(2)] == [1000, 0]

    assert threading.get_ident() in decoder.threads
    assert len(decoder.threads) == 2


async def test_one_thread_decodes_the_large_frames_of_all_sources() -> None:
    one, other, turns, decoders = Listener(), Listener(), Turns(), (NotingDecoder(), NotingDecoder())
    async with (
        Simulator(SimulatorOptions(conferences=LONG)) as room,
        one.running(room.url, decoder=decoders[0], turns=turns),
        other.running(room.url, decoder=decoders[1], turns=turns),
    ):
        for each in (one, other):
            assert len((await each.snapshots.get()).listing.conferences) == 1000

    beside = [each.threads - {threading.get_ident()} for each in decoders]
    assert beside[0] == beside[1]
    assert len(beside[0]) == 1


A_FRAME = WebSocketFrame(Opcode.TEXT, b'{"event":"x","method":"event"}').serialize(mask=False)


async def test_a_flood_is_told_and_the_next_list_shows_that_it_is_over(listener: Listener) -> None:
    flooding = True

    async def room(socket: ServerConnection) -> None:
        async for message in socket:
            method = json.loads(message)["method"]
            answer: dict[str, Any] = {"method": method, "result": True}
            if method == "getLogin":
                answer |= {"isLoggedIn": True, "peerId": "room1@video.example.com"}
            if method == "getScheduler":
                answer |= {"conferences": []}
            await socket.send(json.dumps(answer))
            if flooding and method == "auth":
                # At once, so that it is a flood on a slow machine too.
                socket.transport.write(A_FRAME * 5000)

    async with serve(room, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with listener.running(f"ws://127.0.0.1:{port}"):
            await listener.shown(SourceState.FLOODING, error="sends more than is taken")
            flooding = False
            await listener.shown(SourceState.LISTENING, error="")


async def test_the_pin_of_the_address_on_the_main_screen_opens(listener: Listener) -> None:
    async with Simulator(SimulatorOptions(pin="ABC123", conferences=[])) as room:

        async def fetch(url: str) -> bytes:
            if "ABC123" in url:
                raise ConnectionError("it answered with status 404")
            return json.dumps({"config": {"websocket": {"port": int(room.url.rpartition(":")[2])}}}).encode()

        with capture_logs() as logs:
            async with listener.running("http://127.0.0.1:80/ABC123", fetch=fetch):
                await listener.snapshots.get()

    assert room.auth_attempts == 1
    assert "ABC123" not in json.dumps(logs, default=str)


async def test_a_rejected_frame_is_shown_until_a_good_list_comes(listener: Listener) -> None:
    async with Simulator(ROOM_OPTIONS) as room, listener.running(room.url):
        await listener.snapshots.get()
        many = json.dumps({"event": "conferenceList", "conferences": [0] * 20_001})
        await room.send_raw(many)
        await listener.shown(SourceState.LISTENING, error="conferences: more than 20,000 conferences")

        await room.announce()
        await listener.shown(SourceState.LISTENING, error="")


async def test_a_room_whose_lists_are_all_rejected_is_shown_with_the_reason(listener: Listener) -> None:
    many = [{"id": str(number), "schedule_type": "none"} for number in range(20_001)]
    async with (
        Simulator(SimulatorOptions(conferences=many)) as room,
        listener.running(room.url, silent_polls=1) as source,
    ):
        await listener.shown(SourceState.LISTENING, error="more than 20,000 conferences")
        for _ in range(2):
            listener.now += timedelta(minutes=5)
            source.poll_now()
            await asyncio.sleep(0.1)
        await listener.shown(SourceState.SILENT, error="conferences: more than 20,000 conferences")
