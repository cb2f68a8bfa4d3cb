"""
`confcal check` finds out whether the daemon that runs is the one of its settings.
"""

import asyncio
import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.simulator.server import Simulator
from tests.e2e.program import Home
from tests.listening import serving_http


async def findings(home: Home, **settings: str) -> dict[str, dict[str, Any]]:
    """Return what the command found, by part."""
    async with home.started("check", "--json", "--timeout", "5", **settings) as program:
        await program.ended()
        told = json.loads("\n".join(program.out))
    return {each["part"]: each for each in told["findings"]}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


async def test_the_daemon_of_the_same_settings_is_found_on_the_same_database(
    home: Home, unused_tcp_port: int
) -> None:
    port, url = str(unused_tcp_port), f"http://127.0.0.1:{unused_tcp_port}"
    async with Simulator() as room, home.daemon(room.url, PORT=port) as daemon:
        await daemon.feed()
        found = await findings(home, PORT=port, PUBLIC_URL=url, SOURCES__LOBBY__URL=room.url)

    assert found["daemon"]["verdict"] == "good"
    assert found["daemon"]["lines"][0].endswith(", on the same database")
    assert found["database"]["verdict"] == "good"
    assert found["public"]["lines"][0] == f"{url} reaches the daemon"
    assert "it is http, so secret addresses can be read on the way" in found["public"]["lines"][1]
    assert not any(line.startswith("a feed ") for line in found["public"]["lines"]), "one arrived"
    assert found["public"]["verdict"] == "warning"


async def test_a_daemon_on_another_database_fails_the_check(home: Home, unused_tcp_port: int) -> None:
    port = str(unused_tcp_port)
    async with Simulator() as room, home.daemon(room.url, PORT=port):
        elsewhere = str(home.path / "elsewhere")
        async with home.started("migrate", DATA_DIR=elsewhere) as program:
            assert await program.ended() == 0
        found = await findings(home, PORT=port, DATA_DIR=elsewhere, SOURCES__LOBBY__URL=room.url)

    assert found["daemon"]["verdict"] == "failed"
    assert "it works on another database than these settings name" in found["daemon"]["lines"][1]


async def test_a_daemon_with_another_secret_fails_the_check(home: Home, unused_tcp_port: int) -> None:
    port = str(unused_tcp_port)
    async with Simulator() as room, home.daemon(room.url, PORT=port) as daemon:
        found = await findings(home, PORT=port, SECRET="another secret of the tests")
        asked = [
            (await daemon.http.get(f"{daemon.url}/daemon", headers=headers)).status_code
            for headers in ({}, {"Authorization": "Bearer wrong"})
        ]

    assert found["daemon"]["verdict"] == "failed"
    assert "has another secret than these settings" in found["daemon"]["lines"][0]
    assert asked == [httpx.codes.NOT_FOUND] * 2


async def test_without_a_daemon_that_is_told_and_fails_nothing(home: Home, unused_tcp_port: int) -> None:
    found = await findings(home, PORT=str(unused_tcp_port))

    assert found["daemon"]["verdict"] == "notice"
    assert "it does not run on this machine" in found["daemon"]["lines"][0]


async def test_another_program_at_the_address_is_told(home: Home) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with serving_http(Other) as port:
        found = await asyncio.wait_for(findings(home, PORT=str(port)), 30)

    assert found["daemon"]["verdict"] == "failed"
    assert "another program than confcal answers" in found["daemon"]["lines"][0]
