"""
Engines and transactions, the same for SQLite and PostgreSQL.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from service.core.errors import ConnectionEnded, NoDatabase
from service.core.lease import require_lease
from service.store.address import address_of, tls_context, without_tls_files
from service.store.failures import translate_errors
from service.store.fence import check_fence

Result = TypeVar("Result")

_TRIES = 3

_BUSY_SECONDS = "15"
"""How long SQLite waits for another writer, unless the address says `?timeout=`."""

_TURN_SECONDS = 5.0
"""How long a writer waits for the others of this process."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A list is acted upon once it is recorded, so it has to survive a power failure: WAL with NORMAL
    # may lose the last transactions then (sqlite.org, PRAGMA synchronous).
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)

_UNNAMED: Mapping[str, object] = {
    # PgBouncer in transaction mode gives each transaction any of its sessions. A statement prepared under a
    # name stays with the session, so the next session lacks it, or has another one of that name (PgBouncer,
    # FAQ, "prepared statements").
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": str,
}
"""Have the driver prepare each statement without a name, for its one execution."""

_READING: Mapping[str, Mapping[str, object]] = {
    "sqlite": {"sqlite_begin": "BEGIN"},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}

_WRITING: Mapping[str, Mapping[str, object]] = {
    # A transaction that begins by reading could not become a writer after somebody else wrote
    # (SQLITE_BUSY_SNAPSHOT, which no timeout waits out).
    "sqlite": {"sqlite_begin": "BEGIN IMMEDIATE", "sqlite_synchronous": "FULL"},
    # Any stricter default of the server would answer a lost race with an error instead of no row.
    "postgresql": {"isolation_level": "READ COMMITTED"},
}


_WRITING_IN_PASSING: Mapping[str, Mapping[str, object]] = {
    **_WRITING,
    "sqlite": {**_WRITING["sqlite"], "sqlite_synchronous": "NORMAL"},
}


def create_engine(url: str) -> AsyncEngine:
    """
    Return the engine for an address such as `sqlite:////var/lib/confcal/confcal.db`, not connected yet.

    Raises SettingsError where it is not an address of a database.
    """
    address = address_of(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address)
    context = tls_context(address)
    return create_async_engine(
        without_tls_files(address),
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={
            "timeout": 10,
            "command_timeout": 60,
            "server_settings": {"application_name": "confcal"},
            **_UNNAMED,
            **({"ssl": context} if context else {}),
        },
    )


def file_of(url: str) -> Path | None:
    """Return the file of an SQLite database, or None for another. Raises SettingsError as `create_engine`."""
    address = address_of(url)
    return Path(address.database or "") if address.get_backend_name() == "sqlite" else None


async def probe(engine: AsyncEngine, *, create: bool) -> None:
    """
    Raise StoreUnavailable where the file of an SQLite database cannot be opened; do nothing for another.

    A missing file is created where `create` says so; otherwise NoDatabase is raised.

    The driver starts a thread for a connection before it opens the file, and abandons the thread where that
    fails. A command that ends at once would print the traceback of that thread.
    """
    if engine.dialect.name == "sqlite":
        file = Path(engine.url.database or "")
        if not create:
            require_file(file)
        with translate_errors(engine.url):
            seconds = float(str(engine.url.query["timeout"]))
            await asyncio.to_thread(_open_once, file, seconds, create=create)


def require_file(file: Path) -> None:
    """Raise NoDatabase where the file of an SQLite database is missing."""
    # Where its folder may not be read, opening the file reports what is wrong.
    with suppress(PermissionError):
        try:
            file.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NoDatabase(f"There is no database in {file}: is CONFCAL_DATA_DIR the daemon's?") from error


def make_private(file: Path) -> None:
    """Make an empty file that only its owner may read; an existing one stays as it is. Raises OSError."""
    with suppress(FileExistsError):
        file.touch(mode=0o600, exist_ok=False)


def _open_once(file: Path, busy_seconds: float, *, create: bool) -> None:
    if create:
        # SQLite reports better why a file cannot be created. It gives its log the same mode.
        with suppress(OSError):
            make_private(file)
    with closing(sqlite3.connect(file, timeout=busy_seconds)) as connection:
        connection.execute("PRAGMA schema_version")


