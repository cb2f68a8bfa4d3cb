import click

from service.app.health import health_trouble
from service.core.errors import ConfcalError
from service.settings.load import load_settings


@click.command()
def healthcheck() -> None:
    """
    Ask the daemon on this machine whether it lives; made for HEALTHCHECK of a container.

    Exit status: 0 it answers, 1 it does not.

    \b
    Example:
      confcal healthcheck
    """
    trouble = health_trouble(load_settings())
    if trouble:
        raise ConfcalError(trouble)
    click.echo("ok")
