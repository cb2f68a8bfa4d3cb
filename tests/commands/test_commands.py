"""
The commands that need no daemon, and how every command fails.
"""

import asyncio
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import pytest
from websockets.asyncio.server import ServerConnection, serve

from service.app.opening import open_settings_store
from service.app.policy import policy_of
from service.app.synchronizer import Synchronizer
from service.commands.line import cli
from service.settings.load import load_settings
from service.settings.show import example
from service.simulator.server import Simulator, SimulatorOptions
from tests.commands.conftest import Confcal
from tests.core.given import ROOM, conference, listed, weekly

CONTEXT = click.Context(cli)
NAMES = sorted(cli.list_commands(CONTEXT))
COMMANDS = {name: cli.get_command(CONTEXT, name) for name in NAMES}
ALONE = [
    name
    for name, each in COMMANDS.items()
    if each
    and not any(p.required for p in each.params)
    and (not isinstance(each, click.Group) or each.invoke_without_command)
]
"""Those that need neither an argument nor a command below them."""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder, with a known secret."""
    monkeypatch.setenv("CONFCAL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CONFCAL_SECRET", "a secret of the tests")
    return tmp_path / "data"


def filled() -> None:
    """Put a single and a weekly conference into the database of the environment."""

    async def fill() -> None:
        settings = load_settings()
        store = await open_settings_store(settings)
        await Synchronizer(store, policy_of(settings)).accept(
            listed(conference("100"), conference("200", "Stand-up", weekly()))
        )
        await store.close()

    asyncio.run(fill())


def test_every_command_in_the_list_is_there() -> None:
    assert [name for name, each in COMMANDS.items() if each is None or each.name != name] == []


def test_a_health_check_that_is_answered_loads_neither_the_daemon_nor_the_settings(
    unused_tcp_port: int,
) -> None:
    code = (
        "import atexit, sys; from service.__main__ import main; sys.argv[1:] = ['healthcheck']; "
        "atexit.register(lambda: print(*sys.modules)); main()"
    )
    environ = {**os.environ, "CONFCAL_PORT": str(unused_tcp_port)}
    with ThreadingHTTPServer(("127.0.0.1", unused_tcp_port), _Healthy) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        command = [sys.executable, "-c", code]
        loaded = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=60, env=environ
        ).stdout.split()
        web.shutdown()

    assert loaded[0] == "ok"
    assert {
        "click",
        "sqlalchemy",
        "starlette",
        "httpx",
        "websockets",
        "pydantic",
        "structlog",
        "asyncio",
        "email",
        "ssl",
    } & set(loaded) == set()
    assert [name for name in loaded if name.startswith("service.core.")] == ["service.core.errors"]


class _Healthy(BaseHTTPRequestHandler):
    """Lives, and says so at /healthz alone."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_the_version_is_told(confcal: Confcal) -> None:
    assert confcal("--version").text.startswith("confcal 0.")


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_with_an_example(confcal: Confcal, name: str) -> None:
    done = confcal(name, "--help")

    assert done.code == 0
    assert "Example" in done.text
    assert f"confcal {name}" in done.text.partition("Example")[2]


def test_the_commands_of_this_version_are_listed(confcal: Confcal) -> None:
    done = confcal("--help")

    assert done.code == 0
    assert all(f"  {name} " in done.text for name in NAMES)
    assert set(NAMES) >= {"run", "demo", "convert", "feeds", "simulate", "check", "settings", "migrate"}


@pytest.mark.parametrize(
    "arguments", [["convrt"], ["run", "--x"], ["demo", "--every", "x"], ["feeds", "--x"]]
)
def test_a_misspelt_command_line_is_told_with_status_2(confcal: Confcal, arguments: list[str]) -> None:
    done = confcal(*arguments)

    assert done.code == 2
    assert "Error: " in done.err


