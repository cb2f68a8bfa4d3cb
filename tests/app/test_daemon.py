"""
What the daemon does besides listening and serving: follows other commands, counts, records.
"""

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from structlog.testing import capture_logs

from service.app.daemon import shutdown_handler
from service.app.housekeeping import StoreWatch, forget_accounts, run_housekeeping
from service.app.policy import policy_of, rendering_digest
from service.app.synchronizer import Synchronizer
from service.app.timetable import in_loop, new_scheduler
from service.core.errors import StoreUnavailable
from service.core.revision import Policy
from service.core.state import State
from service.settings.load import load_settings
from service.simulator.server import Simulator, SimulatorOptions
from tests.core.given import DESK, NOW, conference, listed
from tests.core.given import ROOM as LOBBY
from tests.e2e.given import once, weekly
from tests.e2e.program import Daemon, Home, started
from tests.store.memory import MemoryStore

ROOM = "room1@video.example.com"


def home_in(folder: Path, name: str = "home") -> Home:
    (folder / name).mkdir()
    return Home(folder / name)


async def run(home: Home, *arguments: object) -> list[str]:
    """Run another command on the same data folder; what it printed."""
    async with home.started(*arguments) as program:
        assert await program.process.wait() == 0, program.err
        await program.ended()
    return program.out


