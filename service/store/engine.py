"""
From an address to transactions, alike for SQLite and PostgreSQL.
"""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from service.core.errors import SettingsError
from service.store.failures import translated

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}

_PARAMETERS = {
    "sqlite": frozenset({"timeout"}),
    "postgresql": frozenset({"host", "port", "ssl", "prepared_statement_cache_size"}),
}
"""What an address may say after its question mark; a driver would fail at the rest with a traceback."""

_NUMBERS = {"timeout": r"\d+(\.\d+)?", "port": r"\d+", "prepared_statement_cache_size": r"\d+"}

_BUSY_SECONDS = "15"
"""How long SQLite waits for another writer, unless the address says `?timeout=`."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A list is acted upon once it is recorded, so it has to survive a power failure: WAL with NORMAL
    # may lose the last transactions then (sqlite.org, PRAGMA synchronous).
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)

_READING: Mapping[str, Mapping[str, object]] = {
    "sqlite": {"sqlite_begin": "BEGIN"},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}

_WRITING: Mapping[str, Mapping[str, object]] = {
    # A transaction that begins by reading could not become a writer after somebody else wrote
    # (SQLITE_BUSY_SNAPSHOT, which no timeout waits out).
    "sqlite": {"sqlite_begin": "BEGIN IMMEDIATE"},
    # Any stricter default of the server would answer a lost race with an error instead of no row.
    "postgresql": {"isolation_level": "READ COMMITTED"},
}


def create_engine(url: str) -> AsyncEngine:
    """
    Return the engine for an address such as `sqlite:////var/lib/confcal/confcal.db`, not connected yet.

    Raises SettingsError where the address cannot be one.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address)
    return create_async_engine(
        address,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={
            "timeout": 10,
            "command_timeout": 60,
            "server_settings": {"application_name": "confcal"},
        },
    )


def file_of(url: str) -> Path | None:
    """Return the file of an SQLite database, or None for another. Raises SettingsError as `create_engine`."""
    address = _address(url)
    return Path(address.database or "") if address.get_backend_name() == "sqlite" else None


async def probe(engine: AsyncEngine) -> None:
    """
    Raise StoreUnavailable where the file of an SQLite database cannot be opened; do nothing for another.

    The driver starts a thread for a connection before it opens the file, and leaves it to itself where that
    fails: a command that ends at once would print that thread's traceback.
    """
    if engine.dialect.name == "sqlite":
        with translated(engine.url):
            seconds = float(str(engine.url.query["timeout"]))
            await asyncio.to_thread(_open_once, engine.url.database or "", seconds)


def made_private(file: Path) -> None:
    """Make an empty file that only its owner may read; one that is there already stays. Raises OSError."""
    with suppress(FileExistsError):
        file.touch(mode=0o600, exist_ok=False)


def _open_once(file: str, busy_seconds: float) -> None:
    # What keeps the file from being made, SQLite says better. Its log beside it gets the same mode.
    with suppress(OSError):
        made_private(Path(file))
    with closing(sqlite3.connect(file, timeout=busy_seconds)) as connection:
        connection.execute("PRAGMA schema_version")


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Give a transaction that sees one moment of the database. Raises StoreUnavailable."""
    with translated(engine.url):
        async with engine.execution_options(**_READING[engine.dialect.name]).begin() as db:
            yield db


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Give a transaction that is committed unless an error leaves it. Raises StoreUnavailable."""
    with translated(engine.url):
        async with engine.execution_options(**_WRITING[engine.dialect.name]).begin() as db:
            yield db


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        # Neither the text nor the chained error is shown: both may hold the password.
        raise SettingsError(
            "CONFCAL_DATABASE_URL is no address: write sqlite:////directory/confcal.db "
            "or postgresql://user:password@host/database"
        ) from None
    driver = _DRIVERS.get(address.drivername)
    if driver is None:
        raise SettingsError(
            f"CONFCAL_DATABASE_URL names {address.drivername}: "
            "confcal keeps its state in sqlite or postgresql, so begin it with one of them"
        )
    return _checked(address.set(drivername=driver))


def _checked(address: URL) -> URL:
    backend = address.get_backend_name()
    if backend == "sqlite" and address.database in (None, "", ":memory:"):
        raise SettingsError("CONFCAL_DATABASE_URL names no file: write sqlite:////directory/confcal.db")
    if "sslmode" in address.query:
        # Managed databases hand out libpq's word; asyncpg takes the same values as `ssl`.
        ssl = address.query["sslmode"]
        address = address.difference_update_query(["sslmode"]).update_query_dict({"ssl": ssl})
    unknown = sorted(set(address.query) - _PARAMETERS[backend])
    if unknown:
        allowed = ", ".join(sorted(_PARAMETERS[backend]))
        raise SettingsError(f"CONFCAL_DATABASE_URL: {unknown[0]} is not understood; it may say {allowed}")
    for parameter, form in _NUMBERS.items():
        if parameter in address.query and not re.fullmatch(form, str(address.query[parameter])):
            raise SettingsError(f"CONFCAL_DATABASE_URL: {parameter} is no number; write one like 15")
    return address


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
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))
