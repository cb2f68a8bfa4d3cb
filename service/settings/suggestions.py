"""
What an operator most likely meant by a value that a setting does not take.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal

from service.core.nearest import nearest
from service.settings.types import iso, parse_duration

_SHORT = 3
"""Letters of a word that resembles too many others."""

_LANGUAGE_CODE = 2
"""Letters of a choice that names a language."""

_USUAL: Mapping[str, str] = {
    **dict.fromkeys(("verbose", "trace", "all"), "debug"),
    "notice": "info",
    **dict.fromkeys(("fatal", "critical", "err"), "error"),
    **dict.fromkeys(("enable", "enabled", "да", "вкл"), "true"),
    **dict.fromkeys(("disable", "disabled", "нет", "выкл"), "false"),
}
"""Words of other programs, each with ours."""

_UNITS: Mapping[str, timedelta] = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "с", "сек"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "мин"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "ч", "час"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days", "д", "дн"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks", "нед"), timedelta(weeks=1)),
    **dict.fromkeys(("y", "year", "years"), timedelta(days=365)),
}
_AMOUNT = re.compile(r"(\d{1,9})\s*([^\W\d_]+)\s*")
_CLOCK = re.compile(r"(\d{1,4}):(\d\d)")
_NUMBER = re.compile(r"(\d{1,9}(?:[.,]\d{1,9})?)\s*(%?)")
_WHOLE = re.compile(r":?\s*(\d{1,9})(?:/(?:tcp|udp))?", re.IGNORECASE)


def find_choice(written: str, choices: Iterable[str]) -> str | None:
    """Return which of a few words was meant, or None."""
    known, word = list(choices), written.strip().casefold()
    usual = _USUAL.get(word)
    if usual in known:
        return usual
    # ru_RU.UTF-8 and Russian.
    languages = [each for each in known if len(each) == _LANGUAGE_CODE and word.startswith(each)]
    if languages:
        return languages[0]
    return nearest(word, known) if len(word) > _SHORT else None


def find_duration(written: str) -> str | None:
    """Return a duration such as `5m`, `1h 30min` or `1:30` (hours and minutes) in ISO 8601, or None."""
    text = written.strip().casefold()
    clock = _CLOCK.fullmatch(text)
    if clock:
        return iso(timedelta(hours=int(clock[1]), minutes=int(clock[2])))
    if text.startswith("p"):
        return _in_capitals(text)
    amounts = _AMOUNT.findall(text)
    if not amounts or _AMOUNT.sub("", text) or any(unit not in _UNITS for _, unit in amounts):
        return None
    try:
        return iso(sum((int(count) * _UNITS[unit] for count, unit in amounts), timedelta()))
    except OverflowError:
        return None


def _in_capitals(text: str) -> str | None:
    try:
        parse_duration(text.upper())
    except ValueError:
        return None
    return text.upper()


def find_number(written: str) -> str | None:
    """Return a number written with a comma or as a percentage the way a setting takes it, or None."""
    found = _NUMBER.fullmatch(written.strip())
    if not found:
        return None
    number = Decimal(found[1].replace(",", ".")) / (100 if found[2] else 1)
    return format(number.normalize(), "f")


def find_whole(written: str) -> str | None:
    """Return the port of `:8080` or `8080/tcp`, or None."""
    found = _WHOLE.fullmatch(written.strip())
    return str(int(found[1])) if found else None
