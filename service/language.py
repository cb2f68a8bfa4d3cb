"""
The languages of the texts in calendars and pages: gettext catalogues, compiled when the package is built.
"""

import gettext
from pathlib import Path
from typing import Literal, get_args

from service.core.errors import ConfcalError
from service.core.vevent import Translate, no_translation

Language = Literal["en", "ru"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
DOMAIN = "confcal"
LOCALES = Path(__file__).parent / "locale"


class CatalogueMissing(ConfcalError):
    """The catalogue of a language was not built or not installed."""


def translator(language: Language, *, locales: Path = LOCALES) -> Translate:
    """
    Return what translates a text of the source into `language`; what has no translation stays English.

    Raises CatalogueMissing where the installation lacks the catalogue.
    """
    if language == "en":
        return no_translation
    try:
        return _catalogue(language, locales).gettext
    except OSError as error:
        raise CatalogueMissing(
            f"The texts for CONFCAL_LANGUAGE={language} are not installed ({locales / language}): "
            "install confcal again, or set CONFCAL_LANGUAGE=en."
        ) from error


def catalogues(*, locales: Path = LOCALES) -> dict[str, gettext.NullTranslations]:
    """Return the texts of all languages, for pages. Raises CatalogueMissing."""
    try:
        return {language: _catalogue(language, locales) for language in LANGUAGES}
    except OSError as error:
        raise CatalogueMissing(
            f"The texts of the pages are not installed ({locales}): install confcal again."
        ) from error


def _catalogue(language: Language, locales: Path) -> gettext.NullTranslations:
    # English stands in the source.
    return (
        gettext.NullTranslations() if language == "en" else gettext.translation(DOMAIN, locales, [language])
    )