@asynccontextmanager
async def begin_read(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Give a transaction that sees one moment of the database. Raises StoreUnavailable."""
    with translate_errors(engine.url):
        async with _for(engine, "reading").begin() as db:
            yield db


@asynccontextmanager
async def begin_write(engine: AsyncEngine, *, in_passing: bool = False) -> AsyncIterator[AsyncConnection]:
    """
    Give a transaction that is committed unless an error leaves it.

    Where a part under a lease writes, it is committed only while the part holds the lease. What is written
    `in_passing` may be lost in a power failure: nothing waits for the disk.
    Raises StoreUnavailable, and LeaseLost.
    """
    require_lease()
    with translate_errors(engine.url):
        async with _turn(engine), _for(engine, "in passing" if in_passing else "writing").begin() as db:
            if engine.dialect.name == "postgresql":
                await db.execute(_IN_PASSING if in_passing else _END_IF_IDLE)
            yield db
            await check_fence(db)


_OPTIONS = {"reading": _READING, "writing": _WRITING, "in passing": _WRITING_IN_PASSING}


@lru_cache(maxsize=8)
def _for(engine: AsyncEngine, purpose: str) -> AsyncEngine:
    """Return an engine with the options of its transactions; to make one takes as long as a statement."""
    return engine.execution_options(**_OPTIONS[purpose][engine.dialect.name])


@asynccontextmanager
async def _turn(engine: AsyncEngine) -> AsyncIterator[None]:
    """
    Wait for the other writers of this process where there may be one at a time.

    SQLite would let them sleep up to a tenth of a second between two tries. Whoever waited too long asks it
    all the same: it says what is in the way.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    writers = _writers_of(engine)
    try:
        async with asyncio.timeout(_TURN_SECONDS):
            await writers.acquire()
    except TimeoutError:
        yield
        return
    try:
        yield
    finally:
        writers.release()


@lru_cache(maxsize=8)
def _writers_of(engine: AsyncEngine) -> asyncio.Lock:  # noqa: ARG001 -- each engine has its own
    return asyncio.Lock()


async def repeat_when_ended(work: Callable[[], Awaitable[Result]]) -> Result:
    """
    Return what `work` returns. It is done again where the server ended its connection.

    For what a start cannot do without: the process may have stood still for longer than `_END_IF_IDLE`.
    """
    for _ in range(_TRIES - 1):
        with suppress(ConnectionEnded):
            return await work()
    return await work()


_END_IF_IDLE = text("SELECT set_config('idle_in_transaction_session_timeout', '20s', true)")
"""
A process that is stopped within a transaction (SIGSTOP, a paused machine) holds rows that others wait for.
The server gives them free soon after the lease is another's. A session's setting would not pass PgBouncer.
"""
_IN_PASSING = text(f"{_END_IF_IDLE.text}, set_config('synchronous_commit', 'off', true)")


def _sqlite(address: URL) -> AsyncEngine:
    address = address.set(query={"timeout": _BUSY_SECONDS, **address.query})
    # Without an isolation level the driver begins nothing by itself; `_begin` does it in time for
    # every statement (SQLAlchemy, SQLite dialect, "Enabling Non-Legacy SQLite Transactional Modes").
    engine = create_async_engine(address, hide_parameters=True, connect_args={"isolation_level": None})
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    wanted = options.get("sqlite_synchronous")
    if wanted and connection.info.get("synchronous", "FULL") != wanted:
        # Before the transaction. What it writes reaches the disk with the next one that is FULL.
        # Until it is done, nothing is known of it: a writer may be cancelled.
        connection.info["synchronous"] = ""
        _execute(connection, f"PRAGMA synchronous = {wanted}")
        connection.info["synchronous"] = wanted
    _execute(connection, options.get("sqlite_begin", "BEGIN"))


def _execute(connection: Connection, statement: str) -> None:
    # SQLAlchemy's own way changes threads three times for it.
    driver: Any = connection.connection.dbapi_connection
    driver.run_async(lambda raw: raw.execute(statement))
