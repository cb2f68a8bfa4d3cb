import click

from service.app.health import find_trouble
from service.core.errors import ConfcalError


@click.command()
def healthcheck() -> None:
    """
    Ask the daemon on this machine whether it lives; made for HEALTHCHECK of a container.

    Exit status: 0 it answers, 1 it does not.

    \b
    Example:
      confcal healthcheck
    """
    trouble = find_trouble()
    if trouble:
        raise ConfcalError(trouble)
    click.echo("ok")
