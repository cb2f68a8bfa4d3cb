"""
Runs migrations by alembic, which is configured here, in code.

It takes over neither the event loop nor the logging.
"""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def apply(connection: Connection, revision: str) -> None:
    """Bring the database of an open connection to `revision`, within its transaction."""
    command.upgrade(alembic_config(connection), revision)


def alembic_config(connection: Connection | None = None) -> Config:
    """Return how alembic is to work on a connection; without one, where its scripts are."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "service.store:migrations")
    return config
