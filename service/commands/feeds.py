import asyncio
import json

import click

from service.enquiry import listed_feeds
from service.environment import load_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list for scripts.")
def feeds(*, as_json: bool) -> None:
    """
    List the calendars with their secret addresses.

    Whoever holds an address can read the calendar. The daemon need not run.

    \b
    Examples:
      confcal feeds
      confcal feeds --json | jq -r '.[].feed_url'
    """
    listed = asyncio.run(listed_feeds(load_settings()))
    if as_json:
        click.echo(json.dumps([feed.as_dict() for feed in listed], ensure_ascii=False, indent=2))
        return
    for feed in listed:
        click.echo(f"{feed.calendar} ({feed.events} {'event' if feed.events == 1 else 'events'})")
        click.echo(f"  feed  {feed.feed_url}")
        click.echo(f"  page  {feed.page_url}")
