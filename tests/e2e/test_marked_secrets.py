"""
No secret is shown: not by a command, a page, the API, the log, a metric, a message, an error, or a reload.

Each secret of the settings holds a mark, and whatever the program says is searched for the marks, in every
spelling that text gets on its way: plain, escaped for URLs and JSON, or in base64.
"""

import asyncio
import base64
import json
import signal
import urllib.parse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from service.commands.line import COMMANDS
from tests.e2e.given import once
from tests.e2e.marks import MARKS, Said, bare_of, shown
from tests.e2e.program import Daemon, Home, Program, room
from tests.e2e.receiver import Receiver
from tests.listening import listening, serving_http

pytestmark = pytest.mark.thorough

PLAIN = {
    "SOURCES__HALL__SERVER": "video.example.com",
    "TARGETS__CLOUD__USERNAME": "confcal",
    "TARGETS__BEARER__AUTH": "bearer",
    "LOG_LEVEL": "debug",
}


class Mocking(BaseHTTPRequestHandler):
    """A target that refuses everybody, and repeats in its answer whatever it was sent."""

    def answer(self) -> None:
        body = "\n".join([self.path, *map(str, self.headers.values())]).encode()
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="r"')
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Repeated", str(self.headers.get("Authorization", "")))
        self.end_headers()
        self.wfile.write(body)

    do_PROPFIND = do_OPTIONS = do_GET = do_PUT = do_REPORT = answer  # noqa: N815 -- the library's names

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.mark.parametrize("secret", MARKS.values())
def test_a_secret_is_found_in_every_spelling(secret: str) -> None:
    bare = bare_of(secret)
    credentials = base64.b64encode(f"confcal:{bare}".encode()).decode()

    for text in (bare, urllib.parse.quote(bare), f"Basic {credentials}", bare.encode().hex()):
        assert shown(f"... {text} ...")
    assert not shown("nothing of the kind")


ARGUMENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "check": (("--timeout", "3"), ("--timeout", "3", "--json", "--write")),
    "feeds": ((), ("--json",), ("rotate", "nobody")),
    "plan": ((), ("cloud", "-v"), ("clod",)),
    "held": ((),),
    "approve": (("nobody@video.example.com",),),
    "keep": (("nobody@video.example.com",),),
    "rejected": ((), ("show", "1"), ("retry", "1")),
    "conferences": ((),),
    "why": (("100", "all"),),
    "history": ((), ("--json",)),
    "purge": (("cloud", "--yes"),),
    "backup": (("backup.db",),),
    "settings": ((), ("--example",)),
    "notify": ((), ("test", "ops")),
    "healthcheck": ((),),
    "convert": (("missing.json",),),
    "replay": (("missing.json",),),
    "migrate": ((),),
}
LASTING: dict[str, tuple[tuple[str, ...], str]] = {
    "run": ((), "app.started"),
    "demo": (("--every", "0.2"), "Ctrl-C"),
    "simulate": (("--pin", "MARK3pin", "--port", "0", "--web-port", "0"), "Discovery"),
}
"""What runs until it is ended, and what it says when it is up."""


def test_every_command_is_asked() -> None:
    assert set(COMMANDS) == ARGUMENTS.keys() | LASTING.keys()


async def call(home: Home, environ: dict[str, str], arguments: tuple[str, ...], said: Said) -> None:
    async with home.started(*arguments, **environ) as command:
        await command.ended()
    said.note(f"confcal {' '.join(arguments)}", "\n".join((*command.out, *command.err)))


