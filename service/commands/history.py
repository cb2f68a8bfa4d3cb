"""
`confcal history`: the journal in a terminal.
"""

import asyncio
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click
import msgspec

from service.app.clock import utc_now
from service.app.opening import with_store
from service.calendars.names import Names, load_names
from service.commands.speech import say, translate_sentence
from service.core.errors import SettingsError
from service.core.journal import PEOPLE_FIELDS, JournalEntry, JournalQuery
from service.core.vevent import Translate
from service.settings.load import load_settings
from service.web.journal_views import view_entries

_MOST = 100_000


@click.command()
@click.option("--since", default="", help="14:00 (today), 2026-11-26, or 2026-11-26T14:00.")
@click.option("--source", default="", help="Only of this source.")
@click.option("--account", default="", help="Only of this account, user@server.")
@click.option("--conference", default="", help="Only of the conference with this ID.")
@click.option("--target", default="", help="Only of this target.")
@click.option(
    "--limit", default=200, type=click.IntRange(1, _MOST), help="Only this many of the newest; 200."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list for scripts.")
def history(
    *, since: str, source: str, account: str, conference: str, target: str, limit: int, as_json: bool
) -> None:
    """
    Show what happened, the oldest first: lists and what they changed, rooms and targets, links, sign-ins.

    \b
    Examples:
      confcal history --since 14:00
      confcal history --conference 100200 --json
    """
    settings = load_settings()
    zone = ZoneInfo(settings.timezone)
    begin = parse_since(since, zone, utc_now()) if since else None
    query = JournalQuery(
        source=source, account=account, conference_id=conference, target=target, since=begin, limit=limit
    )

    async def read() -> tuple[list[JournalEntry], Names]:
        async with with_store(settings) as store:
            entries = list(await store.journal.read(query))
            return entries, await load_names(store, _find_people(entries))

    entries, names = asyncio.run(read())
    entries.reverse()
    if as_json:
        views = msgspec.to_builtins(view_entries(entries, names))
        click.echo(json.dumps(views, ensure_ascii=False, indent=2))
        return
    for entry in entries:
        click.echo(describe(entry, zone, names, translate_sentence))
    if not entries:
        say("Nothing happened, as far as the journal knows.")


def _find_people(entries: Iterable[JournalEntry]) -> set[str]:
    """Return whom `describe` names."""
    whose = {each for entry in entries for each in (entry.account, entry.calendar) if "@" in each}
    changed = (each for entry in entries for each in entry.fields if each.name in PEOPLE_FIELDS)
    return whose.union(id_ for each in changed for id_ in (each.before, each.after) if id_)


def parse_since(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the moment that a person wrote, in their zone. Raises SettingsError."""
    today = now.astimezone(zone)
    try:
        if len(text) <= len("23:59:59") and ":" in text:
            moment = datetime.fromisoformat(f"{today:%Y-%m-%d}T{text}").replace(tzinfo=zone)
            # In the morning "--since 23:00" means last night.
            return moment if moment <= now else moment - timedelta(days=1)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"--since={text!r} is not a moment; write it like 14:00 or 2026-11-26T14:00"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def describe(entry: JournalEntry, zone: ZoneInfo, names: Names, translate: Translate = str) -> str:
    """Return an entry as one line for a person."""
    event = translate(entry.event.replace("_", " "))
    subject = [entry.source or entry.target or names.describe(entry.calendar), names.describe(entry.account)]
    subject += [entry.conference_id, entry.topic and f"«{' '.join(entry.topic.split())}»"]
    about = "  ".join(part for part in subject if part)
    changes = "; ".join(_describe_changes(entry, names))
    line = "  ".join(part for part in (about, changes, translate(entry.note)) if part)
    return f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {event:<20}  {line}".rstrip()


def _describe_changes(entry: JournalEntry, names: Names) -> Iterator[str]:
    for each in entry.fields:
        before, after = each.before, each.after
        if each.name in PEOPLE_FIELDS:
            before, after = (names.describe(id_, entry.server) for id_ in (before, after))
        if before and after:
            yield f"{each.name}: {before} -> {after}"
        elif before:
            yield f"{each.name}: without {before}"
        else:
            yield f"{each.name}: {after}" if after else f"{each.name} changed"
