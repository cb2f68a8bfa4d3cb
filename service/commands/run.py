from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
import structlog

from service.app import daemon
from service.commands.env_file import GIVEN
from service.commands.running import run_to_end
from service.core.errors import SettingsError
from service.core.needs import OpenSecret
from service.settings.load import load_configuration
from service.settings.model import Settings
from service.settings.origins import Origins
from service.settings.paths import make_installation
from service.settings.precautions import find_open_secrets, warnings_of
from service.settings.secret_values import find_secrets, hide_secrets
from service.telemetry import configure_logging

log = structlog.get_logger()


@click.command()
@click.option("--record", type=click.Path(path_type=Path), help="Write what arrives into this folder.")
def run(record: Path | None) -> None:
    """
    Run the daemon: listen to the sources, keep the calendars, serve the feeds.

    SIGTERM and Ctrl-C end it in order. SIGHUP has it read its settings again: the files that --env-file and
    CONFCAL_CONFIG_FILE name, and those that hold secrets. Exit status:
    0 ended in order, 1 crashed, 2 a setting is wrong.

    \b
    Examples:
      CONFCAL_SOURCES__LOBBY__URL=http://10.0.0.15 confcal run
      CONFCAL_CONFIG_FILE=/etc/confcal.toml confcal run
      confcal run --record /tmp/recording     # for a bug report; `confcal replay` plays it
    """
    configuration = load_configuration()
    settings = require_sources(configuration.settings)
    configure_logging(
        settings.log_format, settings.log_level, hide=partial(hide_secrets, secrets=find_secrets(settings))
    )
    # This may close the data folder to others.
    make_installation(settings)
    for warning in warnings_of(configuration):
        log.warning("settings.warning", warning=warning)
    reread = click.get_current_context().meta.get(GIVEN)

    in_force = [configuration]

    def read() -> Settings:
        if reread:
            reread.add(())
        configuration = load_configuration()
        fresh = require_sources(configuration.settings)
        in_force[0] = configuration
        return fresh

    def list_open_secrets() -> Sequence[OpenSecret]:
        return find_open_secrets(in_force[0])

    def find_origins() -> Origins:
        return in_force[0].origins

    run_to_end(
        daemon.run(
            settings,
            record=record,
            read=read,
            list_open_secrets=list_open_secrets,
            find_origins=find_origins,
        )
    )


def require_sources(settings: Settings) -> Settings:
    """Return the settings. Raises SettingsError where they name no source."""
    if not settings.sources:
        raise SettingsError(
            "CONFCAL_SOURCES__<NAME>__URL is missing; name an endpoint, "
            "like CONFCAL_SOURCES__LOBBY__URL=http://10.0.0.15"
        )
    return settings