async def visit(http: httpx.AsyncClient, url: str, said: Said) -> None:
    admin = {"Authorization": f"Bearer {MARKS['ADMIN_TOKEN']}"}
    api = (await http.get(f"{url}/api/openapi.json", headers=admin)).json()["paths"]
    paths = [path for path, methods in api.items() if "get" in methods and "{" not in path]
    form = await http.post(f"{url}/sign-in", data={"token": MARKS["ADMIN_TOKEN"]}, headers={"Origin": url})
    said.note("POST /sign-in", f"{form.headers} {form.text}")
    for path in (
        "/",
        "/rooms",
        "/calendars",
        "/conferences",
        "/targets",
        "/journal",
        "/settings",
        "/metrics",
        "/healthz",
        "/readyz",
        "/sign-in",
        "/nothing",
    ):
        said.note(path, await _text(http, url + path, {}))
    for path in paths:
        said.note(path, await _text(http, url + path, admin))
    # Wrong ways to show a right secret.
    for name, value in MARKS.items():
        said.note(
            f"/feeds with {name}", await _text(http, f"{url}/feeds/{urllib.parse.quote(value)}/a.ics", {})
        )
        said.note(f"/?token={name}", await _text(http, f"{url}/?token={urllib.parse.quote(value)}", {}))
        wrong = {"Authorization": f"Bearer {value}x"}
        posted = await http.post(f"{url}/api/events/hall", json={}, headers=wrong)
        said.note(f"/api/events with {name}", f"{posted.headers} {posted.text}")


async def _text(http: httpx.AsyncClient, url: str, headers: dict[str, str]) -> str:
    response = await http.get(url, headers=headers)
    # The session's cookie is the browser's own.
    kept = {name: value for name, value in response.headers.items() if name != "set-cookie"}
    return f"{kept} {response.text}"


async def reload(program: Program, file: Path, text: str) -> None:
    """Have wrong settings read; where the environment says the same, nothing is refused."""
    await asyncio.to_thread(file.write_text, text)
    read = sum(event in RELOADED for event in program.events())
    program.send(signal.SIGHUP)
    await program.line(
        lambda line: any(f'"event": "{event}"' in line for event in RELOADED), times=read + 1, err=True
    )


TROUBLES = ("annex", "screen", "cloud", "bearer")
"""Sources and targets of which a message tells."""

RELOADED = ("settings.reload_refused", "settings.reloaded")
WRONG = (
    'pin = "MARK3pin',
    '[sources.screen]\nurl = "10.0.0.1:80/MARK3pin"\n',
    '[sources.screen]\nurl = "http://10.0.0.1:99999/MARK3pin"\n',
    '[sources.screen]\nurl = "MARK3pin"\n',
    '[sources.lobby]\nurl = "http://10.0.0.1"\npin = ["MARK3pin"]\n',
    '[sources.lobby]\nurl = "http://confcal:MARK3pin@10.0.0.1"\n',
    'database_url = "mysql://confcal:MARK3pin@db/confcal"\n',
    'admin_token = "MARK3pin"\n',
    '[targets.cloud]\nurl = "https://confcal:MARK3pin@cloud.example.com"\n',
    'secret = "MARK3pin"\n',
    '[notify.ops]\nurl = "nonsense:MARK3pin"\n',
)


@asynccontextmanager
async def marked_daemon(
    home: Home, folder: Path, port: int, *, messages: str = ""
) -> AsyncIterator[tuple[Daemon, dict[str, str]]]:
    """Run the daemon with every secret marked, sources and targets in trouble; and the settings."""
    (folder / "list").mkdir()
    (folder / "settings.toml").write_text(messages)
    pin = MARKS["SOURCES__LOBBY__PIN"]
    conferences = (once("100", "Planning"),)
    with serving_http(Mocking) as target:
        async with room(folder / "list", "--pin", pin, conferences=conferences) as lobby:
            environ = {
                **MARKS,
                **PLAIN,
                "PORT": str(port),
                "SOURCES__LOBBY__URL": lobby.web_url,
                # Its PIN is a wrong one.
                "SOURCES__ANNEX__URL": lobby.url,
                "SOURCES__SCREEN__URL": f"{lobby.web_url}/MARK9pin",
                "TARGETS__CLOUD__URL": f"http://127.0.0.1:{target}/dav/",
                "TARGETS__BEARER__URL": f"http://127.0.0.1:{target}/bearer/",
                "CONFIG_FILE": str(folder / "settings.toml"),
            }
            async with home.daemon(**environ) as daemon:
                await daemon.program.event("trueconf.pin_rejected", times=2)
                await daemon.program.event("publish.target_failed", times=2)
                yield daemon, environ


