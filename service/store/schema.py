"""
The schema of a database: which revision it has, and which ones this confcal knows and works with.

Alembic makes the schema. Every start and every command reads it without Alembic, which loads slowly.
"""

from functools import cache
from importlib.metadata import version
from importlib.resources import files

from sqlalchemy import URL, Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.core.errors import SchemaTooNew, SchemaTooOld
from service.store.engine import begin_read, probe
from service.store.failures import name

OLDEST_SCHEMA = "0008"
"""
The oldest schema that this confcal works with, so that replicas of two versions can run side by side.

A migration only adds what the version before can do without, and names in `oldest_schema` of the table `meta`
the oldest one whose program may still run. One release later it takes away what nobody uses any more.
"""


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
    newest = newest_for(found, engine.url)
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
    """Return whether this confcal may work with a schema, by its own rules or those of a newer confcal."""
    known = list_revisions()
    if found in known:
        return found >= OLDEST_SCHEMA
    named = await db.execute(text("SELECT value FROM meta WHERE name = 'oldest_schema'"))
    oldest = named.scalar_one_or_none()
    return oldest is not None and oldest <= known[0]


def _ours(newest: str) -> str:
    return f"this is confcal {version('confcal')}, which needs schema {newest}"


def read_revision(connection: Connection) -> str | None:
    """Return the schema that a database has; None where it has no tables of confcal."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar_one_or_none()
    return found


def newest_for(found: str | None, url: URL) -> str:
    """Return the newest revision known here. Raises SchemaTooNew where `found` is not known here."""
    known = list_revisions()
    if found is not None and found not in known:
        raise SchemaTooNew(
            f"{name(url)} was written by a newer confcal (revision {found}), and this is confcal "
            f"{version('confcal')}, which knows schema {known[0]}: "
            "install that version, or restore a backup from before its upgrade"
        )
    return known[0]


def newest_revision() -> str:
    """Return the schema that this confcal needs."""
    return list_revisions()[0]


@cache
def list_revisions() -> tuple[str, ...]:
    """Return the schemas that this confcal knows, newest first: the names of migrations begin with them."""
    scripts = files("service.store.migrations") / "versions"
    names = (script.name for script in scripts.iterdir())
    return tuple(sorted((name.partition("_")[0] for name in names if name[:1].isdigit()), reverse=True))
