"""
The only reader of the environment.

Every setting is a variable `CONFCAL_...`, with `__` between the levels; the TOML file named by
CONFCAL_CONFIG_FILE has the same settings; the environment wins. A secret may be in a file: NAME_FILE.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.core.join_link import check_template
from service.core.lease import LeaseTerms
from service.core.removal import RemovalRules
from service.core.trueconf_id import TrueConfId
from service.settings.calendars import CalendarSettings, Words, check_names
from service.settings.hosts import DEFAULT_HOST, DEFAULT_PORT, check_hosts
from service.settings.keeping import JournalSettings, RejectedSettings
from service.settings.notify import NotifySettings, check_channel_names
from service.settings.proxies import check_header, check_networks
from service.settings.targets import TargetSettings, check_targets
from service.settings.types import AnyCase, Duration, check_quiet
from service.settings.zone_names import zone_name
from service.trueconf.discovery import check_url

PREFIX = "CONFCAL_"
DELIMITER = "__"

_HOST = re.compile(r"(?=.{1,253}$)[\w-]+(\.[\w-]+)*")
_ACCOUNT = re.compile(r"[^\s@/,\x00-\x1f\x7f-\x9f]+@[^\s@/,\x00-\x1f\x7f-\x9f]+")
_SOURCE_NAME = re.compile(r"[^\W_][\w.-]{0,63}")

_FORM = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
_REMOVAL = RemovalRules()


def _empty_to_none(value: object) -> object:
    """Return None for an empty text: compose passes one for a variable that is not set."""
    return None if isinstance(value, str) and not value.strip() else value


def _host(name: str) -> str:
    if not _HOST.fullmatch(name.strip()):
        raise ValueError("write the domain of the server alone, like video.example.com")
    return name.strip()


def _account(text: str, given: ValidationInfo) -> str:
    named = TrueConfId.parse(text)
    if not _ACCOUNT.fullmatch(text.strip()):
        raise ValueError("write one TrueConf user with the server, like lobby@video.example.com")
    if named.fault:
        raise ValueError(f"it is not a TrueConf ID: {named.fault}")
    server = given.data.get("server")
    if server and server.lower() != named.server:
        raise ValueError(f"its server is not SERVER ({server}), so no list is of it; make both the same")
    return str(named)


def _public_url(url: str) -> str:
    parts = urlsplit(url)
    if "@" in parts.netloc or _port_of(parts) == 0:
        raise ValueError("write the address without a user, a password or an impossible port")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("write the address that people reach, like https://calendars.example.com")
    return url.rstrip("/")


def _port_of(parts: SplitResult) -> int | None:
    """Return the port, 0 where it is not valid."""
    try:
        return parts.port
    except ValueError:
        return 0


def _source_names(sources: "dict[str, SourceSettings]") -> "dict[str, SourceSettings]":
    for name in sources:
        if not _SOURCE_NAME.fullmatch(name):
            raise ValueError(f"{name[:40]!r} is not a name for a source; use letters, digits, dots, _ and -")
    return sources


def _require_absolute(folder: Path) -> Path:
    if not folder.is_absolute():
        raise ValueError(
            "it is relative, so each command would mean another folder; "
            "write it from the root on, like /var/lib/confcal"
        )
    return folder


def _home_folder() -> Path | None:
    """Return the data folder of a user with a home, None for one without."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / ".local/share/confcal" if home.is_absolute() else None


TimeZone = Annotated[str, AfterValidator(zone_name)]


class SourceSettings(BaseModel):
    """
    One TrueConf Room or VideoSDK endpoint.
    """

    model_config = _FORM

    url: Annotated[str, AfterValidator(check_url)] | None = None
    """`http://host[:port]` of the control panel (the WebSocket port is asked there), or `ws://host:port`."""

    pin: SecretStr | None = None
    """PIN or password of the endpoint; leave it out where it asks for none."""

    timezone: TimeZone | None = None
    """Zone of this source's weekly schedules; CONFCAL_TIMEZONE where left out."""

    server: Annotated[Annotated[str, AfterValidator(_host)] | None, BeforeValidator(_empty_to_none)] = None
    """Domain of the TrueConf server, where the endpoint does not report it."""

    account: Annotated[Annotated[str, AfterValidator(_account)] | None, BeforeValidator(_empty_to_none)] = (
        None
    )
    """The only TrueConf user whose lists are taken, like lobby@video.example.com; lists of another one who
    logs in there are refused. Left out, each user's lists go into a calendar of that user's own."""

    join_url: Annotated[str, AfterValidator(check_template)] | None = None
    """Where conferences are joined, with {server} and {id}; `https://{server}/c/{id}` where left out."""

    ingest_token: SecretStr | None = Field(default=None, min_length=16)
    """Events are taken at `POST /api/events/<name>` with this bearer token. Such a source needs no URL but
    an ACCOUNT for its lists, or a SERVER: then they belong to the user there with the name of the source."""

    quiet: Annotated[Annotated[str, AfterValidator(check_quiet)] | None, BeforeValidator(_empty_to_none)] = (
        None
    )
    """Hours in which no list is expected, like `20:00-07:00`, in the zone of the source; several with commas,
    and with weekdays, like `mon-fri 20:00-07:00, sat-sun 00:00-24:00`. Silence that begins then is not
    reported before half an hour after them."""

    @model_validator(mode="after")
    def _require_origin(self) -> Self:
        if self.url is None:
            for name in ("ingest_token", "server"):
                named = name == "server" and self.account is not None
                if getattr(self, name) is None and not named:
                    lacking = "url" if name == "ingest_token" else name
                    raise PydanticCustomError("lacking", "It lacks {name}", {"name": lacking})
        return self


