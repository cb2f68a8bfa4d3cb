"""
What migrations make of a database, on each kind.
"""

import asyncio
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.core.errors import SchemaTooNew, SchemaTooOld
from service.store.engine import begin_write, create_engine, file_of
from service.store.migrate import Migrated, create, migrate
from service.store.migrations.apply import alembic_config, apply
from service.store.schema import list_revisions
from service.store.sql import open_store
from service.store.tables import metadata


def difference(connection: Connection) -> Sequence[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found: Sequence[Any] = compare_metadata(context, metadata)
    return found


def constraints(connection: Connection) -> dict[str, set[str | None]]:
    """The names of keys, which alembic does not compare."""
    found = inspect(connection)
    return {
        table: {found.get_pk_constraint(table)["name"]}
        | {key["name"] for key in found.get_foreign_keys(table)}
        for table in metadata.tables
    }


async def execute(database: str, statement: str) -> None:
    engine = create_engine(database)
    async with begin_write(engine) as db:
        await db.execute(text(statement))
    await engine.dispose()


async def table_names(db: AsyncConnection) -> list[str]:
    return await db.run_sync(lambda connection: inspect(connection).get_table_names())


async def test_migrations_make_exactly_the_tables(database: str) -> None:
    assert await migrate(database) == Migrated(None, "0008")

    engine = create_engine(database)
    async with begin_write(engine) as db:
        assert await db.run_sync(difference) == []
        names = await db.run_sync(constraints)
        await db.run_sync(metadata.drop_all)
        await db.run_sync(metadata.create_all)
        assert await db.run_sync(constraints) == names
    await engine.dispose()


def test_the_known_schemas_are_those_of_the_migrations_in_their_order() -> None:
    scripts = ScriptDirectory.from_config(alembic_config()).walk_revisions()

    assert list(list_revisions()) == [script.revision for script in scripts]


async def test_a_database_without_parts_keeps_every_row_as_live(database: str) -> None:
    engine = create_engine(database)
    async with begin_write(engine) as db:
        await db.run_sync(apply, "0003")
        for statement in _ROWS_OF_0003:
            await db.execute(text(statement), {"bytes": b"\x00\xff"})
    await engine.dispose()

    assert await migrate(database) == Migrated("0003", "0008")

    engine = create_engine(database)
    async with begin_write(engine) as db:
        for table, row in _ROWS_SINCE_0004.items():
            assert [tuple(found) for found in await db.execute(text(f"SELECT * FROM {table}"))] == [row]  # noqa: S608 -- names of the test
        assert set(await table_names(db)) == {*metadata.tables, "alembic_version"}
        assert await db.run_sync(difference) == []
    await engine.dispose()


_ROWS_OF_0003 = (
    "INSERT INTO accounts VALUES ('ivanov@s', 'ivanov', 's', 'lobby', 1000, 1)",
    "INSERT INTO conferences VALUES ('s', '007', 'lobby', :bytes, 3, 900, :bytes)",
    "INSERT INTO vevents VALUES ('s', '007', 'full-en', 'uid', 'Europe/Moscow', :bytes)",
    "INSERT INTO memberships VALUES ('ivanov@s', 's', '007', :bytes, 1, 950)",
)
_ROWS_SINCE_0004: dict[str, tuple[Any, ...]] = {
    "conferences": ("s", "007", 0, "lobby", b"\x00\xff", 3, 900, b"\x00\xff", None, None, None, 0),
    "vevents": ("s", "007", 0, "full-en", "uid", "Europe/Moscow", b"\x00\xff"),
    "memberships": ("ivanov@s", "s", "007", 0, b"\x00\xff", 1, 950, None),
}


async def test_a_second_migration_has_nothing_to_do(database: str) -> None:
    await migrate(database)

    assert await migrate(database) == Migrated("0008", "0008")
    await (await open_store(database, migrate=False)).close()


async def test_two_migrations_at_once_do_the_work_once(database: str) -> None:
    done = await asyncio.gather(migrate(database), migrate(database))

    assert sorted(str(each.before) for each in done) == ["0008", "None"]


async def test_an_empty_database_is_too_old(database: str) -> None:
    file = file_of(database)
    if file:
        file.touch()

    with pytest.raises(SchemaTooOld, match="run `confcal migrate`"):
        await open_store(database, migrate=False)


@pytest.mark.parametrize("migrating", [True, False])
async def test_the_database_of_a_newer_confcal_is_refused(database: str, *, migrating: bool) -> None:
    await migrate(database)
    await execute(database, "UPDATE alembic_version SET version_num = '9999'")
    await execute(database, "UPDATE meta SET value = '9998' WHERE name = 'oldest_schema'")

    with pytest.raises(SchemaTooNew, match=r"newer confcal \(revision 9999\)"):
        await open_store(database, migrate=migrating)


async def test_a_database_that_a_newer_confcal_shares_with_this_one_is_opened(database: str) -> None:
    await migrate(database)
    await execute(database, "UPDATE alembic_version SET version_num = '0009'")

    await (await open_store(database, migrate=False)).close()


async def test_a_database_that_a_newer_confcal_no_longer_shares_is_refused(database: str) -> None:
    await migrate(database)
    await execute(database, "UPDATE alembic_version SET version_num = '0010'")
    await execute(database, "UPDATE meta SET value = '0009' WHERE name = 'oldest_schema'")

    with pytest.raises(SchemaTooNew, match=r"newer confcal \(revision 0010\)"):
        await open_store(database, migrate=False)


async def test_of_several_that_make_the_tables_at_once_one_does(database: str) -> None:
    await asyncio.gather(*(create(database) for _ in range(3)))

    await (await open_store(database, migrate=False)).close()


async def test_the_database_of_an_older_confcal_is_refused_with_both_versions(database: str) -> None:
    await migrate(database)
    await execute(database, "UPDATE alembic_version SET version_num = '0002'")

    with pytest.raises(SchemaTooOld) as refused:
        await open_store(database, migrate=False)

    assert f"has schema 0002, and this is confcal {version('confcal')}, which needs schema 0008" in str(
        refused.value
    )


async def test_a_migration_that_fails_leaves_nothing_behind(database: str) -> None:
    await execute(database, "CREATE TABLE feeds (calendar INTEGER)")

    with pytest.raises(Exception, match="The database"):
        await migrate(database)

    engine = create_engine(database)
    async with begin_write(engine) as db:
        assert await table_names(db) == ["feeds"]
    await engine.dispose()
