"""
The language of a page: `?lang=`, else the cookie, else Accept-Language, else the setting.
"""

import re
from collections.abc import Iterator, Mapping
from gettext import NullTranslations

from babel import Locale, UnknownLocaleError

Catalogues = Mapping[str, NullTranslations]
"""The texts of each language there is, by its code; English is in the source and always there."""

NAMES = {"en": "English", "ru": "Русский"}
"""What the switch calls a language: by its own name, so that its readers recognize it."""

_RANGE = re.compile(r"\s*([a-zA-Z]{2,8})((?:-[a-zA-Z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*(\d(?:\.\d{0,3})?)\s*)?$")
_TERRITORY = re.compile(r"-([a-zA-Z]{2})\b")
_MAX_HEADER = 500

_TERRITORIES = {"en": "GB", "ru": "RU"}
"""Whose habits (week, clock) a language has where the browser names no territory."""


def choose_locale(wanted: str | None, header: str, catalogues: Catalogues, default: str) -> Locale:
    """
    Return the locale of a page: `wanted` where there is such a language, else the best of Accept-Language.

    The territory comes from Accept-Language too: en-US counts weeks from Sunday and hours to twelve.
    """
    accepted = list(_parse_accept_language(header))
    language = wanted if wanted in catalogues else None
    language = language or next((code for code, _ in accepted if code in catalogues), default)
    territory = next((where for code, where in accepted if code == language and where), None)
    return _locale(language, territory) or _locale(language, _TERRITORIES.get(language)) or Locale("en", "GB")


def _parse_accept_language(header: str) -> Iterator[tuple[str, str | None]]:
    """Yield language and territory of each range of Accept-Language (RFC 9110, 12.5.4), the best first."""
    ranges = [match for part in header[:_MAX_HEADER].split(",") if (match := _RANGE.match(part))]
    weighed = [(float(match[3] or 1), match) for match in ranges]
    for quality, match in sorted(weighed, key=lambda pair: -pair[0]):
        if quality > 0:
            territory = _TERRITORY.match(match[2])
            yield match[1].lower(), territory[1].upper() if territory else None


def _locale(language: str, territory: str | None) -> Locale | None:
    if territory is None:
        return None
    try:
        return Locale(language, territory)
    except UnknownLocaleError:
        return None
