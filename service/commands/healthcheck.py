import click

from service.app.health import require_health


@click.command()
def healthcheck() -> None:
    """
    Ask the daemon on this machine whether it lives; made for HEALTHCHECK of a container.

    Exit status: 0 it answers, 1 it does not.

    \b
    Example:
      confcal healthcheck
    """
    require_health()
    click.echo("ok")
