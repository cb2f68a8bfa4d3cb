import asyncio

import click

from service.app.clock import utc_now
from service.app.offline import with_synchronizer
from service.commands.acting import name_database
from service.core.conference import Account
from service.core.errors import UnknownName
from service.core.trueconf_id import TrueConfId
from service.settings.load import load_settings


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
        settings = load_settings()
        async with with_synchronizer(settings) as synchronizer:
            waiting = [known.account for known in synchronizer.state.accounts.values() if known.held]
            chosen = [each for each in waiting if account is None or _is_same(account, each)]
            if account and not chosen:
                raise UnknownName(f"no list of {account} is held; `confcal held` shows those that are")
            name_database(settings)
            for each in chosen:
                removed = await synchronizer.approve(each, now=utc_now())
                click.echo(f"{each}: {removed} {'conference' if removed == 1 else 'conferences'} removed")
            if not chosen:
                click.echo("No list is held.")

    asyncio.run(apply())


def _is_same(written: str, account: Account) -> bool:
    return TrueConfId.parse(written).folded == TrueConfId.parse(str(account)).folded
