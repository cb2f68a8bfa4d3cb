import asyncio
import socket

import click

from service import daemon
from service.app import Parts
from service.commands.crash import ended_by
from service.environment import load_settings
from service.settings import Settings
from service.telemetry import configure_logging
from service.trueconf.simulator import Simulator, SimulatorOptions


@click.command()
@click.option("--every", default=20.0, show_default=True, help="Seconds between changes of the list.")
def demo(every: float) -> None:
    """
    Show confcal at work: a stand-in for a TrueConf Room, the daemon, a calendar to subscribe to.

    Nothing has to be set up. The stand-in's list keeps changing, so that a subscribed calendar is seen to
    follow it. Addresses stay the same from one demo to the next.

    \b
    Example:
      confcal demo --every 5
    """
    with ended_by():
        asyncio.run(_demo(every))


async def _demo(every_seconds: float) -> None:
    options = SimulatorOptions(pin="demo", changing_every_seconds=every_seconds)
    async with Simulator(options) as room:
        settings = _settings(room.web_url, options)
        configure_logging("console", "warning")
        await daemon.run(settings, heard=lambda parts: _say(parts, every_seconds))
    click.echo("\nThe demo has ended.")


def _settings(room_url: str, options: SimulatorOptions) -> Settings:
    given = load_settings()
    overrides = {
        "CONFCAL_SOURCES__DEMO__URL": room_url,
        "CONFCAL_SOURCES__DEMO__PIN": options.pin or "",
        "CONFCAL_TIMEZONE": options.timezone,
        "CONFCAL_DATA_DIR": str(given.data_dir / "demo"),
        "CONFCAL_PORT": str(_port(given.host, given.port)),
        # What the list lacks goes soon, so that it is seen to go.
        "CONFCAL_REMOVAL__MISSING_FOR": "PT0S",
    }
    return load_settings(
        {"CONFCAL_LANGUAGE": given.language, "CONFCAL_HOST": given.host}, overrides=overrides
    )


def _port(host: str, wanted: int) -> int:
    """Return the port wanted, or 0 for any free one where another program has it."""
    try:
        socket.create_server((host, wanted)).close()
    except OSError:
        return 0
    return wanted


def _say(parts: Parts, every_seconds: float) -> None:
    urls = parts.feeds.addresses
    click.echo(
        f"\nconfcal follows a stand-in for a TrueConf Room whose list changes every {every_seconds:g} s.\n"
        f"\n  Page  {urls.page_url('all')}"
        f"\n  Feed  {urls.feed_url('all')}\n"
        "\nOpen the page, or subscribe to the feed in a calendar. Ctrl-C ends the demo."
    )
