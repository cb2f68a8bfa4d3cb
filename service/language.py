"""
The languages of the texts in calendars and pages: gettext catalogues, compiled when the package is built.
"""

import gettext
from pathlib import Path
from typing import Literal

from service.core.errors import ConfcalError
from service.core.vevent import Translate, untranslated

Language = Literal["en", "ru"]

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
        return untranslated
    try:
        return gettext.translation(DOMAIN, locales, [language]).gettext
    except OSError as error:
        raise CatalogueMissing(
            f"The texts for CONFCAL_LANGUAGE={language} are not installed ({locales / language}): "
            "install confcal again, or set CONFCAL_LANGUAGE=en."
        ) from error
