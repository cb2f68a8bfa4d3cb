"""
Inserts that replace what is there, alike for SQLite and PostgreSQL.
"""

from collections.abc import Collection

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_into(db: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that may say what to do on a conflict."""
    return postgresql.insert(table) if db.dialect.name == "postgresql" else sqlite.insert(table)


def upsert(db: AsyncConnection, table: Table, columns: Collection[str] | None = None) -> Executable:
    """Insert rows; where one exists, replace these columns of it (all, unless named)."""
    statement = insert_into(db, table)
    key = [column.name for column in table.primary_key]
    replaced = [column.name for column in table.c if column.name not in key] if columns is None else columns
    return statement.on_conflict_do_update(
        index_elements=key, set_={column: statement.excluded[column] for column in replaced}
    )
