"""
The program itself with targets whose servers attack it: each fails alone, everything else goes on.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from service.simulator.server import Simulator, SimulatorOptions
from tests.caldav import loopback
from tests.caldav.loopback import PASSWORD, USERNAME, Loopback
from tests.e2e.given import once
from tests.e2e.program import Home
from tests.listening import serving_http

OPENING = b'<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
MEMBER = (
    b"<d:response><d:href>/%d.ics</d:href><d:propstat><d:prop><d:getetag>1</d:getetag></d:prop>"
    b"<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
)


@dataclass(frozen=True)
class Attack:
    """
    What a server answers to everything, and what is said of it.
    """

    status: int
    write_body: Callable[[], bytes]
    """Called by the test: together they are tens of megabytes."""

    headers: dict[str, str]
    said: str
    settings: dict[str, str] = field(default_factory=dict)
    """Of its target; a user and a password where there are none."""


def bomb() -> bytes:
    return gzip.compress(gzip.compress(b"\0" * 50_000_000))


DIGEST = {"AUTH": "digest", "USERNAME": "alice", "PASSWORD": "wonderland-42"}
OAUTH = {
    "AUTH": "oauth2",
    "CLIENT_ID": "i",
    "CLIENT_SECRET": "wonderland-42",
    "REFRESH_TOKEN": "r",
    "TOKEN_URL": "{url}",
}
ATTACKS = {
    "foo": Attack(
        401,
        bytes,
        {"WWW-Authenticate": 'Digest realm="r", nonce="n", algorithm=FOO'},
        "the algorithm FOO, which is not known here",
        DIGEST,
    ),
    "stale": Attack(
        401,
        bytes,
        {"WWW-Authenticate": 'Digest realm="r", nonce="n", stale=true'},
        "every Digest nonce too old",
        DIGEST,
    ),
    "bomb": Attack(207, bomb, {"Content-Encoding": "gzip, gzip"}, "compresses its answer"),
    "elements": Attack(207, lambda: OPENING + b"<a/>" * 5_000_000, {}, "more than 500000 elements"),
    "members": Attack(
        207,
        lambda: OPENING + b"".join(MEMBER % number for number in range(100_000)) + b"</d:multistatus>",
        {},
        "more than 500000 elements",
    ),
    "token": Attack(200, lambda: b"[" * 60_000, {}, "gives no access token", OAUTH),
    "tokens": Attack(200, lambda: b"[" * 200_000, {}, "more than 64 kB", OAUTH),
    "entities": Attack(
        207, lambda: b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>', {}, "DOCTYPE, which is refused"
    ),
    "script": Attack(207, lambda: b"<b>Warning</b>: no such file\n" + OPENING, {}, "Warning: no such file"),
    "elsewhere": Attack(
        301, bytes, {"Location": "https://other.example.net/"}, "set TRUSTED_HOSTS=other.example.net"
    ),
}


class Attackers:
    """
    A server for each attack.
    """

    def __init__(self) -> None:
        self._servers = ExitStack()

    def url(self, attack: Attack) -> str:
        body = attack.write_body()

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(attack.status)
                for name, value in attack.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    # Whoever reads no further hangs up.
                    self.close_connection = True

            do_PROPFIND = do_OPTIONS = do_MKCALENDAR = do_PUT = do_POST = _answer  # noqa: N815 -- HTTP's names

            def log_message(self, *_arguments: object) -> None:
                pass

        return f"http://127.0.0.1:{self._servers.enter_context(serving_http(Handler))}/dav/"

    def close(self) -> None:
        self._servers.close()


@pytest.fixture
def attackers() -> Iterator[Attackers]:
    servers = Attackers()
    yield servers
    servers.close()


@pytest.fixture
def radicale(tmp_path: Path) -> Iterator[Loopback]:
    with loopback.radicale(tmp_path) as server:
        yield server


def failed(target: str) -> Callable[[str], bool]:
    """Return what knows the line of a target that failed."""
    return lambda line: '"publish.target_failed"' in line and f'"target": "{target}"' in line


async def test_servers_that_attack_fail_alone(
    tmp_path: Path, attackers: Attackers, radicale: Loopback
) -> None:
    settings = {
        "TARGETS__GOOD__URL": f"http://127.0.0.1:{radicale.port}/",
        "TARGETS__GOOD__USERNAME": USERNAME,
        "TARGETS__GOOD__PASSWORD": PASSWORD,
    }
    for name, attack in ATTACKS.items():
        url = attackers.url(attack)
        given = attack.settings or {"USERNAME": "alice", "PASSWORD": "wonderland-42"}
        for setting, value in {"URL": url, **given}.items():
            settings[f"TARGETS__{name.upper()}__{setting}"] = value.format(url=url)
    (tmp_path / "home").mkdir()
    options = SimulatorOptions(conferences=[once("100")])

    told: dict[str, dict[str, Any]] = {}
    async with (
        Simulator(options) as simulator,
        Home(tmp_path / "home").daemon(simulator.url, **settings) as daemon,
    ):
        await daemon.program.event("publish.pass_finished")
        for name in ATTACKS:
            told[name] = json.loads(await daemon.program.line(failed(name), err=True))
        await daemon.feed(lambda feed: "100" in feed.vevents)

        said = "\n".join([*daemon.program.out, *daemon.program.err])
    assert {name: attack.said in told[name]["error"] for name, attack in ATTACKS.items()} == dict.fromkeys(
        ATTACKS, True
    )
    assert {each["state"] for each in told.values()} == {"failing"}
    assert "wonderland-42" not in said
    assert "app.crashed" not in said
