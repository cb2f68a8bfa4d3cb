"""
The commands of confcal.
"""

import sys
from importlib.metadata import version
from zoneinfo import reset_tzpath

import click

from service.commands.approve import approve
from service.commands.backup import backup
from service.commands.check import check
from service.commands.convert import convert
from service.commands.demo import demo
from service.commands.feeds import feeds
from service.commands.healthcheck import healthcheck
from service.commands.held import held
from service.commands.migrate import migrate
from service.commands.rejected import rejected
from service.commands.replay import replay
from service.commands.run import run
from service.commands.settings import settings
from service.commands.simulate import simulate
from service.core.errors import ConfcalError, SettingsError
from service.telemetry import configure_logging

_FAILED = 1
_MISUSED = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("confcal"), prog_name="confcal", message="%(prog)s %(version)s")
def cli() -> None:
    """
    Carry TrueConf conferences into people's calendars.

    It is configured by environment variables; `confcal settings --example` lists them. To see it work
    without a TrueConf endpoint: `confcal demo`.
    """
    # What a command did it says itself; the daemon sets this as its settings say.
    configure_logging("auto", "error")


for _command in (
    run,
    demo,
    convert,
    check,
    feeds,
    held,
    approve,
    rejected,
    replay,
    simulate,
    migrate,
    backup,
    settings,
    healthcheck,
):
    cli.add_command(_command)


def main() -> None:
    """Run one command and end the process: 0 done, 1 failed, 2 a setting or an argument is wrong."""
    # The zones of the pinned tzdata package, not of the machine: every replica gives the same bytes.
    reset_tzpath(to=())
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(_FAILED)
    except SettingsError as error:
        _say(error)
        sys.exit(_MISUSED)
    except ConfcalError as error:
        _say(error)
        sys.exit(_FAILED)


def _say(error: ConfcalError) -> None:
    for line in str(error).splitlines():
        click.echo(f"confcal: {line}", err=True)


if __name__ == "__main__":
    main()
