"""
The migration of a database to the newest schema.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import Any

from sqlalchemy import URL, Connection, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core.journal import FieldChange, Happening, JournalEntry
from service.store.engine import begin_read, begin_write, create_engine, probe, repeat_when_ended
from service.store.journal import row_of
from service.store.schema import newest_for, read_revision
from service.store.tables import journal

_LOCK = 0x636F6E6663616C
"""PostgreSQL's advisory lock that lets one process migrate at a time: "confcal" as a number."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """
    What a migration did.
    """

    before: str | None
    """The revision found; None where the database was empty."""

    after: str
    """The revision now; the same where there was nothing to do."""


async def migrate(url: str) -> Migrated:
    """
    Bring the database at `url` to the newest schema, in one transaction.

    Raises SettingsError, StoreUnavailable, and SchemaTooNew where a newer confcal wrote it.
    """
    engine = create_engine(url)
    try:
        return await upgrade(engine)
    finally:
        await engine.dispose()


async def create(url: str) -> None:
    """
    Make the tables in an empty database at `url`; one that has tables of confcal stays as it is.

    Raises SettingsError and StoreUnavailable.
    """
    engine = create_engine(url)
    try:
        await probe(engine, create=True)
        await repeat_when_ended(partial(_create_once, engine))
    finally:
        await engine.dispose()


async def upgrade(engine: AsyncEngine) -> Migrated:
    """Do as `migrate`, with an engine."""
    await probe(engine, create=True)
    return await repeat_when_ended(partial(_upgrade_once, engine))


async def _create_once(engine: AsyncEngine) -> None:
    if await _find_revision(engine) is not None:
        return
    _load_migrations()
    async with begin_write(engine) as db:
        if await db.run_sync(read_revision) is None:
            await db.run_sync(_upgrade, engine.url)


async def _upgrade_once(engine: AsyncEngine) -> Migrated:
    found = await _find_revision(engine)
    if found != newest_for(found, engine.url):
        _load_migrations()
    async with begin_write(engine) as db:
        return await db.run_sync(_upgrade, engine.url)


async def _find_revision(engine: AsyncEngine) -> str | None:
    async with begin_read(engine) as db:
        return await db.run_sync(read_revision)


def _load_migrations() -> None:
    """Load alembic before a transaction begins: on a busy machine that takes long, and the server ends it."""
    import_module("service.store.migrations.apply")


def _upgrade(connection: Connection, url: URL) -> Migrated:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = read_revision(connection)
    newest = newest_for(found, url)
    if found == newest:
        return Migrated(found, newest)
    from service.store.migrations.apply import apply  # noqa: PLC0415 -- alembic, which almost no start needs

    apply(connection, newest)
    if found is not None:
        connection.execute(insert(journal), _entry(connection, found, newest))
    return Migrated(found, newest)


def _entry(connection: Connection, found: str, newest: str) -> dict[str, Any]:
    """Return the journal's row about a migration; the moment is the database's."""
    now = {"sqlite": "strftime('%s', 'now')", "postgresql": "extract(epoch FROM now())"}
    query = f"SELECT CAST({now[connection.dialect.name]} AS BIGINT)"
    at = datetime.fromtimestamp(int(connection.execute(text(query)).scalar_one()), UTC)
    change = (FieldChange("schema", found, newest),)
    return row_of(JournalEntry(at, Happening.MIGRATED, fields=change))
