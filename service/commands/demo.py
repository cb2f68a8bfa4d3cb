import socket
from secrets import token_urlsafe

import click

from service.app import daemon
from service.app.build import Parts
from service.commands.running import run_to_end
from service.commands.speech import say
from service.settings.hosts import local_hosts
from service.settings.load import load_settings
from service.settings.model import Settings
from service.settings.paths import data_dir
from service.simulator.server import Simulator, SimulatorOptions
from service.telemetry import configure_logging


@click.command()
@click.option(
    "--every",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    help="Seconds between changes of the list.",
)
def demo(every: float) -> None:
    """
    Show confcal at work: a stand-in for a TrueConf Room, the daemon, a calendar to subscribe to.

    Nothing has to be set up. The stand-in's list keeps changing, so that a subscribed calendar is seen to
    follow it. Addresses stay the same from one demo to the next.

    \b
    Example:
      confcal demo --every 5
    """
    run_to_end(_demo(every))


async def _demo(every_seconds: float) -> None:
    options = SimulatorOptions(pin="demo", changing_every_seconds=every_seconds)
    async with Simulator(options) as room:
        given = load_settings()
        settings = _settings(given, room.web_url, options)
        configure_logging("console", "warning")
        own = given.admin_token is None
        await daemon.run(settings, heard=lambda parts: _say(parts, every_seconds, shows_token=own))
    say("\nThe demo has ended.")


def _settings(given: Settings, room_url: str, options: SimulatorOptions) -> Settings:
    overrides = {
        "CONFCAL_SOURCES__DEMO__URL": room_url,
        "CONFCAL_SOURCES__DEMO__PIN": options.pin or "",
        "CONFCAL_TIMEZONE": options.timezone,
        "CONFCAL_DATA_DIR": str(data_dir(given) / "demo"),
        "CONFCAL_PORT": str(_port(given.host, given.port)),
        # What the list lacks is removed soon, so that a viewer sees it.
        "CONFCAL_REMOVAL__MISSING_FOR": "PT0S",
    }
    kept = {
        "CONFCAL_LANGUAGE": given.language,
        "CONFCAL_HOST": given.host,
        "CONFCAL_ADMIN_TOKEN": given.admin_token.get_secret_value() if given.admin_token else token_urlsafe(),
    }
    return load_settings(kept, overrides=overrides)


def _port(host: str, wanted: int) -> int:
    """Return the port wanted, or 0 for any free one where another program has it."""
    try:
        socket.create_server((local_hosts(host)[0], wanted)).close()
    except OSError:
        return 0
    return wanted


def _say(parts: Parts, every_seconds: float, *, shows_token: bool) -> None:
    urls, token = parts.feeds.addresses, parts.settings.admin_token
    shown = token.get_secret_value() if token and shows_token else "the one in CONFCAL_ADMIN_TOKEN"
    say(
        f"\nconfcal follows a stand-in for a TrueConf Room whose list changes every {every_seconds:g} s.\n"
        f"\n  Page  {urls.page_url('all')}"
        f"\n  Feed  {urls.feed_url('all')}"
        f"\n  Dashboard  {parts.url}/"
        f"\n  Its token  {shown}\n"
        "\nOpen the page, or subscribe to the feed in a calendar. Ctrl-C ends the demo."
    )
