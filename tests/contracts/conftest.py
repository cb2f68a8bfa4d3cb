"""
Databases for the suites that run on every implementation.
"""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import make_url

from service.publishing.ports import Database
from service.store.sql import open_store
from tests.caldav.loopback import Loopback, radicale, xandikos
from tests.contracts.databases import NewDatabase, running_postgresql, sqlite_in
from tests.contracts.given import OpenStore
from tests.contracts.pooler import pooled
from tests.store.memory import MemoryStore


@pytest.fixture(scope="session")
def postgresql() -> Iterator[NewDatabase]:
    """
    Give a function that creates a database on a real server and returns its address.
    """
    # Not below pytest's own directory: run by root, the server is another user, and the next pytest
    # to start takes that user's access to it away.
    with (
        tempfile.TemporaryDirectory(prefix="confcal-") as directory,
        running_postgresql(Path(directory)) as new_database,
    ):
        yield new_database


@pytest.fixture(scope="session")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Loopback]]:
    """Give a function that returns a running CalDAV server, each started once."""
    with ExitStack() as servers:

        @cache
        def running(kind: str) -> Loopback:
            make = {"radicale": radicale, "xandikos": xandikos}[kind]
            return servers.enter_context(make(tmp_path_factory.mktemp(kind)))

        yield running


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the one migrated file is that others are copied from."""
    return tmp_path_factory.mktemp("migrated") / "confcal.db"


@pytest.fixture
def sqlite(tmp_path: Path, migrated_sqlite: Path) -> NewDatabase:
    return sqlite_in(tmp_path, migrated_sqlite)


@pytest.fixture(scope="session")
def pgbouncer(postgresql: NewDatabase) -> Iterator[NewDatabase]:
    """
    Give a function that creates a database and returns its address behind PgBouncer.
    """
    with (
        tempfile.TemporaryDirectory(prefix="confcal-") as directory,
        pooled(postgresql(), Path(directory)) as pooler,
    ):

        def new_database(*, migrated: bool = False) -> str:
            name = str(make_url(postgresql(migrated=migrated)).database)
            return make_url(pooler).set(database=name).render_as_string(hide_password=False)

        yield new_database


# The pooler changes nothing but prepared statements and sessions, so only CI asks every promise of it.
POOLED = pytest.param("pgbouncer", marks=pytest.mark.thorough)


@pytest.fixture(params=["sqlite", "postgresql", POOLED])
def database(request: pytest.FixtureRequest) -> str:
    """The address of an empty database."""
    new: NewDatabase = request.getfixturevalue(request.param)
    return new()


@pytest.fixture(params=["sqlite", "postgresql", POOLED])
def migrated(request: pytest.FixtureRequest) -> str:
    """The address of a database with the tables of today, and nothing in them."""
    new: NewDatabase = request.getfixturevalue(request.param)
    return new(migrated=True)


@pytest.fixture
async def sql_store(migrated: str) -> AsyncIterator[OpenStore]:
    """Give a function that opens one database, again with each call."""
    async with AsyncExitStack() as opened:

        async def open_again() -> Database:
            store = await open_store(migrated, migrate=False)
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
    return await open_store(new(migrated=True), migrate=False)
