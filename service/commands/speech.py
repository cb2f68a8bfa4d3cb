"""
The language of the terminal: the one of CONFCAL_LANGUAGE where it is set, else the locale's.
"""

import os
from collections.abc import Mapping

import click

from service.commands.phrasebook import phrasebook
from service.core.vevent import Translate
from service.language import LANGUAGES, Language, translator

_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
"""In the order of precedence of POSIX (IEEE Std 1003.1, 8.2)."""


def choose_language(environ: Mapping[str, str]) -> Language:
    """Return the language of the terminal's user, or English if confcal does not speak it."""
    wanted = environ.get("CONFCAL_LANGUAGE") or next(filter(None, map(environ.get, _LOCALE)), "")
    spoken = wanted.strip().lower().partition(".")[0].partition("_")[0]
    return next((language for language in LANGUAGES if language == spoken), "en")


def terminal_language(environ: Mapping[str, str] | None = None) -> Translate:
    """Return what translates texts for the user of the terminal. Raises CatalogueMissing."""
    return translator(choose_language(os.environ if environ is None else environ))


def translate_sentence(text: str) -> str:
    """Return English sentences in the language of the terminal; what has no translation stays English."""
    return phrasebook(choose_language(os.environ)).translate(text)


def say(text: str, *, err: bool = False) -> None:
    """Print English sentences in the language of the terminal."""
    click.echo(translate_sentence(text), err=err)