@pytest.mark.parametrize("name", [name for name in ALONE if name != "simulate"])
def test_a_wrong_setting_is_one_sentence_with_status_2(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("CONFCAL_TIMEZON", "UTC")
    # A health check that is answered asks no more.
    monkeypatch.setenv("CONFCAL_PORT", "1")

    done = confcal(name)

    assert (done.code, done.out) == (2, b"")
    assert done.err == "confcal: CONFCAL_TIMEZON is not a setting; did you mean CONFCAL_TIMEZONE?\n"


def test_run_without_a_source_says_what_to_set(confcal: Confcal) -> None:
    done = confcal("run")

    assert done.code == 2
    assert "confcal: CONFCAL_SOURCES__<NAME>__URL is missing" in done.err


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CONFCAL_DATABASE_URL", "mysql://db", "CONFCAL_DATABASE_URL names mysql"),
        ("CONFCAL_DATABASE_URL", "nonsense", "CONFCAL_DATABASE_URL is not an address"),
        ("CONFCAL_SECRET_FILE", "/missing", "CONFCAL_SECRET_FILE: /missing cannot be read"),
        ("CONFCAL_DATA_DIR", "/dev/null/data", "CONFCAL_DATA_DIR: /dev/null/data cannot be made"),
    ],
)
def test_what_only_fails_when_it_is_used_is_one_sentence_too(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__URL", "ws://127.0.0.1:1")
    monkeypatch.setenv("CONFCAL_PORT", "0")

    done = confcal("run")

    assert done.code == 2
    assert done.err.startswith(f"confcal: {told}")
    assert len(done.err.splitlines()) == 1


def test_settings_in_effect_show_no_secret(confcal: Confcal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__URL", "ws://10.0.0.15:8765")
    monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__PIN", "hunter2")

    lines = confcal("settings").text.splitlines()

    assert "CONFCAL_SOURCES__LOBBY__URL=ws://10.0.0.15:8765" in lines
    assert "CONFCAL_SOURCES__LOBBY__PIN=********" in lines
    assert "#CONFCAL_PORT=8080" in lines


def test_the_example_can_be_written_to_a_file(confcal: Confcal) -> None:
    assert confcal("settings", "--example").text == example()


def test_migrate_prepares_the_database_and_has_nothing_to_do_afterwards(confcal: Confcal, data: Path) -> None:
    first, second = confcal("migrate"), confcal("migrate")

    assert (first.code, second.code) == (0, 0)
    assert first.text.startswith("The database was migrated from nothing to schema ")
    assert second.text.startswith("The database is up to date")
    assert (data / "confcal.db").is_file()


@pytest.mark.parametrize("command", ["migrate", "feeds", "run"])
def test_the_database_of_a_newer_confcal_is_left_alone(
    confcal: Confcal, data: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    confcal("migrate")
    with sqlite3.connect(data / "confcal.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.execute("UPDATE meta SET value = '9998' WHERE name = 'oldest_schema'")
    db.close()
    monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__URL", "ws://127.0.0.1:1")
    monkeypatch.setenv("CONFCAL_PORT", "8080" if command == "feeds" else "0")

    done = confcal(command)

    assert done.code == 1
    assert f"confcal: The database {data}/confcal.db was written by a newer confcal" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.usefixtures("data")
def test_feeds_before_the_first_list_are_the_one_of_all(confcal: Confcal) -> None:
    confcal("migrate")
    (only,) = json.loads(confcal("feeds", "--json").out)

    assert (only["calendar"], only["events"]) == ("all", 0)


@pytest.mark.usefixtures("data")
def test_feeds_are_listed_for_scripts(confcal: Confcal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_PUBLIC_URL", "https://calendars.example.com")
    filled()

    listed_feeds = json.loads(confcal("feeds", "--json").out)

    assert [list(feed) for feed in listed_feeds] == [["calendar", "feed_url", "page_url", "events"]] * 2
    assert [(feed["calendar"], feed["events"]) for feed in listed_feeds] == [("all", 2), (str(ROOM), 2)]
    assert all(feed["feed_url"].startswith("https://calendars.example.com/feeds/") for feed in listed_feeds)
    assert all(
        feed["page_url"].startswith("https://calendars.example.com/calendars/") for feed in listed_feeds
    )


@pytest.mark.usefixtures("data")
def test_feeds_are_listed_for_people(confcal: Confcal) -> None:
    filled()

    for_scripts, for_people = json.loads(confcal("feeds", "--json").out), confcal("feeds").text

    rows = [line.split() for line in for_people.splitlines()]
    assert rows == [
        [feed["calendar"], str(feed["events"]), "events", feed["feed_url"], feed["page_url"]]
        for feed in for_scripts
    ]


@pytest.mark.usefixtures("data")
def test_addresses_cannot_be_told_where_nobody_knows_the_port(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFCAL_PORT", "0")

    done = confcal("feeds")

    assert done.code == 2
    assert "CONFCAL_PUBLIC_URL is missing" in done.err


def test_a_daemon_that_does_not_answer_is_unhealthy(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setenv("CONFCAL_PORT", str(unused_tcp_port))

    done = confcal("healthcheck")

    assert done.code == 1
    assert done.err.startswith(f"confcal: http://127.0.0.1:{unused_tcp_port}/healthz does not answer: ")
    assert done.err.endswith("; start `confcal run`, or correct CONFCAL_HOST and CONFCAL_PORT\n")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "/healthz answered with status 503"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "/healthz does not answer: what answers there speaks no HTTP"),
        (b"", "/healthz does not answer: what answers there speaks no HTTP"),
        (b"HTTP/1.1 \xff\xfe\r\n", "/healthz does not answer: what answers there speaks no HTTP"),
    ],
)
def test_a_health_check_tells_what_answers_in_the_daemon_s_place(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch, answer: bytes, told: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setenv("CONFCAL_PORT", str(listening.getsockname()[1]))

        def answer_once() -> None:
            asking, _ = listening.accept()
            with asking:
                asking.recv(4096)
                asking.sendall(answer)

        answering = threading.Thread(target=answer_once)
        answering.start()
        done = confcal("healthcheck")
        answering.join(timeout=30)

    assert done.code == 1
    assert told in done.err


@pytest.mark.parametrize("port", ["", "70000", "80 80", "0x50"])
def test_a_health_check_refuses_a_port_that_is_none(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("CONFCAL_PORT", port)

    done = confcal("healthcheck")

    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith("confcal: CONFCAL_PORT: ")


def test_a_health_check_asks_where_a_toml_file_has_the_daemon_listen(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, unused_tcp_port: int
) -> None:
    file = tmp_path / "confcal.toml"
    file.write_text(f"port = {unused_tcp_port}\n", encoding="utf-8")
    monkeypatch.setenv("CONFCAL_CONFIG_FILE", str(file))

    assert f"http://127.0.0.1:{unused_tcp_port}/healthz does not answer" in confcal("healthcheck").err


def test_check_without_a_source_says_so(confcal: Confcal) -> None:
    done = confcal("check")

    assert done.code == 1
    assert "settings good" in done.squeezed
    assert "sources FAILED there is none; set CONFCAL_SOURCES__<NAME>__URL" in done.squeezed


def test_the_simulator_refuses_a_list_that_is_none(confcal: Confcal, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text('{"conferences": 7}', encoding="utf-8")

    missing = confcal("simulate", "--list", tmp_path / "missing.json")
    useless = confcal("simulate", "--list", tmp_path / "list.json")

    assert (missing.code, useless.code) == (2, 2)
    assert "cannot be used" in missing.err
    assert "holds no list of conferences" in useless.err


async def test_check_tells_good_sources_from_bad_ones(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    async with Simulator(SimulatorOptions(pin="1234")) as room:
        for name, url in (
            ("GOOD", room.web_url),
            ("WRONG", room.url),
            ("DEAD", f"ws://127.0.0.1:{unused_tcp_port}"),
        ):
            monkeypatch.setenv(f"CONFCAL_SOURCES__{name}__URL", url)
        monkeypatch.setenv("CONFCAL_SOURCES__GOOD__PIN", "1234")
        monkeypatch.setenv("CONFCAL_SOURCES__WRONG__PIN", "4321")

        done = await asyncio.to_thread(confcal, "check")

    assert done.code == 1
    dead, good, wrong = (line for line in done.squeezed.splitlines() if line.startswith("source "))
    assert good == "source good good room1@video.example.com, 8 conferences"
    assert wrong.startswith("source wrong FAILED ")
    assert "rejected the PIN" in wrong
    assert dead.startswith("source dead FAILED ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["demo", "--every", "0"], "0.0 is not in the range x>0"),
        (["demo", "--every", "-3"], "-3.0 is not in the range x>0"),
        (["simulate", "--changing-every", "-1"], "-1.0 is not in the range x>0"),
        (["simulate", "--port", "99999"], "99999 is not in the range 0<=x<=65535"),
        (
            ["simulate", "--timezone", "Mars"],
            "'Mars' is not an IANA time zone; write one like Europe/Moscow",
        ),
        (["simulate", "--fragment", "0"], "0 is not in the range x>=1"),
    ],
)
def test_an_option_that_cannot_work_is_refused(confcal: Confcal, arguments: list[str], told: str) -> None:
    done = confcal(*arguments)

    assert done.code == 2
    assert told in done.err


async def test_a_source_that_sends_no_list_is_told_with_what_to_do(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async with serve(silent, "127.0.0.1", 0) as room:
        port = next(iter(room.sockets)).getsockname()[1]
        monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__URL", f"ws://127.0.0.1:{port}")

        done = await asyncio.to_thread(confcal, "check", "--timeout", "0.2")

    assert done.code == 1
    assert "no list came in time; see whether somebody is signed in there, or raise --timeout" in done.text


@pytest.mark.usefixtures("data")
def test_a_list_of_the_feeds_loads_nothing_that_serves_them() -> None:
    filled()
    code = (
        "import atexit, sys; from service.__main__ import main; sys.argv[1:] = ['feeds', '--json']; "
        "atexit.register(lambda: print('|', *sys.modules)); main()"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    listed_feeds, _, loaded = told.partition("|")

    assert {feed["calendar"] for feed in json.loads(listed_feeds)} == {"all", str(ROOM)}
    daemon = {"starlette", "uvicorn", "httpx", "websockets", "jinja2", "apscheduler", "prometheus_client"}
    assert daemon & set(loaded.split()) == set()
    assert {"icalendar", "service.core.revision", "service.store.sql"} & set(loaded.split()) == set()
