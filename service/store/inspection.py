"""
The inspection of a database, for `confcal check` and for the daemon's own description. It changes nothing.
"""

import hashlib
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, Connection, delete, false, text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core.errors import StoreUnavailable
from service.core.replicas import Census
from service.store.address import describe
from service.store.engine import begin_read, begin_write, create_engine, file_of
from service.store.leases import open_leases
from service.store.ownership import describe_owner, readable_by_others
from service.store.schema import read_revision, verify
from service.store.tables import journal


@dataclass(frozen=True, slots=True)
class Inspection:
    """
    What an inspection of a database found.
    """

    name: str
    """Its file, or its address with the password masked."""

    schema: str
    server: str
    """SQLite or PostgreSQL, with the version."""

    refusal: str
    """Why it cannot be written; empty where it can."""

    free_bytes: int | None
    """On the volume of the file; None for PostgreSQL."""

    size_bytes: int
    open_to_others: str
    """The owner of the file if every user of the machine can read it, else empty."""

    identity: str
    """The same for every process that opens this database, by any address."""

    census: Census = field(default_factory=Census)
    """The replicas that run on it; for SQLite only the daemon itself knows."""


async def inspect(url: str) -> Inspection:
    """
    Inspect the database at `url`.

    Raises SettingsError, StoreUnavailable, NoDatabase, and SchemaTooOld or SchemaTooNew where it belongs to
    another version.
    """
    engine = create_engine(url)
    try:
        await verify(engine)
        refusal = await _try_writing(engine)
        async with begin_read(engine) as db:
            schema = await db.run_sync(read_revision)
            server = await db.run_sync(_describe_server)
            size = await db.run_sync(_measure)
            identity = await db.run_sync(_identify, engine.url)
        census = await open_leases(engine).census()
    finally:
        await engine.dispose()
    file = file_of(url)
    return Inspection(
        describe(url),
        schema or "",
        server,
        refusal,
        _free(file),
        size,
        _exposure(file),
        identity,
        census,
    )


async def identify(url: str) -> str:
    """Return an identity that is the same for everybody who opens this database. Raises StoreUnavailable."""
    engine = create_engine(url)
    try:
        async with begin_read(engine) as db:
            return await db.run_sync(_identify, engine.url)
    finally:
        await engine.dispose()


async def _try_writing(engine: AsyncEngine) -> str:
    """Return the reason why the database is not writable, or an empty text."""
    try:
        async with begin_write(engine) as db:
            # This needs the right to write, and deletes nothing.
            await db.execute(delete(journal).where(false()))
    except StoreUnavailable as error:
        return str(error)
    return ""


def _describe_server(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return f"SQLite {connection.execute(text('SELECT sqlite_version()')).scalar_one()}"
    # What follows the number is the name of the distribution.
    number = str(connection.execute(text("SHOW server_version")).scalar_one()).split()[0]
    return f"PostgreSQL {number}"


def _measure(connection: Connection) -> int:
    if connection.dialect.name == "sqlite":
        query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    else:
        query = "SELECT pg_database_size(current_database())"
    return int(connection.execute(text(query)).scalar_one())


def _identify(connection: Connection, url: URL) -> str:
    """Return a digest that distinguishes this database from all others."""
    if connection.dialect.name == "sqlite":
        # A container may know the file under another path, and its volume under another number.
        found = Path(url.database or "").stat()
        facts = f"sqlite {found.st_ino}"
    else:
        query = "SELECT oid, datname FROM pg_database WHERE datname = current_database()"
        row = connection.execute(text(query)).one()
        started = connection.execute(text("SELECT pg_postmaster_start_time()")).scalar_one()
        facts = f"postgresql {row.oid} {row.datname} {started.timestamp()}"
    return hashlib.sha256(facts.encode()).hexdigest()


def _free(file: Path | None) -> int | None:
    with suppress(OSError):
        return shutil.disk_usage(file.parent).free if file else None
    return None


def _exposure(file: Path | None) -> str:
    return describe_owner(file) if file and readable_by_others(file) else ""
