"""
The settings of CalDAV targets: `CONFCAL_TARGETS__<NAME>__...`.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from service.caldav.named_hosts import check_host
from service.caldav.quirks import QUIRKS, unknown
from service.core.trueconf_id import TrueConfId
from service.settings.calendars import Words
from service.settings.types import AnyCase, Duration, parse_duration

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_WEEK = timedelta(days=7)

Auth = Literal["none", "basic", "digest", "bearer", "oauth2", "mtls"]

_NEEDED: Mapping[Auth, tuple[str, ...]] = {
    "basic": ("username", "password"),
    "digest": ("username", "password"),
    "bearer": ("token",),
    "oauth2": ("client_id", "client_secret", "refresh_token", "token_url"),
    "mtls": ("client_certificate",),
}


def _check_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("write the CalDAV address, like https://cloud.example.com/remote.php/dav")
    if parts.username or parts.password:
        raise ValueError("write the address without user name and password, which have settings of their own")
    if not _has_usable_port(parts):
        raise ValueError("its port is none; write one from 1 to 65535, or leave it out")
    return url if parts.path else url + "/"


def _has_usable_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _check_calendar(name: str) -> str:
    if fault := TrueConfId.parse(name).fault:
        raise ValueError(f"it cannot be the name of a calendar: {fault}")
    return name


def _check_token_url(url: str) -> str:
    parts = urlsplit(url)
    if not _has_usable_port(parts):
        raise ValueError("its port is none; write one from 1 to 65535, or leave it out")
    if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ValueError("tokens are fetched by https only")
    return url


def _check_quirks(names: tuple[str, ...]) -> tuple[str, ...]:
    wrong = unknown(names)
    if wrong:
        known = ", ".join(quirk.name for quirk in QUIRKS)
        raise ValueError(f"{wrong[0]!r} is unknown; there are {known}, each with a minus to switch it off")
    return names


def _check_hosts(entries: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(check_host(entry) for entry in entries)


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(parse_duration(part.strip()) for part in value.split(",") if part.strip())


def check_targets(targets: "dict[str, TargetSettings]") -> "dict[str, TargetSettings]":
    """Return the targets. Raises ValueError for a name that cannot stand on a command line."""
    for name in targets:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name for a target; use letters, digits, _ and -")
    return targets


class TargetSettings(BaseModel):
    """
    One CalDAV collection, or one for each account, to publish to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    url: Annotated[str, AfterValidator(_check_url)]
    """A CalDAV server, a user's address on it, or the collection itself, which always wins."""

    calendar: Annotated[str, AfterValidator(_check_calendar)] = "all"
    """Which calendar is published; accounts/* and people/* publish one collection for each of them."""

    collection: str | None = None
    """Name of the collection to use or create under the user's home; the calendar's name where left out."""

    create: bool = True
    """Whether a missing collection is created."""

    auth: Annotated[Auth | None, AnyCase] = None
    """How confcal authenticates; where left out, basic if USERNAME is set, else none."""

    username: str | None = None
    """For basic and digest."""

    password: SecretStr | None = None
    """For basic and digest; an app password where the server has them."""

    token: SecretStr | None = None
    """For bearer."""

    client_id: str | None = None
    """For oauth2."""

    client_secret: SecretStr | None = None
    """For oauth2."""

    refresh_token: SecretStr | None = None
    """For oauth2; confcal fetches access tokens with it."""

    token_url: Annotated[str, AfterValidator(_check_token_url)] | None = None
    """For oauth2: where access tokens are fetched."""

    client_certificate: Path | None = None
    """A PEM file, for mtls and in addition to any other kind."""

    client_key: Path | None = None
    """Its key, where the certificate's file does not hold it."""

    ca_file: Path | None = None
    """PEM file of the authority that signed the server's certificate, where the system does not know it."""

    trusted_hosts: Annotated[Words, AfterValidator(_check_hosts)] = ()
    """Other hosts that the server may send confcal and its credentials to: host, host:port or *.domain."""

    concurrency: int = Field(default=4, ge=1, le=32)
    """Requests at a time; fewer while the server is busy."""

    timeout: Duration = Field(default=timedelta(seconds=30), gt=timedelta())
    """How long an answer may take."""

    attendees: Path | None = None
    """A TOML or JSON file from TrueConf ID to e-mail address: the only people who are ever named."""

    reminders: Annotated[
        tuple[Annotated[timedelta, Field(ge=timedelta(), le=4 * _WEEK)], ...],
        NoDecode,
        BeforeValidator(_split),
    ] = ()
    """How long before the start people are reminded, with commas, like PT15M,P1D."""

    transparent: bool | None = None
    """Whether its events count as free time; as the calendar's TRANSPARENT says where left out."""

    on_remote_change: Annotated[Literal["restore", "keep"], AnyCase] = "restore"
    """What happens to an event that a person changed in the collection: it is restored, or it stays."""

    on_remote_delete: Annotated[Literal["restore", "keep"], AnyCase] = "restore"
    """What happens to an event that a person deleted: restored, or kept away until it changes in TrueConf."""

    audit_every: Duration = Field(default=timedelta(hours=1), ge=timedelta(minutes=1))
    """How often the collection is checked for changes by people."""

    quirks: Annotated[Words, AfterValidator(_check_quirks)] = ()
    """Deviations of the server to switch on, or off with a minus; `confcal check` names those in effect."""

    @property
    def kind(self) -> Auth:
        """How confcal authenticates."""
        return self.auth or ("basic" if self.username else "none")

    @model_validator(mode="after")
    def _require_credentials(self) -> Self:
        for name in _NEEDED.get(self.kind, ()):
            if getattr(self, name) is None:
                raise PydanticCustomError("lacking", "It lacks {name}", {"name": name})
        return self
