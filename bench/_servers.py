"""
The servers that are measured: `confcal run` as users start it, and a bare ASGI callable.
"""

import asyncio
import json
import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import click
import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from bench._clients import CONNECTIONS, Asked, ask
from bench._long_lists import conferences

ZONE = "Europe/Moscow"
_WAIT_SECONDS = 60

Message = dict[str, Any]


@contextmanager
def confcal(folder: Path, *, secret: str, events: int, path: str) -> Iterator[int]:
    """Give the port of the daemon once the feed at `path` holds that many events of a stand-in's list."""
    listed = folder / "list.json"
    # Ten people each make the feed as large as the one that was promised for.
    grown = [each | {"invitations": each["invitations"] * 2} for each in conferences(events)]
    listed.write_text(json.dumps({"conferences": grown}), encoding="utf-8")
    with _program("simulate", "--list", str(listed), "--port", "0", "--web-port", "0") as room:
        url = _word_of(room.stdout, "WebSocket")
        settings = {
            "CONFCAL_SOURCES__BENCH__URL": url,
            "CONFCAL_TIMEZONE": ZONE,
            "CONFCAL_PEOPLE": "description",
            "CONFCAL_SECRET": secret,
            "CONFCAL_PORT": "0",
            "CONFCAL_LOG_FORMAT": "json",
            "CONFCAL_DATA_DIR": str(folder / "data"),
        }
        log = folder / "log"
        with _program("run", log=log, **settings):
            port = int(_started_url(log).rpartition(":")[2])
            asked = Asked(port, request(path))
            _wait(lambda: ask(asked).startswith(b"HTTP/1.1 200"))
            yield port


def request(path: str, *, etag: bytes = b"") -> bytes:
    """Return a GET."""
    condition = b"If-None-Match: " + etag + b"\r\n" if etag else b""
    return b"GET " + path.encode() + b" HTTP/1.1\r\nHost: bench\r\n" + condition + b"\r\n"


@contextmanager
def bare(folder: Path, *, full: bytes, unchanged: bytes) -> Iterator[int]:
    """Give the port of a server that knows nothing but two answers: `unchanged` is for one header more."""
    answers = folder / "answers"
    answers.write_bytes(pickle.dumps((_messages(full), _messages(unchanged))))
    command = [sys.executable, "-m", "bench.feeds", "--serve", str(answers)]
    # It goes on until its input ends, which is when the pipes are closed.
    with subprocess.Popen(  # noqa: S603 -- our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield int(cast("IO[str]", process.stdout).readline())
        cast("IO[str]", process.stdin).close()


def serve_bare(answers: Path) -> None:
    """Serve the answers of a file; the port is the first line of the output."""
    full, unchanged = pickle.loads(answers.read_bytes())  # noqa: S301 -- written by `bare`

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        # The load asks for the one with one header more: looking at their number costs next to nothing.
        for message in unchanged if len(scope["headers"]) > 1 else full:
            await send(message)

    uvloop.run(_serve(app))


async def _serve(app: ASGIApp) -> None:
    config = uvicorn.Config(
        cast("Any", app),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS) as listening:
        click.echo(listening.getsockname()[1])
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving


def _messages(answer: bytes) -> tuple[Message, Message]:
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    headers = [
        (name, value) for name, _, value in (line.partition(b": ") for line in lines) if name != b"date"
    ]
    return (
        {"type": "http.response.start", "status": int(status.split()[1]), "headers": headers},
        {"type": "http.response.body", "body": body},
    )


@contextmanager
def _program(*arguments: str, log: Path | None = None, **settings: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a command of confcal with these settings and no others; a file takes what it logs."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CONFCAL_")}
    with (
        (log or Path(os.devnull)).open("w") as stderr,
        subprocess.Popen(  # noqa: S603 -- our own program
            [sys.executable, "-m", "service", *arguments],
            env=environ | settings,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()


def _word_of(stream: IO[str] | None, beginning: str) -> str:
    for line in cast("IO[str]", stream):
        if line.startswith(beginning):
            return line.split()[-1]
    raise RuntimeError(f"the stand-in said no {beginning}")


def _started_url(log: Path) -> str:
    def url() -> str:
        events = [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
        return next((str(event["url"]) for event in events if event["event"] == "app.started"), "")

    _wait(lambda: bool(url()))
    return url()


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + _WAIT_SECONDS
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError("the daemon did not start, or the feed did not come")
        time.sleep(0.1)
