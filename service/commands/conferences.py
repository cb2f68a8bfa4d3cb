import asyncio
import json

import click

from service.app.clock import utc_now
from service.app.opening import with_store
from service.calendars.names import Names, load_names
from service.commands.speech import say
from service.core.account_state import Entry
from service.core.person import name_with_id
from service.core.schedule import Unscheduled
from service.core.search import ConferenceQuery, Kind, kind_of
from service.core.vevent import summary_of
from service.settings.load import load_settings

_MOST = 100_000


@click.command()
@click.argument("query", required=False, default="")
@click.option("--upcoming", is_flag=True, help="Only what has not ended.")
@click.option("--weekly", "kind", flag_value="week", help="Only series.")
@click.option("--unscheduled", "kind", flag_value="none", help="Only rooms without a schedule.")
@click.option("--limit", default=200, type=click.IntRange(1, _MOST), help="At most this many; 200.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list for scripts.")
def conferences(query: str, *, upcoming: bool, kind: Kind | None, limit: int, as_json: bool) -> None:
    """
    List the conferences that are in any calendar, by topic.

    Each word of QUERY begins a word of the topic, the ID, the owner or somebody invited.

    \b
    Examples:
      confcal conferences planning
      confcal conferences --weekly petrova
    """

    async def find() -> tuple[list[Entry], Names]:
        wanted = ConferenceQuery(query, kind, utc_now() if upcoming else None, limit=limit)
        async with with_store(load_settings()) as store:
            keys = await store.find_conferences(wanted)
            entries = (await store.load_conferences(keys)).entries
            found = [entries[key] for key in keys if key in entries]
            return found, await load_names(store, {each.conference.owner for each in found}, entries)

    found, names = asyncio.run(find())
    if as_json:
        click.echo(json.dumps([_as_dict(each, names) for each in found], ensure_ascii=False, indent=2))
        return
    for each in found:
        parts = _as_dict(each, names)
        name, owner = parts.pop("owner_display_name"), parts["owner"]
        click.echo("  ".join(part for part in {**parts, "owner": name_with_id(name, owner)}.values() if part))
    if not found:
        say("No conference is like that.")


def _as_dict(entry: Entry, names: Names) -> dict[str, str]:
    conference = entry.conference
    start = "" if isinstance(conference.schedule, Unscheduled) else conference.schedule.start.isoformat()
    return {
        "id": conference.id,
        "server": entry.key.server,
        "topic": summary_of(conference),
        "owner": conference.owner,
        "owner_display_name": names.find(conference.owner, entry.key.server),
        "kind": kind_of(conference),
        "start": start,
    }
