"""
What alembic runs around the migrations; `service.store.migrations.apply` gives it an open connection.
"""

from alembic import context

# One transaction for all of them: SQLite can, although alembic does not expect it of Python's driver,
# which used to commit before CREATE TABLE.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)

with context.begin_transaction():
    context.run_migrations()
