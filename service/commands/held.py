import asyncio

import click

from service.app.clock import utc_now
from service.app.opening import with_store
from service.app.policy import policy_of
from service.calendars.names import Names, load_names
from service.commands.event_lines import EventLines
from service.core.account_state import AccountState
from service.core.held import find_held
from service.settings.load import load_settings


@click.command()
def held() -> None:
    """
    Show the lists that are held: what would go, with its next date, since when, and why.

    A list that lacks more than half of an account's upcoming conferences, or all of them, removes nothing
    until it is approved (`confcal approve`) or enough further lists agree.

    \b
    Example:
      confcal held
    """

    async def show() -> None:
        settings = load_settings()
        async with with_store(settings) as store:
            state = await store.load_conferences(find_held(await store.load_conferences(())))
            waiting = [known for known in state.order_accounts() if known.held]
            names = await load_names(store, {str(known.account) for known in waiting}, state.entries)
        lines = EventLines.of(state, policy_of(settings), settings.timezone, utc_now())
        for known in waiting:
            _show(known, lines, names)
        if not waiting:
            click.echo(lines.gettext("No list is held."))

    asyncio.run(show())


def _show(known: AccountState, lines: EventLines, names: Names) -> None:
    if known.held is None:
        return
    missing, gettext = sorted(known.held.missing), lines.gettext
    text = gettext(
        "%(account)s: %(missing)d of %(upcoming)d upcoming conferences are missing since %(since)s, "
        "in %(lists)d of its lists"
    )
    values = {
        "account": names.describe(str(known.account)),
        "missing": len(missing),
        "upcoming": known.held.upcoming,
    }
    since = lines.date(known.held.since).rstrip()
    click.echo(text % {**values, "since": since, "lists": known.held.lists})
    for id_ in missing:
        conference = known.reported.get(id_)
        line = lines.write_listed(known.account.server, conference) if conference else lines.date(None)
        click.echo(f"  {line}  [{id_}]")
    if known.held.kept:
        click.echo("  " + gettext("They are kept until the lists lack something else."))
    else:
        _suggest(gettext("To keep them: %(command)s"), f"confcal keep {known.account}")
    _suggest(gettext("To let them go: %(command)s"), f"confcal approve {known.account}")


def _suggest(text: str, command: str) -> None:
    click.echo("  " + text % {"command": command})
