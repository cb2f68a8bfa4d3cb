"""
SIGHUP: settings come into force while the daemon runs, and what stays the same goes on untouched.
"""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.caldav import loopback
from tests.caldav.loopback import PASSWORD, USERNAME, Loopback
from tests.e2e.given import once
from tests.e2e.program import MODULE, Daemon, Home, Program, room

PIN = "a-pin-that-nobody-may-read"
SETTINGS = "settings.toml"


@asynccontextmanager
async def daemon_of(home: Home, toml: str) -> AsyncIterator[Daemon]:
    file = home.path / SETTINGS
    file.write_text(toml)
    async with home.daemon(CONFIG_FILE=str(file)) as daemon:
        yield daemon


async def reload(home: Home, daemon: Daemon, toml: str, *, times: int = 1) -> dict[str, Any]:
    (home.path / SETTINGS).write_text(toml)
    daemon.program.send(signal.SIGHUP)
    return await daemon.program.event("settings.reloaded", times=times)


def source(name: str, url: str, **more: str) -> str:
    lines = [f"[sources.{name}]", f'url = "{url}"', *(f'{key} = "{value}"' for key, value in more.items())]
    return "\n".join(lines) + "\n"


def connections(program: Program, source: str) -> int:
    events = [json.loads(line) for line in program.err if line.startswith("{")]
    return sum(each["event"] == "trueconf.connected" and each.get("source") == source for each in events)


async def test_sources_come_change_and_go_and_one_that_stays_keeps_its_connection(
    home: Home, tmp_path: Path
) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
    async with (
        room(
            tmp_path / "one", "--peer", "lobby@video.example.com", conferences=(once("100", "Of the lobby"),)
        ) as lobby,
        room(
            tmp_path / "two", "--peer", "hall@video.example.com", conferences=(once("200", "Of the hall"),)
        ) as hall,
        room(
            tmp_path / "three", "--peer", "desk@video.example.com", conferences=(once("300", "Of the desk"),)
        ) as desk,
        daemon_of(home, source("lobby", lobby.url) + source("hall", hall.url)) as daemon,
    ):
        await daemon.feed(lambda feed: len(feed.vevents) == 2)

        changed = source("lobby", lobby.url) + source("desk", desk.url) + source("hall", hall.url, pin=PIN)
        told = await reload(home, daemon, changed)
        assert (told["sources_added"], told["sources_changed"]) == (["desk"], ["hall"])
        assert "sources_removed" not in told
        await daemon.feed(lambda feed: "300" in feed.vevents)

        told = await reload(home, daemon, source("lobby", lobby.url), times=2)
        assert sorted(str(name) for name in told["sources_removed"]) == ["desk", "hall"]
        metrics = (await daemon.http.get(f"{daemon.url}/metrics")).text
        assert 'confcal_source_up{source="lobby"}' in metrics
        assert 'confcal_source_up{source="desk"}' not in metrics

        lobby.tell(once("100", "Renamed"))
        await daemon.feed(lambda feed: feed.topics["100"] == "Renamed")
        assert connections(daemon.program, "lobby") == 1
        assert not any(PIN in line for line in daemon.program.err)


async def test_feeds_answer_throughout_with_the_same_bytes(home: Home, tmp_path: Path) -> None:
    async with (
        room(tmp_path, conferences=(once("100", "Of the lobby"),)) as lobby,
        daemon_of(home, source("lobby", lobby.url)) as daemon,
    ):
        first = await daemon.feed(lambda feed: "100" in feed.vevents)
        seen: set[tuple[int, str]] = set()

        async def ask() -> None:
            while True:
                response = await daemon.get()
                seen.add((response.status_code, response.headers.get("etag", "")))

        asking = asyncio.create_task(ask())
        for number, poll in enumerate((60, 120, 60), start=1):
            more = f"poll_every = {poll}\n[calendars.board{number}]\ntopic = ['Board*']\n"
            await reload(home, daemon, more + source("lobby", lobby.url), times=number)
        asking.cancel()
        last = await daemon.feed()

    assert seen == {(200, first.etag)}
    assert last.body == first.body