async def test_no_page_answer_metric_reload_or_log_line_shows_a_secret(
    home: Home, tmp_path: Path, unused_tcp_port: int
) -> None:
    said = Said()
    async with marked_daemon(home, tmp_path, unused_tcp_port) as (daemon, _):
        await daemon.http.post(
            f"{daemon.url}/api/events/hall",
            content=b'{"event":"conferenceList","conferences":[{"id":"7"}]}',
            headers={
                "Authorization": f"Bearer {MARKS['SOURCES__HALL__INGEST_TOKEN']}",
                "Content-Type": "application/json",
            },
        )
        await visit(daemon.http, daemon.url, said)
        for text in WRONG:
            await reload(daemon.program, tmp_path / "settings.toml", text)
    said.note("the log", "\n".join((*daemon.program.out, *daemon.program.err)))

    assert len(said.texts) > 30
    assert said.leaks == {}


async def test_no_command_shows_a_secret(home: Home, tmp_path: Path, unused_tcp_port: int) -> None:
    said, two_at_once = Said(), asyncio.Semaphore(2)

    async def ask(arguments: tuple[str, ...], environ: dict[str, str]) -> None:
        async with two_at_once:
            await call(home, environ, arguments, said)

    async with marked_daemon(home, tmp_path, unused_tcp_port) as (_, environ):
        asked = [ask((command, *way), environ) for command, ways in ARGUMENTS.items() for way in ways]
        await asyncio.gather(*asked)

    assert len(said.texts) == len(asked)
    assert said.leaks == {}


@pytest.mark.parametrize("command", LASTING)
async def test_no_command_that_lasts_shows_a_secret(home: Home, command: str) -> None:
    said, (options, up) = Said(), LASTING[command]
    addresses = {f"{name}__URL": "http://127.0.0.1:9/" for name in ("SOURCES__LOBBY", "SOURCES__ANNEX")}
    addresses |= {f"{name}__URL": "http://127.0.0.1:9/" for name in ("TARGETS__CLOUD", "TARGETS__BEARER")}
    async with home.started(command, *options, **MARKS, **PLAIN, **addresses) as program:
        await program.line(lambda line: up in line, err=command == "run")
        await program.end(signal.SIGINT)
    said.note(command, "\n".join((*program.out, *program.err)))

    assert said.leaks == {}


async def test_no_message_that_arrives_holds_a_secret(
    home: Home, tmp_path: Path, unused_tcp_port: int
) -> None:
    said, receiver = Said(), Receiver()
    async with listening(receiver.talk) as taking:
        hook = f'[notify.hook]\nurl = "json://127.0.0.1:{taking.port}/hook"\nafter = 0\n'
        async with marked_daemon(home, tmp_path, unused_tcp_port, messages=hook):
            while not all(f" {trouble} " in " ".join(said.texts.values()) for trouble in TROUBLES):
                message = json.dumps(await receiver.received.get(), ensure_ascii=False)
                said.note(f"message {len(said.texts)}", message)

    assert said.leaks == {}


@pytest.mark.parametrize("text", WRONG)
async def test_a_start_with_a_wrong_setting_shows_no_secret(home: Home, tmp_path: Path, text: str) -> None:
    said, file = Said(), tmp_path / "settings.toml"
    file.write_text(text)

    await call(home, {"CONFIG_FILE": str(file)}, ("check",), said)
    await call(home, {"CONFIG_FILE": str(file)}, ("run",), said)

    assert all(said.texts.values())
    assert said.leaks == {}
