import asyncio

import click

from service.app.explaining import explain_conference
from service.commands.speech import say
from service.settings.load import load_settings


@click.command()
@click.argument("conference_id", metavar="ID")
@click.argument("calendar", required=False)
def why(conference_id: str, calendar: str | None) -> None:
    """
    Say why a conference is in CALENDAR, or which condition it fails; without CALENDAR, for each.

    More than twenty calendars that lack it for the same reason are one line with their number.

    \b
    Examples:
      confcal why 100200 board
      confcal why 100200
    """
    for each in asyncio.run(explain_conference(load_settings(), conference_id, calendar)):
        say(each)
