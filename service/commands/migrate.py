import asyncio

import click

from service.configuration.environment import load_settings
from service.configuration.places import database_url
from service.store.migrate import migrate as migrate_store


@click.command()
def migrate() -> None:
    """
    Bring the database to this version's tables.

    The daemon does it by itself for the embedded SQLite. Where CONFCAL_DATABASE_URL is set, run this before
    the first start and after each update, while no daemon runs.

    \b
    Example:
      CONFCAL_DATABASE_URL=postgresql://confcal:password@db/confcal confcal migrate
    """
    done = asyncio.run(migrate_store(database_url(load_settings())))
    if done.before == done.after:
        click.echo(f"The database is up to date (schema {done.after}).")
    else:
        click.echo(f"The database was migrated from {done.before or 'nothing'} to schema {done.after}.")
