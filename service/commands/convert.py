import sys
from contextlib import nullcontext
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import click
from pydantic import SecretStr

from service.app.clock import utc_now
from service.app.conversion import OutputForm, read_lists, to_calendar
from service.app.policy import policy_of, variant_of
from service.commands.progress import progress
from service.commands.speech import say
from service.core.errors import ConfcalError, SettingsError
from service.core.ical import LARGE_OCTETS, Heading
from service.core.trueconf_id import LONGEST, too_long
from service.settings.load import load_settings
from service.settings.model import Settings
from service.settings.paths import has_secret
from service.trueconf.limits import octets_as_text

_SOME_REJECTED = 1
_UNREADABLE = 2
_MOST_OCTETS = 512 * 2**20
"""The limit of one file, which may hold many lists."""


@click.command()
@click.argument("files", metavar="[FILE|-]...", nargs=-1)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to a file.")
@click.option("--calendar-name", default="TrueConf", show_default=True, help="The calendar's name.")
@click.option("--timezone", help="Zone of weekly conferences; CONFCAL_TIMEZONE where left out.")
@click.option("--language", type=click.Choice(["en", "ru"]), help="CONFCAL_LANGUAGE where left out.")
@click.option("--redact", type=click.Choice(["full", "busy"]), default="full", help="busy: only the times.")
@click.option("--server", default="", help="Domain of the TrueConf server, where the lists do not name it.")
def convert(**options: Any) -> None:
    """
    Convert lists of conferences to iCalendar.

    Reads conferenceList events, getScheduler replies, or JSON lines of them, from files or standard
    input. Anything else is as the settings say (CONFCAL_WEEKLY_TIME, ...). Where several lists mention a
    conference, the last one counts.

    Exit status: 0 all good; 1 something was rejected: the good ones are written, the reasons are on
    standard error; 2 nothing could be read, or an option is wrong.

    \b
    Examples:
      confcal convert list.json > conferences.ics
      confcal convert --timezone Europe/Moscow --redact busy -o busy.ics list.json
      confcal convert recorded/*.jsonl | less
    """
    given = {"CONFCAL_TIMEZONE": options["timezone"], "CONFCAL_LANGUAGE": options["language"]}
    settings = _with_secret(
        load_settings(overrides={name: value for name, value in given.items() if value}),
        busy=options["redact"] == "busy",
    )
    reading = read_lists((name, _read(name)) for name in options["files"] or ("-",))
    for line in (*reading.unreadable, *reading.rejected, *reading.doubts):
        click.echo(line, err=True)
    if not reading.frames:
        sys.exit(_UNREADABLE)
    wanted = OutputForm(
        heading=Heading(options["calendar_name"], timezone=settings.timezone),
        rendering=policy_of(settings).default,
        variant=variant_of(settings, options["redact"], settings.language),
        server=_server(options["server"]),
        keep_ended=settings.removal.keep_ended,
    )
    with progress(len(reading.conferences), "conferences") as report:
        calendar = to_calendar(reading.conferences, wanted, utc_now(), report)
    _write(options["output"], calendar)
    if len(calendar) > LARGE_OCTETS:
        say(f"the calendar has {len(calendar) / 1e6:.1f} MB; Google refuses more than about 1 MB", err=True)
    if reading.rejected or reading.unreadable:
        sys.exit(_SOME_REJECTED)


def _server(name: str) -> str:
    if len(name) > LONGEST:
        raise SettingsError(f"--server: {too_long('server')}; write one like video.example.com")
    return name.lower()


def _with_secret(settings: Settings, *, busy: bool) -> Settings:
    """Return the settings, with a secret for this run where there is none: only the daemon keeps one."""
    if has_secret(settings):
        return settings
    if busy:
        say(
            "there is no secret of a daemon, so these UIDs are new with each run: set CONFCAL_SECRET",
            err=True,
        )
    return settings.model_copy(update={"secret": SecretStr(token_urlsafe())})


def _read(name: str) -> bytes:
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as file:
            data = file.read(_MOST_OCTETS + 1)
    except OSError as error:
        raise SettingsError(f"{name} cannot be read: {error.strerror}") from error
    if len(data) > _MOST_OCTETS:
        raise SettingsError(f"{name} is larger than {octets_as_text(_MOST_OCTETS)}; give it in parts")
    return data


def _write(output: Path | None, calendar: bytes) -> None:
    if output is None:
        sys.stdout.buffer.write(calendar)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(calendar)
    except OSError as error:
        raise ConfcalError(f"{output} cannot be written: {error.strerror}") from error
