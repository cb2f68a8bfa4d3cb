import asyncio

import click

from service.app.clock import utc_now
from service.commands.held_decision import decide_held


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
    asyncio.run(decide_held(account, lambda held, each: held.keep(each, now=utc_now()), "kept"))
