"""
The schema of a database: its revision, and the migration to the newest one.

Alembic is configured here, in code; it takes over neither the event loop nor the logging.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.core.errors import SchemaTooNew, SchemaTooOld
from service.core.journal import FieldChange, Happening, JournalEntry
from service.store.engine import begin_read, begin_write, create_engine, probe
from service.store.failures import name
from service.store.journal import row_of
from service.store.tables import journal

_LOCK = 0x636F6E6663616C
"""PostgreSQL's advisory lock that lets one process migrate at a time: "confcal" as a number."""

OLDEST_SCHEMA = "0007"
"""
The oldest schema that this confcal works with, so that replicas of two versions can run side by side.

A migration only adds what the version before can do without, and names in `oldest_schema` of the table `meta`
the oldest one whose program may still run. One release later it takes away what nobody uses any more.
"""


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
        async with begin_write(engine) as db:
            if await db.run_sync(read_revision) is None:
                await db.run_sync(_upgrade, engine.url)
    finally:
        await engine.dispose()


async def upgrade(engine: AsyncEngine) -> Migrated:
    """Do as `migrate`, with an engine."""
    await probe(engine, create=True)
    async with begin_write(engine) as db:
        return await db.run_sync(_upgrade, engine.url)


async def verify(engine: AsyncEngine) -> None:
    """
    Raise NoDatabase, SchemaTooOld or SchemaTooNew unless this confcal works with the schema of the database.

    It need not be the newest one: while replicas are updated one after the other, two versions share it.
    """
    await probe(engine, create=False)
    async with begin_read(engine) as db:
        found = await db.run_sync(read_revision)
        if found is not None and await _is_shared(db, found):
            return
    newest = _newest(found, engine.url)
    if found is None:
        raise SchemaTooOld(
            f"{name(engine.url)} has no tables of confcal yet, and {_ours(newest)}: run `confcal migrate`"
        )
    if found != newest:
        raise SchemaTooOld(
            f"{name(engine.url)} has schema {found}, and {_ours(newest)}: update the daemon and "
            "run `confcal migrate`, or use the commands of the daemon's version"
        )


async def _is_shared(db: AsyncConnection, found: str) -> bool:
    """
    Return whether this confcal may work with a schema, by its own rules or by those of the newer confcal.
    """
    known = _known_revisions()
    if found in known:
        return found >= OLDEST_SCHEMA
    named = await db.execute(text("SELECT value FROM meta WHERE name = 'oldest_schema'"))
    oldest = named.scalar_one_or_none()
    return oldest is not None and oldest <= known[0]


def _ours(newest: str) -> str:
    return f"this is confcal {version('confcal')}, which needs schema {newest}"


def _upgrade(connection: Connection, url: URL) -> Migrated:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = read_revision(connection)
    newest = _newest(found, url)
    if found != newest:
        command.upgrade(alembic_config(connection), newest)
    if found is not None and found != newest:
        connection.execute(insert(journal), _entry(connection, found, newest))
    return Migrated(found, newest)


def _entry(connection: Connection, found: str, newest: str) -> dict[str, Any]:
    """Return the journal's row about a migration; the moment is the database's."""
    now = {"sqlite": "strftime('%s', 'now')", "postgresql": "extract(epoch FROM now())"}
    query = f"SELECT CAST({now[connection.dialect.name]} AS BIGINT)"
    at = datetime.fromtimestamp(int(connection.execute(text(query)).scalar_one()), UTC)
    change = (FieldChange("schema", found, newest),)
    return row_of(JournalEntry(at, Happening.MIGRATED, fields=change))


def read_revision(connection: Connection) -> str | None:
    """Return the schema that a database has; None where it has no tables of confcal."""
    return MigrationContext.configure(connection).get_current_revision()


def _newest(found: str | None, url: URL) -> str:
    """Return the newest revision known here. Raises SchemaTooNew where `found` is not known here."""
    known = _known_revisions()
    if found is not None and found not in known:
        raise SchemaTooNew(
            f"{name(url)} was written by a newer confcal (revision {found}), and this is confcal "
            f"{version('confcal')}, which knows schema {known[0]}: "
            "install that version, or restore a backup from before its upgrade"
        )
    return known[0]


def newest_revision() -> str:
    """Return the schema that this confcal needs."""
    return _known_revisions()[0]


def _known_revisions() -> list[str]:
    return [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()]


def alembic_config(connection: Connection | None = None) -> Config:
    """Return the configuration of alembic for a connection; without one it only finds the scripts."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "service.store:migrations")
    return config
