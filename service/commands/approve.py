import asyncio

import click

from service.app.clock import utc_now
from service.commands.held_decision import decide_held


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
    asyncio.run(decide_held(account, lambda held, each: held.approve(each, now=utc_now()), "removed"))
