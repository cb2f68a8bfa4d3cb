"""
A real Radicale, whose own log counts the requests.
"""

import base64
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from service.caldav.protocol import mkcalendar

USER, PASSWORD = "alice", "bench-password"
HEADER = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}

Measured = tuple[float, int]

_CONFIG = """\
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
[storage]
filesystem_folder = {folder}/store
[logging]
level = info
"""


class Server:
    """
    Radicale in a process of its own.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}/"
        self._collections = 0

    def requests(self) -> int:
        """Return how many requests it has answered."""
        log = (self.folder / "radicale.log").read_text(encoding="utf-8", errors="replace")
        return len(re.findall(r"\w+ request for ", log))

    def collection(self) -> str:
        """Create an empty calendar; its address."""
        self._collections += 1
        name = f"empty{self._collections}"
        # With a name of its own: ics-caldav-sync looks for that.
        making = mkcalendar(f"{self.url}{USER}/{name}/", name)
        headers = {**making.headers, **HEADER}
        httpx.request(making.method, making.url, headers=headers, content=making.body).raise_for_status()
        return making.url

    def measured(self, work: Callable[[], object]) -> Measured:
        """Return seconds and requests."""
        before, started = self.requests(), time.perf_counter()
        work()
        seconds = time.perf_counter() - started
        return seconds, self.requests() - before


@contextmanager
def radicale(folder: Path) -> Iterator[Server]:
    """Give a running Radicale with a password."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    (folder / "radicale.conf").write_text(_CONFIG.format(port=port, folder=folder))
    command = [sys.executable, "-m", "radicale", "--config", str(folder / "radicale.conf")]
    with (folder / "radicale.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 -- our own command
        try:
            while process.poll() is None:
                with socket.socket() as knock:
                    if knock.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield Server(folder, port)
        finally:
            process.kill()
            process.wait()
