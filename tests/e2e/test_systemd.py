"""
What systemd hears: a socket of the test stands where systemd's would be.
"""

import asyncio
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.app.systemd import ServiceManager
from tests.e2e.program import Home, started


class Manager:
    """Hears what the daemon tells systemd."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(0)
        self.heard: list[str] = []

    async def hear(self, word: str, *, times: int = 1) -> None:
        async with asyncio.timeout(30):
            while self.heard.count(word) < times:
                told = await asyncio.get_running_loop().sock_recv(self.socket, 4096)
                self.heard += told.decode().splitlines()

    @property
    def without_signs_of_life(self) -> list[str]:
        return [word for word in self.heard if word != "WATCHDOG=1"]


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.socket.close()


async def test_systemd_hears_of_start_signs_of_life_reload_and_end(home: Home, manager: Manager) -> None:
    environ = home.environ(SOURCES__LOBBY__URL="ws://127.0.0.1:9") | {
        "NOTIFY_SOCKET": str(manager.path),
        "WATCHDOG_USEC": "300000",
    }
    async with started("run", environ=environ) as program:
        await manager.hear("READY=1")
        await program.event("app.started")
        await manager.hear("WATCHDOG=1", times=3)
        program.send(signal.SIGHUP)
        await manager.hear("READY=1", times=2)
        assert await program.end() == 0
        await manager.hear("STOPPING=1")

    assert manager.without_signs_of_life == ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]


async def test_a_refused_reload_is_over_for_systemd_too(home: Home, manager: Manager, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("")
    environ = home.environ(SOURCES__LOBBY__URL="ws://127.0.0.1:9", CONFIG_FILE=str(file)) | {
        "NOTIFY_SOCKET": str(manager.path)
    }
    async with started("run", environ=environ) as program:
        await manager.hear("READY=1")
        file.write_text("nonsense")
        program.send(signal.SIGHUP)
        await program.event("settings.reload_refused")
        await manager.hear("READY=1", times=2)

    assert manager.heard == ["READY=1", "RELOADING=1", "READY=1"]


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, None),
        ({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "60000000"}, 60.0),
        ({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "0"}, None),
        ({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_asked_for_by_the_environment(environ: dict[str, str], seconds: float | None) -> None:
    assert ServiceManager.find(environ).watchdog_seconds == seconds


def test_without_the_library_a_log_line_says_what_to_install() -> None:
    with capture_logs() as logs:
        found = ServiceManager.find({"NOTIFY_SOCKET": "/run/notify"}, lambda: None)

    assert found == ServiceManager()
    assert [each["event"] for each in logs] == ["app.systemd_not_told"]
