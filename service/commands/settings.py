import click

from service.settings.load import load_configuration
from service.settings.show import effective_as_given, example


@click.command()
@click.option("--example", "as_example", is_flag=True, help="Print an example environment file instead.")
def settings(*, as_example: bool) -> None:
    """
    Print the settings in effect, secrets masked.

    Those that were given stand as they would in an environment file, each below where it comes from; defaults
    are commented out.

    \b
    Examples:
      confcal settings
      confcal settings --env-file /etc/confcal/confcal.env
      confcal settings --example > confcal.env
    """
    if as_example:
        click.echo(example(), nl=False)
        return
    for each in effective_as_given(load_configuration()):
        if each.origin:
            click.echo(f"# from {each.origin}")
        click.echo(f"{'' if each.origin else '#'}{each.variable}={each.value}")
