import asyncio
import csv
import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from io import StringIO

import click

from service.app.check import ListedFeed, list_feeds, rotate_feed
from service.commands.acting import name_database
from service.core.ical import LARGE_EVENTS
from service.settings.load import load_settings

_WITH_VALUE = frozenset({"--env-file", "--like"})


class _Feeds(click.Group):
    """
    Takes a pattern where a command may stand.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for place, word in enumerate(args):
            is_value = place > 0 and args[place - 1] in _WITH_VALUE
            if not word.startswith("-") and not is_value:
                if word not in self.commands:
                    args[place : place + 1] = ["--like", word]
                break
        return super().parse_args(ctx, args)


@click.group(cls=_Feeds, invoke_without_command=True, subcommand_metavar="[PATTERN | rotate NAME]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list for scripts.")
@click.option("--csv", "as_csv", is_flag=True, help="Print name, person, page and feed for a spreadsheet.")
@click.option("--like", "pattern", default="", help="Only calendars like this: *@video.example.com.")
@click.pass_context
def feeds(context: click.Context, *, as_json: bool, as_csv: bool, pattern: str) -> None:
    """
    List the calendars with their secret addresses.

    Whoever holds an address can read the calendar. The daemon need not run, but must have run once: its
    database and secret are read. Which database that was is told on standard error.

    \b
    Examples:
      confcal feeds
      confcal feeds --env-file /etc/confcal/confcal.env
      confcal feeds --json | jq -r '.[].feed_url'
      confcal feeds '*@video.example.com' --csv > links.csv
      confcal feeds rotate all       # when an address fell into wrong hands
    """
    if context.invoked_subcommand:
        return
    settings = load_settings()
    wanted = pattern.casefold()
    listed = [
        feed
        for feed in asyncio.run(list_feeds(settings))
        if not wanted
        or fnmatchcase(feed.calendar.casefold(), wanted)
        or fnmatchcase(feed.title.casefold(), wanted)
        or wanted in feed.calendar.casefold()
    ]
    name_database(settings)
    if as_csv:
        click.echo(write_csv(listed), nl=False)
        return
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


def write_csv(listed: Iterable[ListedFeed]) -> str:
    """Return the calendars as a table for a spreadsheet, which runs nothing of what it finds in it."""
    table = StringIO()
    writer = csv.writer(table)
    writer.writerow(("name", "person", "page", "feed"))
    for feed in listed:
        writer.writerow(tuple(map(_disarm, (feed.calendar, feed.title, feed.page_url, feed.feed_url))))
    return table.getvalue()


def _disarm(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _say(feed: ListedFeed) -> None:
    large = f"; Google takes about {LARGE_EVENTS:,}" if feed.events > LARGE_EVENTS else ""
    click.echo(f"{feed.calendar} ({feed.events:,} {'event' if feed.events == 1 else 'events'}{large})")
    click.echo(f"  feed  {feed.feed_url}")
    click.echo(f"  page  {feed.page_url}")