async def test_a_held_list_is_told_everywhere_and_goes_once_it_is_approved(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    options = SimulatorOptions(conferences=[once("1"), weekly("2")])
    async with Simulator(options) as simulator, home.daemon(simulator.url) as daemon:
        before = await daemon.feed(lambda feed: len(feed.vevents) == 2)

        await simulator.set_conferences([])
        told = await daemon.program.event("sync.list_held")

        assert (told["account"], told["missing"], told["upcoming"]) == (ROOM, 2, 2)
        assert await metric(daemon, "confcal_held_lists") == 1
        assert (await daemon.feed()).body == before.body
        assert (await run(home, "held"))[0].startswith(f"{ROOM}: 2 of 2 upcoming conferences are missing")

        assert await run(home, "approve") == [f"{ROOM}: 2 conferences removed"]

        await daemon.feed(lambda feed: not feed.vevents)
        assert await metric(daemon, "confcal_held_lists") == 0


async def test_what_is_rejected_is_counted_kept_and_shown(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    broken = once("7") | {"schedule": {"start_time": "soon"}}
    async with (
        Simulator(SimulatorOptions(conferences=[once("1"), broken])) as simulator,
        home.daemon(simulator.url) as daemon,
    ):
        await daemon.feed(lambda feed: "1" in feed.vevents)
        await simulator.send_raw('{"event":"conf')
        told = await daemon.program.event("trueconf.frame_rejected")
        assert told["field"] == "frame"
        assert await metric(daemon, "confcal_rejected_total", 'kind="conference"') >= 1
        assert await metric(daemon, "confcal_rejected_total", 'kind="frame"') == 1
        assert await daemon.program.end() == 0

    kept = json.loads("\n".join(await run(home, "rejected", "--json")))
    assert {(each["conference_id"], each["field"]) for each in kept} == {
        ("7", "schedule.start_time"),
        ("", "frame"),
    }


async def test_a_recording_replays_to_the_same_feed_and_holds_no_secret(tmp_path: Path) -> None:
    home, elsewhere = home_in(tmp_path), home_in(tmp_path, "elsewhere")
    options = SimulatorOptions(pin="hunter2", conferences=[once("1"), weekly("2")])
    async with Simulator(options) as simulator:
        environ = home.environ(SOURCES__LOBBY__URL=simulator.url, SOURCES__LOBBY__PIN="hunter2")
        async with (
            started("run", "--record", tmp_path / "recording", environ=environ) as program,
            httpx.AsyncClient(trust_env=False) as http,
        ):
            daemon = Daemon(program, http, (await program.event("app.started"))["url"])
            await daemon.feed(lambda feed: len(feed.vevents) == 2)
            await simulator.send_raw('{"event":"conferenceList","token":"hunter2')
            await simulator.set_conferences([once("1", "Renamed"), weekly("2"), once("3")])
            original = await daemon.feed(lambda feed: len(feed.vevents) == 3)
            assert await program.end() == 0

    recorded = (tmp_path / "recording" / "confcal.jsonl").read_text()
    assert "hunter2" not in recorded
    assert "simulated" not in recorded
    async with elsewhere.started("replay", "--new", tmp_path / "recording" / "confcal.jsonl") as replaying:
        # The frame that was cut short.
        assert await replaying.process.wait() == 1
    async with elsewhere.daemon("ws://127.0.0.1:9") as daemon:
        assert (await daemon.feed()).body == original.body
        assert (await daemon.feed(calendar=ROOM)).topics["1"] == "Renamed"


async def test_a_source_that_was_never_heard_is_silent_since_the_start(tmp_path: Path) -> None:
    before = datetime.now(UTC).timestamp()
    async with home_in(tmp_path).daemon("ws://127.0.0.1:9") as daemon:
        assert await metric(daemon, "confcal_source_last_list_timestamp_seconds") >= before


async def metric(daemon: Daemon, name: str, labels: str = "") -> float:
    text = (await daemon.http.get(f"{daemon.url}/metrics")).text
    (value,) = [
        line.rpartition(" ")[2]
        for line in text.splitlines()
        if line.startswith((f"{name} ", f"{name}{{")) and labels in line
    ]
    return float(value)


async def test_bells_are_rung_within_the_loop() -> None:
    threads: asyncio.Queue[int] = asyncio.Queue()
    scheduler = new_scheduler()
    scheduler.add_job(in_loop(lambda: threads.put_nowait(threading.get_ident())))
    scheduler.start()
    try:
        async with asyncio.timeout(10):
            assert await threads.get() == threading.get_ident()
    finally:
        scheduler.shutdown(wait=False)


async def test_a_bell_that_a_busy_loop_missed_is_rung_late_and_once() -> None:
    rung: asyncio.Queue[str] = asyncio.Queue()
    scheduler = new_scheduler()
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    scheduler.add_job(
        in_loop(lambda: rung.put_nowait("poll")), "interval", minutes=20, next_run_time=an_hour_ago
    )
    scheduler.add_job(in_loop(lambda: rung.put_nowait("purge")), "date", run_date=an_hour_ago)
    scheduler.start()
    try:
        async with asyncio.timeout(10):
            assert {await rung.get(), await rung.get()} == {"poll", "purge"}
        assert rung.empty()
    finally:
        scheduler.shutdown(wait=False)


async def test_every_day_what_nobody_lists_any_more_is_forgotten() -> None:
    settings, synchronizer = load_settings({}), Synchronizer(MemoryStore(), Policy())
    await synchronizer.accept(listed(conference("1"), conference("2")))
    for hours in (1, 2):
        await synchronizer.accept(listed(conference("1"), at=NOW + timedelta(hours=hours)))

    await run_housekeeping(synchronizer, settings, NOW + settings.removal.keep_ended)
    assert {key.id for key in synchronizer.state.entries} == {"1", "2"}

    await run_housekeeping(synchronizer, settings, NOW + settings.removal.keep_ended + timedelta(days=1))
    assert {key.id for key in synchronizer.state.entries} == {"1"}


async def test_an_account_that_nobody_hears_of_leaves_the_directory() -> None:
    store = MemoryStore()
    synchronizer, changed = Synchronizer(store, Policy()), asyncio.Event()
    await synchronizer.accept(listed(account=DESK))
    await synchronizer.accept(listed(conference("1")))
    synchronizer.listen(changed.set)

    await forget_accounts(store, synchronizer, NOW)
    assert not changed.is_set()

    with capture_logs() as logs:
        await forget_accounts(store, synchronizer, NOW + timedelta(days=1))
    assert changed.is_set()
    assert set(synchronizer.state.accounts) == {LOBBY}
    assert [(each["event"], each.get("accounts")) for each in logs] == [("app.accounts_forgotten", 1)]


async def test_every_day_what_zones_changed_is_rendered_anew() -> None:
    settings, store = load_settings({"CONFCAL_TIMEZONE": "Europe/Moscow"}), MemoryStore()
    synchronizer = Synchronizer(store, policy_of(settings))
    await synchronizer.start(rendering="with the rules of yesterday", now=NOW)

    await run_housekeeping(synchronizer, settings, NOW)

    assert await store.rendering() == rendering_digest(policy_of(settings), NOW)


async def test_housekeeping_loads_no_more_than_what_others_changed() -> None:
    settings, store = load_settings({}), LoadingStore()
    synchronizer, other = Synchronizer(store, policy_of(settings)), Synchronizer(store, policy_of(settings))
    await synchronizer.start(rendering=rendering_digest(policy_of(settings), NOW), now=NOW)
    await other.accept(listed(conference("1")))
    store.loaded = 0

    await run_housekeeping(synchronizer, settings, NOW)

    assert {key.id for key in synchronizer.state.entries} == {"1"}
    assert store.loaded == 0


class LoadingStore(MemoryStore):
    loaded = 0

    async def load(self) -> State:
        self.loaded += 1
        return await super().load()


async def test_an_end_that_takes_long_is_one_all_the_same() -> None:
    stop, ended = asyncio.Event(), asyncio.Queue[int]()
    told = shutdown_handler(stop, last_seconds=0, end=ended.put_nowait)

    told()

    assert stop.is_set()
    async with asyncio.timeout(10):
        assert await ended.get() == 1


async def test_a_second_signal_ends_at_once() -> None:
    ended: list[int] = []
    told = shutdown_handler(asyncio.Event(), end=ended.append)

    told()
    assert ended == []
    told()
    assert ended == [1]


def test_a_store_that_fails_is_told_once_and_so_is_its_return() -> None:
    watch = StoreWatch()
    with capture_logs() as logs:
        for failing in (False, True, True, False, False, True):
            with watch.tolerate_failure():
                if failing:
                    raise StoreUnavailable("the disk is gone")

    assert [each["event"] for each in logs] == [
        "app.store_unavailable",
        "app.store_available",
        "app.store_unavailable",
    ]


async def test_what_zones_mean_is_said_once_without_topics(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    settings = {"TIMEZONE": "US/Eastern", "SOURCES__LOBBY__TIMEZONE": "Europe/Berlin"}
    async with (
        Simulator(SimulatorOptions(conferences=[weekly("1")])) as simulator,
        home.daemon(simulator.url, **settings) as daemon,
    ):
        old = await daemon.program.event("app.zone_notice")
        season = await daemon.program.event("app.zone_notice", times=2)
        await daemon.program.end()

    assert (old["level"], old["notice"], old["about"]) == ("warning", "OldName", "CONFCAL_TIMEZONE")
    assert "America/New_York" in old["text"]
    assert (season["notice"], season["about"]) == ("TimeUnset", "Europe/Berlin")
    assert "Example: 1." in season["text"]
    assert daemon.program.events().count("app.zone_notice") == 2

    # With a database that knows it, the start itself says so.
    async with home.daemon("ws://127.0.0.1:9", **settings) as daemon:
        await daemon.program.event("app.zone_notice", times=2)


async def test_on_the_wall_the_named_zone_is_said_at_the_start(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    async with home.daemon("ws://127.0.0.1:9", TIMEZONE="Asia/Almaty", WEEKLY_TIME="wall") as daemon:
        told = await daemon.program.event("app.zone_notice")

    assert (told["level"], told["notice"]) == ("info", "ZoneNamed")
    assert "changed last on 2024-03-01, from UTC+06:00 to UTC+05:00" in told["text"]
