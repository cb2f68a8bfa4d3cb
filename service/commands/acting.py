"""
Which installation a command acted on: a shell seldom has the daemon's settings by itself.
"""

from service.commands.speech import say
from service.settings.model import Settings
from service.settings.paths import database_name


def name_database(settings: Settings) -> None:
    """Say on standard error which database the settings name; standard output is for results."""
    say(f"Database: {database_name(settings)}", err=True)