class RemovalSettings(BaseModel):
    """
    When a conference that TrueConf no longer lists may leave the calendars.
    """

    model_config = _FORM

    missing_lists: int = Field(default=_REMOVAL.missing_lists, ge=1)
    """A conference is removed when this many good lists in a row lack it ..."""

    missing_for: Duration = Field(default=_REMOVAL.missing_for, ge=timedelta())
    """... over at least this time: seconds, or ISO 8601 like PT15M."""

    hold_share: float = Field(default=_REMOVAL.hold_share, ge=0, le=1)
    """A list that lacks more than this share of an account's upcoming conferences ..."""

    hold_count: int = Field(default=_REMOVAL.hold_count, ge=0)
    """... and more than this number of them is held; so is one that lacks all of them."""

    hold_lists: int = Field(default=_REMOVAL.hold_lists, ge=1)
    """A held list is applied automatically once this many lists agree ..."""

    hold_for: Duration = Field(default=_REMOVAL.hold_for, ge=timedelta())
    """... over this time."""

    keep_ended: Duration = Field(default=_REMOVAL.keep_ended, ge=timedelta())
    """How long a single conference that has ended stays after it left the lists."""


class Settings(BaseSettings):
    """
    All settings.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )

    sources: Annotated[dict[str, SourceSettings], AfterValidator(_source_names)] = {}
    """The endpoints to listen to, each under a name of your choice."""

    timezone: TimeZone = "UTC"
    """IANA name of the organization's time zone, like Europe/Moscow."""

    weekly_days: Annotated[Literal["auto", "local", "utc"], AnyCase] = "auto"
    """In which zone the weekday flags of weekly conferences count; auto decides for each conference."""

    weekly_time: Annotated[Literal["utc", "wall"], AnyCase] = "utc"
    """What a weekly conference keeps when clocks change: the instant in UTC, or the hour on the wall."""

    language: Annotated[Literal["en", "ru"], AnyCase] = "en"
    """Language of the texts in calendars."""

    people: Annotated[Literal["none", "description"], AnyCase] = "none"
    """Whether calendars name the invited people, in the description."""

    public_url: Annotated[str, AfterValidator(_public_url)] | None = None
    """The address under which people reach confcal, like https://calendars.example.com."""

    host: Annotated[str, AfterValidator(check_hosts)] = DEFAULT_HOST
    """Address to listen on, several with commas; `*` for every IPv4 and IPv6 address, as in the image."""

    port: int = Field(default=DEFAULT_PORT, ge=0, le=65535)
    """Port to listen on; 0 takes any free one."""

    data_dir: Annotated[Path, AfterValidator(_require_absolute)] | None = Field(default_factory=_home_folder)
    """Folder for the embedded database and the generated secret, from the root on; ~/.local/share/confcal
    where left out, /data in the image."""

    database_url: Annotated[SecretStr | None, BeforeValidator(_empty_to_none)] = None
    """`postgresql://user:password@host/name`; an SQLite file in CONFCAL_DATA_DIR where left out."""

    secret: SecretStr | None = Field(default=None, min_length=16)
    """The secret feed addresses derive from this; generated into CONFCAL_DATA_DIR where left out."""

    secret_previous: SecretStr | None = Field(default=None, min_length=16)
    """The secret before this one: addresses derived from it work until you remove this setting."""

    admin_token: SecretStr | None = Field(default=None, min_length=16)
    """Opens the dashboard at `/` and the API at `/api/`, 16 characters or more; without it both are off."""

    trusted_proxies: Annotated[Words, AfterValidator(check_networks)] = ()
    """Networks of the reverse proxies whose X-Forwarded-For is believed, like 127.0.0.1/32, with commas."""

    people_header: Annotated[
        Annotated[str, AfterValidator(check_header)] | None, BeforeValidator(_empty_to_none)
    ] = None
    """The header in which a single sign-on proxy of CONFCAL_TRUSTED_PROXIES names who signed in, by the
    TrueConf ID; `/me` leads them to their own calendar, and is off where left out."""

    calendars: Annotated[dict[str, CalendarSettings], AfterValidator(check_names)] = {}

    targets: Annotated[dict[str, TargetSettings], AfterValidator(check_targets)] = {}

    notify: Annotated[dict[str, NotifySettings], AfterValidator(check_channel_names)] = {}

    calendars_for_people: bool = False
    """Whether each invited person has a calendar, named by the TrueConf ID; hand out its link yourself."""

    poll_every: Duration = Field(default=timedelta(minutes=5), ge=timedelta(seconds=1))
    """How often a source is asked for its list, in addition to the events it sends by itself."""

    removal: RemovalSettings = RemovalSettings()

    rejected: RejectedSettings = RejectedSettings()

    journal: JournalSettings = JournalSettings()

    lease: Duration = Field(default=LeaseTerms().lasts, ge=timedelta(seconds=2))
    """How long a replica of several on one PostgreSQL may be silent before the others take over its work."""

    log_format: Annotated[Literal["auto", "console", "json"], AnyCase] = "auto"
    """auto: readable in a terminal, JSON lines elsewhere."""

    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = "info"
    """The lowest level that is logged."""

    config_file: Path | None = None
    """A TOML file with the same settings, in lower case; the environment wins."""

    @property
    def previous_secret(self) -> bytes | None:
        """The secret before the present one, None where there is none."""
        return self.secret_previous.get_secret_value().encode() if self.secret_previous else None
