import asyncio

import click

from service.app.offline import with_synchronizer
from service.core.account_state import AccountState
from service.core.vevent import summary_of
from service.settings.load import load_settings


@click.command()
def held() -> None:
    """
    Show the lists that are held: what would go, since when, and why.

    A list that lacks more than half of an account's upcoming conferences, or all of them, removes nothing
    until it is approved (`confcal approve`) or enough further lists agree.

    \b
    Example:
      confcal held
    """

    async def show() -> None:
        async with with_synchronizer(load_settings()) as synchronizer:
            waiting = [known for known in synchronizer.state.accounts.values() if known.held]
            for known in waiting:
                _show(known)
            if not waiting:
                click.echo("No list is held.")

    asyncio.run(show())


def _show(known: AccountState) -> None:
    if known.held is None:
        return
    missing, upcoming = sorted(known.held.missing), known.held.upcoming
    click.echo(
        f"{known.account}: {len(missing)} of {upcoming} upcoming conferences are missing "
        f"since {known.held.since:%Y-%m-%d %H:%M} UTC, in {known.held.lists} "
        f"{'list' if known.held.lists == 1 else 'lists'}"
    )
    for id_ in missing:
        conference = known.reported.get(id_)
        click.echo(f"  {id_}  {summary_of(conference) if conference else ''}".rstrip())
    if known.held.kept:
        click.echo("  They are kept until the lists lack something else.")
    else:
        click.echo(f"  To keep them: confcal keep {known.account}")
    click.echo(f"  To let them go: confcal approve {known.account}")