async def test_a_wrong_file_changes_nothing_and_says_why(home: Home, tmp_path: Path) -> None:
    async with (
        room(tmp_path, conferences=(once("100", "Of the lobby"),)) as lobby,
        daemon_of(home, source("lobby", lobby.url)) as daemon,
    ):
        await daemon.feed(lambda feed: "100" in feed.vevents)
        for number, wrong in enumerate(
            ("not = [toml", 'language = "tlh"\n' + source("lobby", lobby.url), ""), start=1
        ):
            (home.path / SETTINGS).write_text(wrong)
            daemon.program.send(signal.SIGHUP)
            refused = await daemon.program.event("settings.reload_refused", times=number)
            assert refused["error"]
        lobby.tell(once("100", "Renamed"))
        await daemon.feed(lambda feed: feed.topics["100"] == "Renamed")
        assert connections(daemon.program, "lobby") == 1
        assert await daemon.program.end() == 0


async def test_a_reload_that_is_asked_for_before_the_daemon_can_hear_it_comes_after_the_start(
    home: Home, tmp_path: Path
) -> None:
    settings = home.path / SETTINGS
    # Whoever reads a pipe waits for its writer, so this start stands still in the midst of its settings.
    os.mkfifo(settings)
    async with room(tmp_path, conferences=(once("100", "Of the lobby"),)) as lobby:
        toml = source("lobby", lobby.url)
        async with replace(home, command=MODULE).started("run", CONFIG_FILE=str(settings)) as program:
            with await asyncio.to_thread(settings.open, "w") as pipe:
                program.send(signal.SIGHUP)
                pipe.write(toml)
            url = (await program.event("app.started"))["url"]
            await asyncio.to_thread(settings.write_text, toml + source("desk", lobby.url))
            assert (await program.event("settings.reloaded"))["sources_added"] == ["desk"]
            async with httpx.AsyncClient(trust_env=False) as http:
                assert (await http.get(f"{url}/healthz")).text == "ok\n"
            assert await program.end() == 0


async def test_the_zone_and_the_log_change_and_a_port_is_named_for_a_restart(
    home: Home, tmp_path: Path
) -> None:
    async with (
        room(tmp_path, conferences=(once("100", "Of the lobby"),)) as lobby,
        daemon_of(home, source("lobby", lobby.url)) as daemon,
    ):
        await daemon.feed(lambda feed: "100" in feed.vevents)
        told = await reload(
            home,
            daemon,
            'language = "ru"\nlog_level = "debug"\nhost = "127.0.0.2"\n' + source("lobby", lobby.url),
        )
        assert sorted(str(name) for name in told["settings"]) == [
            "CONFCAL_LANGUAGE",
            "CONFCAL_LOG_LEVEL",
        ]
        assert (await daemon.program.event("settings.restart_needed"))["settings"] == ["CONFCAL_HOST"]
        await daemon.feed(lambda feed: "Владелец" in feed.body.replace(b"\r\n ", b"").decode())


@pytest.fixture
def radicale(tmp_path: Path) -> Iterator[Loopback]:
    with loopback.radicale(tmp_path) as server:
        yield server


async def test_a_target_comes_and_goes(home: Home, tmp_path: Path, radicale: Loopback) -> None:
    url = f"http://127.0.0.1:{radicale.port}/"
    lines = ("[targets.cloud]", f'url = "{url}"', f'username = "{USERNAME}"', f'password = "{PASSWORD}"', "")
    async with (
        room(tmp_path, conferences=(once("100", "Of the lobby"),)) as lobby,
        daemon_of(home, source("lobby", lobby.url)) as daemon,
    ):
        await daemon.feed(lambda feed: "100" in feed.vevents)
        told = await reload(home, daemon, source("lobby", lobby.url) + "\n".join(lines))
        assert told["targets_added"] == ["cloud"]
        await daemon.program.event("publish.pass_finished")
        told = await reload(home, daemon, source("lobby", lobby.url), times=2)
        assert told["targets_removed"] == ["cloud"]
    assert not any(PASSWORD in line for line in daemon.program.err)
