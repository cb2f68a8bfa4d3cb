import click

from service.commands.speech import terminal_language
from service.settings.load import load_configuration
from service.settings.reference import reference
from service.settings.show import effective_as_given, example


@click.command()
@click.option("--example", "as_example", is_flag=True, help="Print an example environment file instead.")
@click.option(
    "--reference", "as_page", is_flag=True, help="Print all settings as a page in Markdown instead."
)
def settings(*, as_example: bool, as_page: bool) -> None:
    """
    Print the settings in effect, secrets masked.

    The output is an environment file: each setting that was given stands below its origin, and defaults are
    commented out.

    \b
    Examples:
      confcal settings
      confcal settings --env-file /etc/confcal/confcal.env
      confcal settings --example > confcal.env
      confcal settings --reference > settings.md
    """
    if as_example:
        click.echo(example(), nl=False)
        return
    if as_page:
        click.echo(reference(), nl=False)
        return
    gettext = terminal_language()
    for each in effective_as_given(load_configuration()):
        if each.origin:
            click.echo(gettext("# from %(place)s") % {"place": each.origin.describe(gettext)})
        click.echo(f"{'' if each.origin else '#'}{each.variable}={each.value}")
