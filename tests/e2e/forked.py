"""
Processes of confcal that fork from one which has imported it: imports are nine tenths of a start.

The program is the same, and it has a process, an environment and files of its own. What a start does before
`main()` is tested by real starts: tests/e2e/test_life.py, test_wheel.py and the commands of tests/docs.
"""

import asyncio
import os
import signal
import sys
import time
import warnings
from asyncio import StreamReader
from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import cast

_CONTEXT = get_context("forkserver")
_IMPORTED = (
    # A child imports what the parent's main module does: pytest, where no worker of xdist runs the test.
    "pytest",
    "service.app.daemon",
    "service.commands.line",
    "service.commands.run",
    # What a daemon imports in its first second, which makes half of what such a process costs.
    "aiosqlite",
    "anyio._backends._asyncio",
    "apscheduler.executors.asyncio",
    "apscheduler.triggers.interval",
    "asyncpg",
    "httpcore",
    "jinja2.ext",
    "service.store.migrations.apply",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "uvicorn.lifespan.off",
    __name__,
)
_CONTEXT.set_forkserver_preload(list(_IMPORTED))

_LONGEST_LINE = 2**20


class Forked:
    """
    A forked process as asyncio's `Process` shows one.
    """

    def __init__(self, process: ForkServerProcess, stdout: StreamReader, stderr: StreamReader) -> None:
        self._process = process
        self.stdout = stdout
        self.stderr = stderr

    @property
    def pid(self) -> int:
        return cast("int", self._process.pid)

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    async def wait(self) -> int:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join(timeout=None)
        return cast("int", self._process.exitcode)

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def fork(arguments: tuple[str, ...], environ: Mapping[str, str], cwd: Path | None) -> Forked:
    """Run `confcal` with these arguments, this environment and no other."""
    out, err = _CONTEXT.Pipe(duplex=False), _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_run, args=(arguments, dict(environ), cwd, out[1], err[1]), daemon=True)
    # The first one starts the process to fork from.
    await asyncio.to_thread(process.start)
    for _, writer in (out, err):
        writer.close()
    return Forked(process, await _read(out[0]), await _read(err[0]))


async def _read(pipe: Connection) -> StreamReader:
    loop = asyncio.get_running_loop()
    reader = StreamReader(_LONGEST_LINE)
    file = os.fdopen(os.dup(pipe.fileno()), "rb", buffering=0)
    pipe.close()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    return reader


def _run(
    arguments: tuple[str, ...], environ: dict[str, str], cwd: Path | None, out: Connection, err: Connection
) -> None:
    """Become the program."""
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    if cwd:
        os.chdir(cwd)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (out.fileno(), 1), (err.fileno(), 2)):
        os.dup2(source, target)
    for each in (out, err):
        each.close()
    os.close(nothing)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    warnings.simplefilter("error")
    sys.argv = ["confcal", *arguments]
    # What is imported at the start of a process is imported already; this is the rest of it.
    from service.__main__ import main  # noqa: PLC0415

    main()
