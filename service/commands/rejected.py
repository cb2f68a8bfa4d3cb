import asyncio
import json
import sys
from typing import Any

import click

from service.app.offline import dismiss_rejected, retry_rejected
from service.app.opening import with_store
from service.commands.readable import make_readable
from service.commands.speech import say, terminal_language
from service.core.errors import UnknownName
from service.core.rejected import MAX_RAW, RejectedInput
from service.settings.load import load_settings


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list for scripts.")
@click.pass_context
def rejected(context: click.Context, *, as_json: bool) -> None:
    """
    List rejected input, the newest first.

    \b
    Examples:
      confcal rejected
      confcal rejected show 12
      confcal rejected retry 12      # after an update of confcal
      confcal rejected dismiss 12
    """
    if context.invoked_subcommand:
        return
    # The input itself is not shown here, and may be a gigabyte.
    kept = asyncio.run(_load(most_raw=0))
    if as_json:
        click.echo(json.dumps([_as_dict(each) for each in kept], ensure_ascii=False, indent=2))
        return
    for each in kept:
        what = f"conference {each.conference_id or 'without an id'}" if each.of_conference else "frame"
        times = f" ({each.times} times)" if each.times > 1 else ""
        say(f"{each.number:>5}  {each.last_at:%Y-%m-%d %H:%M} UTC  {each.source}  {what}{times}")
        say(f"       {each.field}: {each.reason}")
    if not kept:
        say("Nothing was rejected.")


@rejected.command()
@click.argument("number", type=int)
@click.option("--raw", is_flag=True, help="Print the bytes as they arrived, for a file or another program.")
def show(number: int, *, raw: bool) -> None:
    """
    Print the input, with letters in place of JSON's escapes.

    \b
    Examples:
      confcal rejected show 12
      confcal rejected show 12 --raw > frame.json
    """
    each = asyncio.run(_find(number))
    if raw:
        # The bytes as they are, without any encoding.
        sys.stdout.buffer.write(each.raw + b"\n")
        return
    click.echo(make_readable(each.raw))


@rejected.command()
@click.argument("number", type=int)
def retry(number: int) -> None:
    """
    Parse it again; what is accepted now enters the calendars.

    \b
    Example:
      confcal rejected retry 12
    """

    async def again() -> str:
        return await retry_rejected(load_settings(), await _find(number))

    say(asyncio.run(again()))


@rejected.command()
@click.argument("number", type=int)
def dismiss(number: int) -> None:
    """
    Keep it no longer; what is published stays as it was.

    \b
    Example:
      confcal rejected dismiss 12
    """
    asyncio.run(dismiss_rejected(load_settings(), number))
    gettext = terminal_language()
    click.echo(gettext("Number {number} is dismissed.").replace("{number}", str(number)))


async def _load(*, most_raw: int = MAX_RAW, number: int | None = None) -> list[RejectedInput]:
    async with with_store(load_settings()) as store:
        return await store.load_rejected(most_raw=most_raw, number=number)


async def _find(number: int) -> RejectedInput:
    for each in await _load(number=number):
        return each
    raise UnknownName(f"nothing rejected has the number {number}; `confcal rejected` lists what is kept")


def _as_dict(each: RejectedInput) -> dict[str, Any]:
    return {
        "number": each.number,
        "source": each.source,
        "account": each.account,
        "conference_id": each.conference_id,
        "field": each.field,
        "reason": each.reason,
        "first_at": each.first_at.isoformat(),
        "last_at": each.last_at.isoformat(),
        "times": each.times,
    }
