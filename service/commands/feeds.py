import asyncio
import json

import click

from service.app.check import ListedFeed, list_feeds, rotate_feed
from service.commands.acting import name_database
from service.core.ical import LARGE_EVENTS
from service.settings.load import load_settings


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list for scripts.")
@click.pass_context
def feeds(context: click.Context, *, as_json: bool) -> None:
    """
    List the calendars with their secret addresses.

    Whoever holds an address can read the calendar. The daemon need not run, but must have run once: its
    database and secret are read. Which database that was is told on standard error.

    \b
    Examples:
      confcal feeds
      confcal feeds --env-file /etc/confcal/confcal.env
      confcal feeds --json | jq -r '.[].feed_url'
      confcal feeds rotate all       # when an address fell into wrong hands
    """
    if context.invoked_subcommand:
        return
    settings = load_settings()
    listed = asyncio.run(list_feeds(settings))
    name_database(settings)
    if as_json:
        click.echo(json.dumps([feed.as_dict() for feed in listed], ensure_ascii=False, indent=2))
        return
    for feed in listed:
        _say(feed)


@feeds.command()
@click.argument("name")
def rotate(name: str) -> None:
    """
    Give the calendar NAME a new secret address; the old one is gone.

    Whoever subscribed must subscribe again with the new address. A daemon that runs notices within seconds.

    \b
    Example:
      confcal feeds rotate ivanov@video.example.com
    """
    settings = load_settings()
    rotated = asyncio.run(rotate_feed(settings, name))
    name_database(settings)
    _say(rotated)


def _say(feed: ListedFeed) -> None:
    large = f"; Google takes about {LARGE_EVENTS:,}" if feed.events > LARGE_EVENTS else ""
    click.echo(f"{feed.calendar} ({feed.events:,} {'event' if feed.events == 1 else 'events'}{large})")
    click.echo(f"  feed  {feed.feed_url}")
    click.echo(f"  page  {feed.page_url}")
