"""
Real servers of the tests' own, on loopback, with authentication.
"""

import base64
import hashlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from tests.tools import missing

USERNAME = "alice"
PASSWORD = "wonderland-42"
_STARTS_WITHIN_SECONDS = 30.0
_PORTS_TRIED = 3

_RADICALE = """\
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {users}
htpasswd_encryption = plain
[storage]
filesystem_folder = {folder}
[logging]
level = {log_level}
"""


class Loopback:
    """
    A server process on a port of its own that can be killed and started again.
    """

    def __init__(self, command: Callable[[int], list[str]], log: Path) -> None:
        self.port = free_port()
        self._command = command
        self._was_up = False
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it on its port; on another one, where somebody took that before it ever was up."""
        for _ in range(1 if self._was_up else _PORTS_TRIED):
            if self._comes_up():
                self._was_up = True
                return
            if not self._was_up:
                self.port = free_port()
        pytest.fail(f"the server did not start: {self._log.read_text(errors='replace')[-2000:]}")

    def _comes_up(self) -> bool:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(self.port), stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + _STARTS_WITHIN_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                return False
            if answers(self.port):
                return True
            time.sleep(0.02)
        self.kill()
        return False

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(_STARTS_WITHIN_SECONDS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def radicale(folder: Path, log_level: str = "error") -> Loopback:
    """Return a Radicale; with the level `info` its `radicale.log` has a line for each answer."""
    _require("radicale")
    users = folder / "users"
    users.write_text(f"{USERNAME}:{PASSWORD}\n")

    def command(port: int) -> list[str]:
        config = folder / "radicale.conf"
        storage = folder / "radicale"
        config.write_text(_RADICALE.format(port=port, users=users, folder=storage, log_level=log_level))
        return [sys.executable, "-m", "radicale", "--config", str(config)]

    return Loopback(command, folder / "radicale.log")


def xandikos(folder: Path) -> Loopback:
    _require("xandikos")
    users = folder / "htpasswd"
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()  # noqa: S324 -- the form of htpasswd
    users.write_text(f"{USERNAME}:{{SHA}}{digest}\n")
    script = Path(__file__).parent / "xandikos_with_passwords.py"

    def command(port: int) -> list[str]:
        return [sys.executable, str(script), str(folder / "xandikos"), str(users), str(port)]

    return Loopback(command, folder / "xandikos.log")


def _require(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        missing(f"{module} is not installed: `pip install -e .[dev]`")
