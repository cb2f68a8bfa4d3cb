import asyncio
import json
import sys
from functools import partial
from importlib.metadata import version

import click

from service.app.checkup import CheckPlan, run_checks
from service.commands.crash import join_errors
from service.commands.need_lines import EventMoment, render_needs
from service.commands.speech import terminal_language, translate_sentence
from service.commands.table import render_table, summarize, terminal_width, wants_color
from service.settings.load import load_configuration
from service.settings.secret_values import find_secrets, hide_secrets
from service.telemetry import configure_logging

_FAILED = 1


@click.command()
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    help="Seconds to wait for each source, target and address.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for scripts.")
@click.option("--write", is_flag=True, help="Write a test event to each target, and remove it.")
def check(timeout: float, *, as_json: bool, write: bool) -> None:
    """
    Check everything from the settings to the running daemon, and say what to correct.

    That is: the settings, the zone, the database, the list of each source, the collection of each target, the
    public address and the daemon. Without --write nothing is written anywhere.

    Below the table stands what needs you, the most urgent first, each with the command for it. The dashboard
    and GET /api/needs have the same order.

    Exit status: 0 nothing failed, 1 something did, 2 a setting is wrong.

    \b
    Examples:
      confcal check
      confcal check --write
      confcal check --json | jq '.findings[] | select(.verdict == "failed")'
    """
    configuration = load_configuration()
    hide = partial(hide_secrets, secrets=find_secrets(configuration.settings))
    configure_logging(configuration.settings.log_format, "error", hide=hide)
    gettext = terminal_language()
    with join_errors():
        report = asyncio.run(run_checks(configuration, CheckPlan(timeout, write), gettext))
    report = report.translate(translate_sentence)
    if as_json:
        click.echo(json.dumps(report.as_dict(version("confcal")), ensure_ascii=False, indent=2))
    else:
        color = wants_color()
        for line in render_table(report, terminal_width(), gettext):
            click.echo(line, color=color)
        moment = EventMoment.of(configuration.settings.timezone)
        for line in render_needs(report, terminal_width(), gettext, moment):
            click.echo(line, color=color)
        click.echo(summarize(report, gettext), color=color)
    if not report.good:
        sys.exit(_FAILED)
