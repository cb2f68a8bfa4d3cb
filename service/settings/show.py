"""
Settings for people: the example file, and the settings in effect with secrets masked.
"""

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from service.settings.model import Settings
from service.settings.names import FILE, Place, find_model, variable
from service.settings.origins import Configuration, Origin
from service.settings.types import iso
from service.trueconf.discovery import without_pin

_MASK = "********"
_WIDTH = 100
EXAMPLES = {
    "sources.lobby.url": "http://10.0.0.15",
    "sources.lobby.pin": "ABC123",
    "sources.lobby.timezone": "Europe/Moscow",
    "sources.lobby.server": "video.example.com",
    "sources.lobby.account": "lobby@video.example.com",
    "sources.lobby.join_url": "https://video.example.com/c/{id}",
    "sources.lobby.quiet": "20:00-07:00",
    "sources.lobby.ingest_token": "a-long-random-text-of-its-own",
    "calendars.board.title": "Board meetings",
    "calendars.board.owner": "ivanov,brown@video.example.com",
    "calendars.board.participant": "ivanov",
    "calendars.board.topic": "board*,*budget*",
    "calendars.board.mode": "PxP,S|L",
    "calendars.board.access": "private",
    "calendars.board.account": "lobby@video.example.com",
    "calendars.board.language": "ru",
    "targets.cloud.url": "https://cloud.example.com/remote.php/dav",
    "targets.cloud.collection": "Conferences",
    "targets.cloud.auth": "basic",
    "targets.cloud.username": "confcal",
    "targets.cloud.password": "an-app-password",
    "targets.cloud.token": "a-bearer-token",
    "targets.cloud.client_id": "1234.apps.example.com",
    "targets.cloud.client_secret": "the-secret-of-the-client",
    "targets.cloud.refresh_token": "the-refresh-token",
    "targets.cloud.token_url": "https://oauth2.googleapis.com/token",
    "targets.cloud.client_certificate": "/run/secrets/confcal.pem",
    "targets.cloud.client_key": "/run/secrets/confcal.key",
    "targets.cloud.ca_file": "/etc/ssl/our-authority.pem",
    "targets.cloud.trusted_hosts": "dav2.example.com,*.dav.example.com",
    "targets.cloud.attendees": "/etc/confcal/addresses.toml",
    "targets.cloud.reminders": "PT15M",
    "targets.cloud.transparent": "true",
    "targets.cloud.quirks": "no-sync-collection,-one-writer",
    "notify.ops.url": "mailto://confcal:password@mail.example.com?to=ops@example.com",
    "notify.ops.digest": "08:00",
    "admin_token": "another-long-random-text",
    "trusted_proxies": "127.0.0.1/32,10.0.0.0/8",
    "people_header": "X-Forwarded-Preferred-Username",
    "public_url": "https://calendars.example.com",
    "database_url": "postgresql://confcal:password@db/confcal",
    "secret": "a-long-random-text-of-your-own",
    "secret_previous": "the-long-random-text-before-it",
    "config_file": "/etc/confcal.toml",
    "data_dir": "/var/lib/confcal",
}
"""Values that show how a setting is written, by its place."""
NAMES = {"calendars": "board", "sources": "lobby", "targets": "cloud", "notify": "ops"}
"""Examples of the names that an operator chooses."""

_PREFACE = """\
# The settings of confcal, each with its default, or with an example where it is empty without one.
# Made by `confcal settings --example`. A secret may stand in a file instead: NAME_FILE=/run/secrets/name.
# Durations are seconds or ISO 8601 (PT15M). What is commented out is not set.
# For systemd's EnvironmentFile=, `confcal --env-file` and docker run --env-file (which keeps quotes).
"""


def example() -> str:
    """Return the example environment file, `config/confcal.env.example`."""
    return _PREFACE + "".join(_example_of(Settings, ()))


def _example_of(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        here = (*path, name)
        inner = find_model(field.annotation)
        if inner is None:
            yield "\n" + _comment(field) + f"#{variable(*here)}={_example_value(here, field)}\n"
            continue
        title = (inner.__doc__ or "").strip()
        yield f"\n# --- {title}\n"
        yield from _example_of(inner, (*here, NAMES[name]) if name in NAMES else here)


def _comment(field: FieldInfo) -> str:
    text = " ".join((field.description or "").split())
    choices = ", ".join(_choices(field.annotation))
    lines = [*textwrap.wrap(text, _WIDTH), *([f"One of: {choices}."] if choices else [])]
    return "".join(f"# {line}\n" for line in lines)


def _choices(annotation: object) -> tuple[str, ...]:
    """Return the allowed values, where they are a short list."""
    parts = get_args(annotation)
    if get_origin(annotation) is Literal:
        return parts
    return next(filter(None, map(_choices, parts)), ())


def _example_value(path: tuple[str, ...], field: FieldInfo) -> str:
    known = EXAMPLES.get(".".join(path))
    if known is not None:
        return known
    default = field.default
    return "" if default is None or default is PydanticUndefined else as_text(default)


@dataclass(frozen=True, slots=True)
class Effective:
    """
    One setting in effect.
    """

    variable: str
    value: str
    """Secrets are masked; for one in a file it is the name of the file, and the variable ends with _FILE."""

    origin: Origin | None
    """Where it comes from; None for a default, and where nobody kept it."""

    given: bool
    """Whether it was set."""


def effective(settings: Settings) -> Iterator[tuple[str, str, bool]]:
    """Yield each setting in effect: its variable, its value with secrets masked, whether it was given."""
    for place, value, given in _effective(settings, ()):
        yield variable(*place), value, given


def effective_as_given(configuration: Configuration) -> Iterator[Effective]:
    """Yield each setting in effect, as it was given or by default."""
    for place, value, given in _effective(configuration.settings, ()):
        origin = configuration.origins.get(place)
        if origin and origin.value_in:
            yield Effective(variable(*place) + FILE, str(origin.value_in), origin, given)
        else:
            yield Effective(variable(*place), value, origin, given)


def _effective(model: BaseModel, path: Place) -> Iterator[tuple[Place, str, bool]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        given = name in model.model_fields_set
        match value:
            case BaseModel():
                yield from _effective(value, (*path, name))
            case Mapping():
                for key, inner in value.items():
                    yield from _effective(inner, (*path, name, key))
            case str() if path[:1] == ("sources",) and name == "url":
                yield (*path, name), without_pin(value), given
            case _:
                yield (*path, name), as_text(value), given


def as_text(value: object) -> str:
    """Return a value as an operator writes it; secrets are masked."""
    match value:
        case None:
            return ""
        case SecretStr():
            return _MASK
        case bool():
            return str(value).lower()
        case timedelta():
            return iso(value)
        case tuple():
            return ",".join(map(as_text, value))
        case _:
            return str(value)
