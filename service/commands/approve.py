import asyncio

import click

from service.app import utc_now
from service.configuration.environment import load_settings
from service.core.errors import UnknownName
from service.operations.database import with_synchronizer


@click.command()
@click.argument("account", required=False)
def approve(account: str | None) -> None:
    """
    Apply held lists: what they lack leaves the calendars now.

    Without ACCOUNT all held lists are applied. A running daemon follows within seconds.

    \b
    Examples:
      confcal approve
      confcal approve ivanov@video.example.com
    """

    async def apply() -> None:
        async with with_synchronizer(load_settings()) as synchronizer:
            waiting = [known.account for known in synchronizer.state.accounts.values() if known.held]
            chosen = [each for each in waiting if account in {None, str(each)}]
            if account and not chosen:
                raise UnknownName(f"no list of {account} is held; `confcal held` shows those that are")
            for each in chosen:
                removed = await synchronizer.approve(each, now=utc_now())
                click.echo(f"{each}: {removed} {'conference' if removed == 1 else 'conferences'} removed")
            if not chosen:
                click.echo("No list is held.")

    asyncio.run(apply())
