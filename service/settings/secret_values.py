"""
The secrets of the settings, to leave them out of what a crash shows: libraries quote what they failed on.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, SecretStr

from service.core.errors import ConfcalError
from service.settings.load import load_settings
from service.settings.model import Settings
from service.trueconf.discovery import pin_in

_MASK = "***"
_LEAST_OF_PART = 9
_SEPARATORS = re.compile(r"[/:@?&=,;#]")
_LEAST = 4
"""A shorter one would be masked in every other word."""


def find_secrets(settings: Settings) -> frozenset[str]:
    """Return all secrets in the spellings in which text quotes them, and the secret parts of addresses."""
    found = set(_secrets_of(settings))
    found |= {pin for each in settings.sources.values() if each.url and (pin := pin_in(each.url))}
    return frozenset(spelled for each in found for spelled in _spellings(each) if len(spelled) >= _LEAST)


def find_secrets_of_process() -> frozenset[str]:
    """Return the secrets of the settings that this process has; none where the settings are not valid."""
    with suppress(ConfcalError):
        return find_secrets(load_settings())
    return frozenset()


def hide_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return a text with a mask in place of each secret."""
    # A secret may be part of another one.
    for each in sorted(secrets, key=len, reverse=True):
        text = text.replace(each, _MASK)
    return text


def _secrets_of(value: object) -> Iterator[str]:
    match value:
        case SecretStr():
            secret = value.get_secret_value()
            yield secret
            yield from _parts_of_address(secret)
        case BaseModel():
            for name in type(value).model_fields:
                yield from _secrets_of(getattr(value, name))
        case Mapping():
            for each in value.values():
                yield from _secrets_of(each)
        case _:
            pass


def _spellings(secret: str) -> tuple[str, ...]:
    return (secret, quote(secret), quote(secret, safe=""), repr(secret)[1:-1])


def _parts_of_address(secret: str) -> Iterator[str]:
    """Yield the password of an address, and whatever in it is long and no name of a host: a token, a path."""
    _, colon, rest = secret.partition("://")
    if not colon:
        return
    with suppress(ValueError):
        password = urlsplit(secret).password
        if password:
            yield from (password, unquote(password))
    for part in _SEPARATORS.split(rest):
        if len(part) >= _LEAST_OF_PART and "." not in part:
            yield part
