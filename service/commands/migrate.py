import asyncio

import click

from service.commands.acting import name_database
from service.commands.speech import say
from service.settings.load import load_settings
from service.settings.paths import database_url, make_installation
from service.store.migrate import migrate as migrate_store


@click.command()
def migrate() -> None:
    """
    Bring the database to this version's tables.

    The daemon does it by itself for SQLite. For PostgreSQL run this before the first start and after each
    update, while no daemon runs.

    \b
    Example:
      CONFCAL_DATABASE_URL=postgresql://confcal:password@db/confcal confcal migrate
    """
    settings = load_settings()
    make_installation(settings)
    done = asyncio.run(migrate_store(database_url(settings)))
    name_database(settings)
    if done.before == done.after:
        say(f"The database is up to date (schema {done.after}).")
    else:
        say(f"The database was migrated from {done.before or 'nothing'} to schema {done.after}.")
