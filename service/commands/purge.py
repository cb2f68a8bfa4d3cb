import asyncio

import click

from service.commands.progress import progress
from service.environment import load_settings
from service.target_operations import named, purgeable, with_aims
from service.target_operations import purge as purge_target


@click.command()
@click.argument("target")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(target: str, *, yes: bool) -> None:
    """
    Delete from TARGET's collections what confcal published there, and nothing else.

    What people made or edited stays, and so do the collections. Stop the daemon first, and take the target
    out of its settings before it starts again: it would publish everything anew.

    \b
    Examples:
      confcal purge cloud
      confcal purge cloud --yes
    """
    asyncio.run(_purge(target, yes=yes))


async def _purge(name: str, *, yes: bool) -> None:
    async with with_aims(load_settings()) as aims:
        aim = named(aims, name)
        ledger = aim.calendars.store.ledger
        total = sum([len(await ledger.publications(each.key)) for each in await purgeable(aim)])
        if not total:
            click.echo(f"{name}: nothing is published there.")
            return
        if not yes:
            click.confirm(f"Delete {total} events from {name}?", abort=True)
        with progress(total, "events") as tell:
            report = await purge_target(aim, tell)
        left = f", {report.left} that people changed were left" if report.left else ""
        click.echo(f"{name}: {report.deleted} deleted{left}")
