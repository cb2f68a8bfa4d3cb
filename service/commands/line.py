"""
The commands of confcal, as one line names them.
"""

import gc
from importlib import import_module

import click

from service.commands.env_file import add_env_file, env_file_option
from service.core.memory import pause_garbage_collection

_FAILED = 1

COMMANDS = (
    "run",
    "demo",
    "convert",
    "check",
    "feeds",
    "plan",
    "held",
    "approve",
    "rejected",
    "conferences",
    "why",
    "history",
    "keep",
    "replay",
    "purge",
    "simulate",
    "migrate",
    "backup",
    "settings",
    "notify",
    "healthcheck",
)
"""Each is a module of `service.commands` with a command of its own name."""

_SILENT = frozenset({"healthcheck"})
"""Commands that log nothing, and are run so often that loading the logs would be most of what they cost."""


class _Commands(click.Group):
    """
    Imports a command when it is asked for: a health check every half minute must not load the daemon.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        with pause_garbage_collection():
            # What is imported stays, so the collector need never look through it.
            command = getattr(import_module(f"service.commands.{cmd_name}"), cmd_name)
            gc.freeze()
        return add_env_file(command) if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from service.core.nearest import suggest  # noqa: PLC0415 -- a health check does without it

            hint = suggest(args[0], COMMANDS) or "."
            raise click.UsageError(f"No such command {args[0]!r}{hint}", ctx) from error


def _say_version(ctx: click.Context, _option: click.Parameter, wanted: object) -> None:
    if wanted and not ctx.resilient_parsing:
        from service.version import read_build  # noqa: PLC0415 -- a health check does without it

        click.echo(f"confcal {read_build()}")
        ctx.exit()


@click.command(
    cls=_Commands,
    params=[env_file_option()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_say_version,
    help="Show the version and the commit it was built from, and exit.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """
    Carry TrueConf conferences into people's calendars.

    It is configured by environment variables; `confcal settings --example` lists them. A command beside the
    daemon needs the daemon's: `confcal --env-file /etc/confcal/confcal.env feeds`. To see it work without a
    TrueConf endpoint: `confcal demo`.
    """
    if context.invoked_subcommand in _SILENT:
        return
    from service.telemetry import configure_logging  # noqa: PLC0415 -- a silent command does without it

    # What a command did it says itself; the daemon sets this as its settings say.
    configure_logging("auto", "error")


def run() -> int:
    """Run the command that the process was started with, and return its status: 2 where it is misspelt."""
    try:
        return cli.main(standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return _FAILED
