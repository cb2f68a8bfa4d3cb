import asyncio
import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import click

from service.app.feed_list import find_awaited, list_feeds
from service.app.listed_feed import ListedFeed
from service.commands.acting import name_database
from service.commands.speech import say, terminal_language
from service.core.handout import write_handout
from service.core.ical import LARGE_EVENTS
from service.core.nearest import suggest
from service.core.spreadsheet import LINK_COLUMNS, write_csv
from service.language import LANGUAGES, Language, translator
from service.settings.load import load_settings
from service.settings.model import Settings

_WITH_VALUE = frozenset({"--env-file", "--like", "--text"})


class _Feeds(click.Group):
    """
    A group that takes a pattern in place of a command.
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
@click.option(
    "--csv", "as_csv", is_flag=True, help="Print names, addresses and texts to send, for a spreadsheet."
)
@click.option("--text", "language", type=click.Choice(LANGUAGES), help="Print a text to send, with the page.")
@click.option("--like", "pattern", default="", help="Only calendars like this: *@video.example.com.")
@click.pass_context
def feeds(
    context: click.Context, *, as_json: bool, as_csv: bool, language: Language | None, pattern: str
) -> None:
    """
    List the calendars with their secret addresses, one on a line: name, events, feed, page, display name.

    Whoever holds an address can read the calendar. The daemon need not run, but must have run once: its
    database and secret are read. Standard error names the database.

    \b
    Examples:
      confcal feeds
      confcal feeds --env-file /etc/confcal/confcal.env
      confcal feeds --json | jq -r '.[].feed_url'
      confcal feeds '*@video.example.com' --csv > links.csv
      confcal feeds ivanov --text en
      confcal feeds rotate all       # when an address fell into wrong hands
    """
    if context.invoked_subcommand:
        return
    settings = load_settings()
    wanted = pattern.casefold()
    every = asyncio.run(list_feeds(settings))
    listed = [
        feed
        for feed in every
        if not wanted
        or fnmatchcase(feed.calendar.casefold(), wanted)
        or fnmatchcase(feed.display_name.casefold(), wanted)
        or wanted in feed.calendar.casefold()
        or wanted in feed.display_name.casefold()
    ]
    name_database(settings)
    if wanted and not listed:
        hint = suggest(pattern, [feed.calendar for feed in every])
        say(f"No calendar is like {pattern!r}{hint or '.'}", err=True)
    if as_csv:
        click.echo(write_csv(LINK_COLUMNS, map(_link_row, listed)), nl=False)
        return
    if language:
        translate = translator(language)
        texts = (write_handout(translate, feed.display_name, feed.page_url) for feed in listed)
        click.echo("\n\n".join(texts))
        return
    if as_json:
        click.echo(json.dumps([feed.as_dict() for feed in listed], ensure_ascii=False, indent=2))
        return
    for line in align(listed):
        click.echo(line)
    _name_awaited(settings)


@feeds.command()
@click.argument("name")
def rotate(name: str) -> None:
    """
    Give the calendar NAME a new secret address; the old one stops working.

    Whoever subscribed must subscribe again with the new address. A daemon that runs notices within seconds.

    \b
    Example:
      confcal feeds rotate ivanov@video.example.com
    """
    settings = load_settings()
    # Here: it loads all that is known, and a list does not.
    from service.app.feeds import rotate_feed  # noqa: PLC0415

    rotated = asyncio.run(rotate_feed(settings, name))
    name_database(settings)
    click.echo(next(align([rotated])))


def align(listed: Iterable[ListedFeed]) -> Iterator[str]:
    """Yield one line for each calendar: its name, its events, the feed, the page and what it is called."""
    rows = [(feed.calendar, _count(feed), feed.feed_url, feed.page_url, _called(feed)) for feed in listed]
    names, counts, urls, pages = (max((len(row[at]) for row in rows), default=0) for at in range(4))
    for name, count, feed_url, page_url, called in rows:
        addresses = f"{feed_url.ljust(urls)}  {page_url.ljust(pages)}"
        yield f"{name.ljust(names)}  {count.rjust(counts)}  {addresses}  {called}".rstrip()


def _link_row(feed: ListedFeed) -> tuple[str, ...]:
    texts = (write_handout(translator(each), feed.display_name, feed.page_url) for each in LANGUAGES)
    return (feed.calendar, feed.display_name, feed.page_url, feed.feed_url, *texts)


def _called(feed: ListedFeed) -> str:
    # Of an account or a person; the others say what they are by their name.
    return feed.display_name if "@" in feed.calendar and feed.display_name != feed.calendar else ""


def _count(feed: ListedFeed) -> str:
    gettext, count = terminal_language(), f"{feed.events:,}"
    if feed.events > LARGE_EVENTS:
        return gettext("%(count)s events (Google takes about %(most)s)") % {
            "count": count,
            "most": f"{LARGE_EVENTS:,}",
        }
    return gettext("%(count)s events") % {"count": count}


def _name_awaited(settings: Settings) -> None:
    """Name on standard error the sources without a list yet, whose calendars may be missing."""
    awaited = asyncio.run(find_awaited(settings))
    if awaited:
        gettext = terminal_language()
        text = gettext("No list yet from %(sources)s: more calendars may come with the first one.")
        click.echo(text % {"sources": ", ".join(awaited)}, err=True)
