import click

from service.configuration.environment import load_settings
from service.configuration.text import effective, example


@click.command()
@click.option("--example", "as_example", is_flag=True, help="Print an example environment file instead.")
def settings(*, as_example: bool) -> None:
    """
    Print the settings in effect, secrets masked.

    Those that were given stand as they would in an environment file; defaults are commented out.

    \b
    Examples:
      confcal settings
      confcal settings --example > confcal.env
    """
    if as_example:
        click.echo(example(), nl=False)
        return
    for name, value, given in effective(load_settings()):
        click.echo(f"{'' if given else '#'}{name}={value}")
