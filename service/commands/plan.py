import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import click

from service.app.clock import utc_now
from service.app.policy import policy_of
from service.app.preview import CollectionPlan, difference, find_target, make_plans, sign_of, with_targets
from service.app.targets import Target
from service.commands.event_lines import EventLines
from service.commands.speech import say, terminal_language
from service.commands.table import wants_color
from service.core.account_state import Entry
from service.core.errors import ConfcalError
from service.core.vevent import Translate
from service.publishing.model import Create, Operation, Standing, Update
from service.settings.load import load_settings

_COLORS = {"+": "green", "~": "yellow", "-": "red"}
_LAST = datetime.max.replace(tzinfo=UTC)


@click.command()
@click.argument("target", required=False)
@click.option("-v", "--verbose", is_flag=True, help="Show UIDs, and what changes in each event.")
def plan(target: str | None, *, verbose: bool) -> None:
    """
    Show what the next run would write to TARGET, or to all targets; nothing is written.

    Each line is one event with its next date, its topic and the reason: + created, ~ updated, - deleted. With
    -v its UID and what changes stand below; for that, the server is asked for its content.

    \b
    Examples:
      confcal plan
      confcal plan cloud -v
    """
    asyncio.run(_plan(target, verbose=verbose))


async def _plan(target: str | None, *, verbose: bool) -> None:
    settings, gettext = load_settings(), terminal_language()
    async with with_targets(settings) as targets_by_name:
        chosen = [find_target(targets_by_name, target)] if target else list(targets_by_name.values())
        if not chosen:
            text = gettext("There are no targets: set %(name)s.")
            click.echo(text % {"name": "CONFCAL_TARGETS__<NAME>__URL"})
            return
        state = chosen[0].calendars.directory.state
        lines = EventLines.of(state, policy_of(settings), settings.timezone, utc_now())
        entries = lines.by_uid()
        for configured in chosen:
            try:
                async for each in make_plans(configured):
                    await _show(configured, each, lines, entries, verbose=verbose)
            except ConfcalError as error:
                say(f"{configured.name}: {error}")


async def _show(
    configured: Target,
    each: CollectionPlan,
    lines: EventLines,
    entries: Mapping[str, Entry],
    *,
    verbose: bool,
) -> None:
    counts = dict.fromkeys("+~-", 0)
    for operation in each.plan.operations:
        counts[sign_of(operation)] += 1
    text = lines.gettext(
        "%(target)s: %(new)d to create, %(changed)d to update, %(gone)d to delete, %(same)d unchanged"
    )
    values = {"target": each.key, "new": counts["+"], "changed": counts["~"], "gone": counts["-"]}
    click.echo(text % {**values, "same": each.unchanged} + _note(each, lines.gettext))
    for operation in sorted(each.plan.operations, key=lambda one: _order(entries.get(one.uid), lines)):
        click.echo(_line(operation, entries.get(operation.uid), lines), color=wants_color())
        if verbose:
            click.echo(f"      UID {operation.uid}")
            for line in await difference(configured, each.key, operation):
                click.echo(f"      {line}")


def _note(each: CollectionPlan, gettext: Translate) -> str:
    if each.found:
        return ""
    return gettext(" (its collection was not looked at yet; what lies there already is adopted)")


def _order(entry: Entry | None, lines: EventLines) -> tuple[datetime, str]:
    start = lines.start_of(entry) if entry else None
    return start or _LAST, entry.conference.topic if entry else ""


def _line(operation: Operation, entry: Entry | None, lines: EventLines) -> str:
    text = lines.write(entry) if entry else f"{lines.date(None)}  {operation.uid}"
    sign = sign_of(operation)
    return f"  {click.style(sign, fg=_COLORS[sign])} {text}  ({_reason(operation, lines.gettext)})"


def _reason(operation: Operation, gettext: Translate) -> str:  # noqa: PLR0911 -- one reason for each
    match operation:
        case Create(before=None):
            return gettext("new")
        case Create(before=before) if before and before.standing is Standing.GONE:
            return gettext("deleted there")
        case Create():
            return gettext("tried again")
        case Update(publication=publication) if publication.standing is Standing.THEIRS:
            return gettext("changed there by a person")
        case Update(publication=publication) if publication.standing is not Standing.PUBLISHED:
            return gettext("tried again")
        case Update():
            return gettext("changed")
        case _:
            return gettext("no longer in the calendar")
