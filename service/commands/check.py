import asyncio
import sys

import click

from service.app.check import source_reports
from service.app.preview import target_reports
from service.app.zones import notices_of
from service.commands.crash import end_by
from service.core.conference import Conference
from service.core.zonedata import data_version
from service.settings.load import load_configuration
from service.settings.model import Settings
from service.settings.precautions import warnings_of
from service.telemetry import configure_logging

_FAILED = 1


@click.command()
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    help="Seconds to wait for each source.",
)
def check(timeout: float) -> None:
    """
    Check the settings, ask each source for its list and each target for its collection; nothing is written.

    Exit status: 0 everything answers, 1 something does not, 2 a setting is wrong.

    \b
    Example:
      confcal check
    """
    configuration = load_configuration()
    settings = configuration.settings
    configure_logging(settings.log_format, "error")
    click.echo(f"settings  good (zone data: tzdata {data_version()})")
    for warning in warnings_of(configuration):
        click.echo(f"warning   {warning}")
    if not settings.sources:
        click.echo("sources   FAILED: there is none; set CONFCAL_SOURCES__<NAME>__URL")
    with end_by():
        good = asyncio.run(_check(settings, timeout))
    if not (good and settings.sources):
        sys.exit(_FAILED)


async def _check(settings: Settings, timeout_seconds: float) -> bool:
    good = True
    heard: dict[str, tuple[Conference, ...]] = {}
    async for report in source_reports(settings, timeout_seconds):
        good &= report.good
        if report.conferences is not None:
            heard[report.name] = report.conferences
        click.echo(f"source    {report.name}: {'good' if report.good else 'FAILED'}: {report.text}")
    if settings.targets:
        async for target in target_reports(settings):
            good &= target.good
            first, *others = target.lines
            click.echo(f"target    {target.name}: {'good' if target.good else 'FAILED'}: {first}")
            for line in others:
                click.echo(f"          {line}")
    for notice in await notices_of(settings, heard):
        click.echo(f"zones     {notice.describe()}")
    return good
