import asyncio

import click

from service.app.preview import with_targets
from service.app.purge import purge as purge_collections
from service.app.purge import purgeable
from service.commands.acting import name_database
from service.commands.progress import progress
from service.commands.speech import say, translate_sentence
from service.settings.load import load_settings


@click.command()
@click.argument("target")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--gone", is_flag=True, help="Forget what was in collections that the server no longer shows.")
def purge(target: str, *, yes: bool, gone: bool) -> None:
    """
    Delete from TARGET's collections what confcal published there, and nothing else.

    What people made or edited stays, and so do the collections. Stop the daemon first, and take the target
    out of its settings before it starts again: it would publish everything again.

    TARGET may have left the settings, or have another name or collection there now, as long as some target of
    the settings has credentials for the same server.

    \b
    Examples:
      confcal purge cloud
      confcal purge cloud --yes
    """
    asyncio.run(_purge(target, yes=yes, gone=gone))


async def _purge(name: str, *, yes: bool, gone: bool) -> None:
    settings = load_settings()
    async with with_targets(settings) as targets_by_name:
        collections, notes = await purgeable(targets_by_name, name)
        name_database(settings)
        for note in notes:
            say(note)
        total = sum(each.count for each in collections)
        if not total:
            say(f"{name}: nothing is published there." if not notes else f"{name}: nothing was deleted.")
            return
        if not yes:
            click.confirm(translate_sentence(f"Delete {total} events from {name}?"), abort=True)
        with progress(total, "events") as report_progress:
            report = await purge_collections(collections, report_progress, gone=gone)
        left = f", {report.left} that people changed were left" if report.left else ""
        say(f"{name}: {report.deleted} deleted{left}")
