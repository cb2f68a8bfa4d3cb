import asyncio

import click

from service.app.preview import Planned, difference, find_target, make_plans, verb, with_targets
from service.app.targets import Target
from service.core.errors import ConfcalError
from service.publishing.model import Operation
from service.settings.load import load_settings


@click.command()
@click.argument("target", required=False)
@click.option("-v", "--verbose", is_flag=True, help="Show for each resource what changes in it.")
def plan(target: str | None, *, verbose: bool) -> None:
    """
    Show what the next pass would write to TARGET, or to all targets; nothing is written.

    Each line is one resource: + created, ~ updated, - deleted. With -v the server is asked for what it holds.

    \b
    Examples:
      confcal plan
      confcal plan cloud -v
    """
    asyncio.run(_plan(target, verbose=verbose))


async def _plan(target: str | None, *, verbose: bool) -> None:
    async with with_targets(load_settings()) as targets_by_name:
        chosen = [find_target(targets_by_name, target)] if target else list(targets_by_name.values())
        if not chosen:
            click.echo("There are no targets: set CONFCAL_TARGETS__<NAME>__URL.")
        for configured in chosen:
            try:
                async for each in make_plans(configured):
                    await _show(configured, each, verbose=verbose)
            except ConfcalError as error:
                click.echo(f"{configured.name}: {error}")


async def _show(configured: Target, each: Planned, *, verbose: bool) -> None:
    counts = dict.fromkeys("+~-", 0)
    for operation in each.plan.operations:
        counts[verb(operation)] += 1
    note = "" if each.found else " (its collection was not looked at yet; what lies there already is adopted)"
    click.echo(
        f"{each.key}: {counts['+']} to create, {counts['~']} to update, {counts['-']} to delete, "
        f"{each.unchanged} unchanged{note}"
    )
    for operation in each.plan.operations:
        click.echo(f"  {verb(operation)} {operation.uid}")
        if verbose:
            await _detail(configured, each.key, operation)


async def _detail(configured: Target, key: str, operation: Operation) -> None:
    for line in await difference(configured, key, operation):
        click.echo(f"      {line}")
