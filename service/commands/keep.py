import asyncio

import click

from service.app.clock import utc_now
from service.app.offline import with_synchronizer
from service.commands.acting import name_database
from service.core.errors import UnknownName
from service.core.trueconf_id import TrueConfId
from service.settings.load import load_settings


@click.command()
@click.argument("account", required=False)
def keep(account: str | None) -> None:
    """
    Keep what held lists lack: it stays until the lists lack something else.

    Without ACCOUNT that is done for all held lists. A running daemon follows within seconds.

    \b
    Examples:
      confcal keep
      confcal keep ivanov@video.example.com
    """

    async def apply() -> None:
        settings = load_settings()
        async with with_synchronizer(settings) as synchronizer:
            waiting = [known.account for known in synchronizer.state.accounts.values() if known.held]
            wanted = TrueConfId.parse(account).folded if account else None
            chosen = [each for each in waiting if wanted in (None, TrueConfId.parse(str(each)).folded)]
            if account and not chosen:
                raise UnknownName(f"no list of {account} is held; `confcal held` shows those that are")
            name_database(settings)
            for each in chosen:
                kept = await synchronizer.keep(each, now=utc_now())
                click.echo(f"{each}: {kept} {'conference' if kept == 1 else 'conferences'} kept")
            if not chosen:
                click.echo("No list is held.")

    asyncio.run(apply())
