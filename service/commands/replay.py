import asyncio
import sys
from pathlib import Path

import click

from service.app.clock import utc_now
from service.app.offline import ReplayReport, replay_recording
from service.app.opening import create_database
from service.commands.progress import Progress, progress
from service.commands.speech import say
from service.core.errors import SettingsError, UnknownName
from service.core.nearest import suggest
from service.settings.load import load_settings
from service.settings.model import Settings
from service.sources.replay import RecordedFrame, moment_of, read_recording

_SOME_REJECTED = 1


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--source", help="The source of the events, where the file does not name it.")
@click.option(
    "--at", "moment", help="When the first one arrived, where the file does not say; now if left out."
)
@click.option("--account", help="The user@server of the lists, where the file names nobody.")
@click.option("--new", is_flag=True, help="Make the database where there is none.")
def replay(file: Path, source: str | None, moment: str | None, account: str | None, *, new: bool) -> None:
    """
    Process recorded events as if they arrived now.

    FILE is a recording of `confcal run --record`, an array of {"delay_s", "frame"}, or events as they were
    sent. The calendars change as they would have changed, except by lists older than the last one of their
    account. A running daemon follows within seconds. Without a daemon's database, --new makes one.

    Exit status: 0 all good, 1 something was rejected, 2 the file or an option cannot be used.

    \b
    Examples:
      confcal replay recording/confcal.jsonl
      CONFCAL_DATA_DIR=/tmp/replay confcal replay --new recording/confcal.jsonl
      confcal replay list.json --source lobby --account ivanov@video.example.com
    """
    settings = load_settings()
    _require_known(source, settings)
    name = source or next(iter(settings.sources), "replay")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
    at = moment_of(moment, "--at") if moment else utc_now()
    frames = read_recording(data, source=name, at=at)
    with progress(len(frames), "lists") as report:
        playing = _replay(settings, frames, account, report, new=new)
        done = asyncio.run(playing)
    for line in done.trouble:
        say(line, err=True)
    left_out = f" ({done.older} older than what is known left out)" if done.older else ""
    lists = f"lists accepted: {done.lists}{left_out}"
    say(f"{lists}, conferences edited: {done.edited}, removed: {done.removed}")
    if done.trouble:
        sys.exit(_SOME_REJECTED)


def _require_known(source: str | None, settings: Settings) -> None:
    """Refuse a misspelt source: its lists would be read in another zone. Raises UnknownName."""
    if source and source.lower() not in settings.sources:
        hint = suggest(source, settings.sources)
        if hint:
            raise UnknownName(f"there is no source {source!r}{hint}")


async def _replay(
    settings: Settings, frames: list[RecordedFrame], account: str | None, report: Progress, *, new: bool
) -> ReplayReport:
    if new:
        await create_database(settings)
    return await replay_recording(settings, frames, account=account, progress=report)
