"""
The option `--env-file`, which every command takes before and after its name.
"""

from pathlib import Path

import click

GIVEN = "service.env_files"
"""The key of the files in the context of a command line."""


def _read(context: click.Context, _: click.Parameter, files: tuple[Path, ...]) -> None:
    if not files:
        return
    # Imported here, because a health check every half minute seldom has a file.
    from service.settings.env_files import EnvFiles  # noqa: PLC0415

    if GIVEN not in context.meta:
        context.meta[GIVEN] = EnvFiles()
    context.meta[GIVEN].add(files)


def env_file_option() -> click.Option:
    """Return the option. The variables of its files enter the environment before anything else is read."""
    return click.Option(
        ["--env-file"],
        multiple=True,
        type=click.Path(path_type=Path),
        is_eager=True,
        expose_value=False,
        callback=_read,
        help="Read the daemon's variables from FILE; the environment wins. Repeatable, the later file wins.",
        metavar="FILE",
    )


def add_env_file(command: click.Command) -> click.Command:
    """Add the option to a command and all its subcommands, and return the command."""
    if all(parameter.name != "env_file" for parameter in command.params):
        command.params.append(env_file_option())
    if isinstance(command, click.Group):
        for each in command.commands.values():
            add_env_file(each)
    return command
