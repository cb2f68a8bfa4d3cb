from pathlib import Path

import click

from service.commands.acting import name_database
from service.commands.speech import say
from service.settings.load import load_settings
from service.settings.paths import database_url
from service.store.backup import backup as backup_store


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """
    Copy the embedded database to FILE while the daemon runs; the copy is consistent.

    Keep the file `secret` of the data folder with it, or all feed addresses change after a restore. For
    PostgreSQL use pg_dump.

    \b
    Example:
      confcal backup /backup/confcal-$(date +%F).db
    """
    settings = load_settings()
    size = backup_store(database_url(settings), file)
    name_database(settings)
    say(f"{file}: {size:,} bytes")
