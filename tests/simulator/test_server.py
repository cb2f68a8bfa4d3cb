import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from service.core.errors import FrameRejected
from service.core.schedule import Once, Unscheduled, Weekday, Weekly
from service.simulator.conferences import Variant, change, demo_list, encode, roll
from service.simulator.server import Simulator, SimulatorOptions
from service.trueconf.wire import list_of

NOW = datetime(2026, 12, 7, 7, 30, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
DOMAIN = "video.example.com"
ROOM = [{"id": "1", "schedule_type": "none"}]


async def ask(socket: ClientConnection, method: str, **arguments: Any) -> dict[str, Any]:
    await socket.send(json.dumps({"method": method, "requestId": "7", **arguments}))
    reply: dict[str, Any] = json.loads(await socket.recv())
    return reply


async def fetch(url: str) -> tuple[str, str]:
    place, _, path = url.removeprefix("http://").partition("/")
    host, _, port = place.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET /{path} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return head.partition("\r\n")[0], body


@pytest.mark.parametrize("seed", range(5))
def test_the_demo_is_eight_conferences_that_all_make_sense(seed: int) -> None:
    entries = demo_list(NOW, seed=seed, domain=DOMAIN, zone=MOSCOW)
    listing = list_of(json.dumps({"conferences": entries}))

    schedules = [one.schedule for one in listing.conferences]
    assert (len(schedules), listing.rejections) == (8, ())
    assert sum(isinstance(one, Weekly) for one in schedules) == 3
    assert sum(isinstance(one, Unscheduled) for one in schedules) == 1
    assert all(one.start > NOW for one in schedules if isinstance(one, Once))
    assert entries == demo_list(NOW, seed=seed, domain=DOMAIN, zone=MOSCOW)


def test_another_seed_is_another_demo() -> None:
    assert demo_list(NOW, seed=1, domain=DOMAIN, zone=MOSCOW) != demo_list(
        NOW, seed=2, domain=DOMAIN, zone=MOSCOW
    )


def test_the_list_changes_in_turn_and_comes_back() -> None:
    lists = [demo_list(NOW, seed=1, domain=DOMAIN, zone=MOSCOW)]
    for step in range(4):
        lists.append(change(lists[-1], step, now=NOW, seed=1, domain=DOMAIN))

    before, added, renamed, moved, removed = lists
    assert [len(one) for one in lists] == [8, 9, 9, 9, 8]
    assert renamed[-1]["topic"] != added[-1]["topic"]
    assert moved[-1]["schedule"]["start_time"] == renamed[-1]["schedule"]["start_time"] + 3600
    assert removed == before


def test_a_change_without_anything_to_change_leaves_the_list_alone() -> None:
    assert [change(ROOM, step, now=NOW, seed=1, domain=DOMAIN) for step in (1, 2, 3)] == [ROOM, ROOM, ROOM]


@pytest.mark.parametrize("variant", ["A", "B", "iso"])
def test_all_variants_mean_the_same(variant: Variant) -> None:
    entries = demo_list(NOW, seed=1, domain=DOMAIN, zone=MOSCOW)
    sent = [encode(one, variant, basis="local", zone=MOSCOW, domain=DOMAIN) for one in entries]

    plain, other = (list_of(json.dumps({"conferences": one})) for one in (entries, sent))

    assert [one.schedule for one in other.conferences] == [one.schedule for one in plain.conferences]
    assert [one.created_at for one in other.conferences] == [one.created_at for one in plain.conferences]


def test_days_in_utc_are_shifted_across_midnight() -> None:
    night = next(
        one for one in demo_list(NOW, seed=1, domain=DOMAIN, zone=MOSCOW) if one["id"] == "night_ops"
    )

    (conference,) = list_of(
        json.dumps({"conferences": [encode(night, "A", basis="utc", zone=MOSCOW, domain=DOMAIN)]})
    ).conferences

    assert isinstance(conference.schedule, Weekly)
    assert conference.schedule.days == {Weekday.SU}
    assert conference.schedule.start.weekday() == Weekday.SU


@pytest.mark.parametrize("days", [0, 1, 6, 7, 8, 100])
def test_a_rolling_start_is_the_next_flagged_occurrence(days: int) -> None:
    later = NOW + timedelta(days=days)
    for entry in demo_list(NOW, seed=1, domain=DOMAIN, zone=MOSCOW):
        moved = roll(entry, later, zone=MOSCOW)
        if entry["schedule_type"] != "week":
            assert moved is entry
            continue
        start = datetime.fromtimestamp(moved["schedule"]["start_time"], UTC)
        assert later <= start < later + timedelta(days=7)
        assert (start.timestamp() - entry["schedule"]["start_time"]) % 86400 == 0
        assert entry["schedule"]["days"][start.astimezone(MOSCOW).isoweekday() % 7] == 1


async def test_the_discovery_page_names_the_websocket_port() -> None:
    async with asyncio.timeout(10), Simulator() as room:
        status, body = await fetch(f"{room.web_url}/public/default/config.json")
        missing, _ = await fetch(f"{room.web_url}/secret")

        assert status == "HTTP/1.1 200 OK"
        assert missing == "HTTP/1.1 404 Not Found"
        assert json.loads(body)["config"]["websocket"]["port"] == int(room.url.rpartition(":")[2])


async def test_commands_before_authorization_are_refused() -> None:
    async with (
        asyncio.timeout(10),
        Simulator(SimulatorOptions(pin="A1")) as room,
        connect(room.url) as socket,
    ):
        assert await ask(socket, "getScheduler") == {
            "method": "getScheduler",
            "requestId": "7",
            "resultCode": 3,
            "error": "Access denied",
            "result": False,
        }
        assert (await ask(socket, "setUsedApiVersion", version="1"))["result"] is True
        assert (await ask(socket, "auth", type="unsecured"))["result"] is False
        assert (await ask(socket, "auth", type="secured", credentials="no"))["error"] == "Wrong credentials"
        assert (await ask(socket, "auth", type="secured", credentials="A1"))["previleges"] == 2
        assert room.auth_attempts == 3


async def test_an_authorized_client_is_told_everything() -> None:
    async with asyncio.timeout(10), Simulator() as room, connect(room.url) as socket:
        await ask(socket, "auth", type="unsecured")

        assert (await ask(socket, "getAppState"))["appState"] == 3
        assert (await ask(socket, "getLogin"))["peerId"] == "room1@video.example.com"
        assert (await ask(socket, "getSystemInfo"))["authInfo"]["peerId"] == "room1@video.example.com"
        assert (await ask(socket, "getConnected"))["serverInfo"]["domain"] == DOMAIN
        assert (await ask(socket, "getServerDomain"))["domain"] == DOMAIN
        assert len((await ask(socket, "getScheduler"))["conferences"]) == 8
        assert (await ask(socket, "makeCoffee"))["result"] is False
        for nonsense in ("{", "[]"):
            await socket.send(nonsense)
            assert json.loads(await socket.recv())["result"] is False


async def test_without_a_user_there_is_no_list() -> None:
    async with asyncio.timeout(10), Simulator() as room, connect(room.url) as socket:
        await ask(socket, "auth", type="unsecured")
        await room.logout()
        events = [json.loads(await socket.recv())["event"] for _ in range(3)]

        assert events == ["appStateChanged", "logout", "conferenceList"]
        assert (await ask(socket, "getLogin"))["isLoggedIn"] is False
        assert "authInfo" not in await ask(socket, "getSystemInfo")
        with pytest.raises(FrameRejected):
            list_of(json.dumps(await ask(socket, "getScheduler")))


async def test_the_request_id_can_be_left_out() -> None:
    options = SimulatorOptions(echo_request_id=False)
    async with asyncio.timeout(10), Simulator(options) as room, connect(room.url) as socket:
        assert (await ask(socket, "auth", type="unsecured"))["requestId"] == ""


async def test_the_conferences_given_and_taken_are_copies() -> None:
    given: list[dict[str, Any]] = [{"id": "1", "schedule_type": "none"}]
    async with Simulator(SimulatorOptions(conferences=given)) as room:
        given[0]["id"] = "changed"
        room.conferences[0]["id"] = "changed"

        assert room.conferences == ROOM


async def test_a_list_can_change_by_itself() -> None:
    options = SimulatorOptions(conferences=ROOM, changing_every_seconds=0.01, variant="B", rolling=True)
    async with asyncio.timeout(10), Simulator(options) as room, connect(room.url) as socket:
        await ask(socket, "auth", type="unsecured")
        counts = {len(list_of(await socket.recv()).conferences) for _ in range(8)}

    assert counts == {1, 2}


async def test_an_event_can_come_by_itself() -> None:
    options = SimulatorOptions(conferences=ROOM, event_every_seconds=0.01)
    async with asyncio.timeout(10), Simulator(options) as room, connect(room.url) as socket:
        await ask(socket, "auth", type="unsecured")

        assert list_of(await socket.recv()).conferences[0].id == "1"


async def test_broken_frames_and_broken_connections_can_be_had() -> None:
    malformed = SimulatorOptions(malformed_every_seconds=0.01)
    async with asyncio.timeout(10), Simulator(malformed) as room, connect(room.url) as socket:
        await ask(socket, "auth", type="unsecured")
        with pytest.raises(FrameRejected):
            list_of(await socket.recv())

    dropping = SimulatorOptions(drop_every_seconds=0.01)
    async with asyncio.timeout(10), Simulator(dropping) as room, connect(room.url) as socket:
        with pytest.raises(ConnectionClosed):
            await socket.recv()


def test_there_is_no_address_outside_its_context() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        _ = Simulator().url
