"""
Loading `Settings` from variables and a TOML file; errors are sentences that say what to do.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from service.core.errors import SettingsError
from service.settings.env_files import file_of
from service.settings.model import PREFIX, Settings
from service.settings.names import FILE, Place, annotation_of, is_secret, place_of, unknown_sentence, variable
from service.settings.origins import Configuration, Origin
from service.settings.sentences import sentences_of
from service.settings.toml_text import parse_toml

_CONFIG_FILE = f"{PREFIX}CONFIG_FILE"
_QUOTES = "'\""


def load_settings(
    environ: Mapping[str, str] | None = None, *, overrides: Mapping[str, str] | None = None
) -> Settings:
    """
    Return the settings in `environ` (by default that of the process) and in the TOML file that it names.

    `overrides` are variables that options of the command line stand for.

    Raises SettingsError: one sentence for each setting that cannot work.
    """
    return load_configuration(environ, overrides=overrides).settings


def load_configuration(
    environ: Mapping[str, str] | None = None, *, overrides: Mapping[str, str] | None = None
) -> Configuration:
    """Do as `load_settings`, and return where each setting comes from too."""
    own, overrides = os.environ if environ is None else environ, overrides or {}
    given = {name.upper(): value for name, value in {**own, **overrides}.items() if _is_ours(name)}
    # A shell has its variables in no order, and sources are to be named in the same one each time.
    given = dict(sorted(given.items()))
    _refuse_service_links(given)
    _refuse_quoted(given)
    origins = {
        name: Origin(file_of(name) if environ is None else None, by_option=name in overrides)
        for name in given
    }
    values = _read_files(given, origins)
    _refuse_unknown(values)
    config_file = values.get(_CONFIG_FILE)
    places: dict[Place, Origin] = {}
    toml = _read_toml_files(_read_toml(config_file), (), Path(config_file or ""), places)
    places |= {place_of(name): origins[name] for name in values}
    return Configuration(_settings(values, toml, config_file), places)


class _Loaded(Settings):
    """Settings from given values only. The class is made once, because that is pydantic's slowest step."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class hands it over
        init_settings: PydanticBaseSettingsSource,
        *_: object,
        **__: object,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def _settings(values: Mapping[str, str], toml: dict[str, Any], config_file: str | None) -> Settings:
    environment = EnvSettingsSource(Settings, env_ignore_empty=False)
    environment.env_vars = {name.lower(): value for name, value in values.items()}
    try:
        return _Loaded(**_merge(toml, environment()))
    except ValidationError as error:
        raise SettingsError("\n".join(sentences_of(error, config_file))) from None


def _merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Return both tables as one; values of `high` win."""
    merged = {**low, **high}
    for key in low.keys() & high.keys():
        if isinstance(low[key], dict) and isinstance(high[key], dict):
            merged[key] = _merge(low[key], high[key])
    return merged


def _is_ours(name: str) -> bool:
    return name.upper().startswith(PREFIX)


def _read_toml(name: str | None) -> dict[str, Any]:
    if not name:
        return {}
    try:
        octets = Path(name).read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{_CONFIG_FILE}: {name} cannot be read ({error.strerror}); give a readable TOML file"
        ) from error
    try:
        values = parse_toml(octets)
    except ValueError as error:
        raise SettingsError(f"{_CONFIG_FILE}: {name} is not TOML: {error}") from error
    prefixed = sorted(key for key in values if _is_ours(key))
    if prefixed:
        short = prefixed[0][len(PREFIX) :].lower()
        raise SettingsError(
            f"{_CONFIG_FILE}: in {name} names stand without {PREFIX}; write {short} for {prefixed[0]}"
        )
    return _lower_keys(values, ())


def _lower_keys(values: dict[str, Any], path: Place) -> dict[str, Any]:
    """
    Return the tables of a TOML file with keys in lower case: the names of variables have no case either.
    """
    lowered: dict[str, Any] = {}
    for key, value in values.items():
        here = (*path, key.lower())
        if here[-1] in lowered:
            raise SettingsError(f"{_CONFIG_FILE}: it says {'.'.join(here)} twice; keep one of them")
        lowered[here[-1]] = _lower_keys(value, here) if isinstance(value, dict) else value
    return lowered


def _read_files(values: Mapping[str, str], origins: dict[str, Origin]) -> dict[str, str]:
    """Return `values` with the content of the file for each secret's NAME_FILE; `origins` is updated too."""
    read = {}
    for name, value in values.items():
        target = name.removesuffix(FILE)
        if not name.endswith(FILE) or not is_secret(annotation_of(Settings, place_of(target))):
            read[name] = value
            continue
        if target in values:
            raise SettingsError(f"{target} and {name} are both set; keep one of them")
        read[target] = _read_secret(name, value)
        origins[target] = Origin(origins[name].said_in, Path(value))
    return read


def _read_toml_files(
    values: dict[str, Any], path: Place, file: Path, places: dict[Place, Origin]
) -> dict[str, Any]:
    """Do as `_read_files` with the tables of a TOML file, where it is `name_file`."""
    read: dict[str, Any] = {}
    for key, value in values.items():
        name, target = variable(*path, key), key.removesuffix(FILE.lower())
        if isinstance(value, dict):
            read[key] = _read_toml_files(value, (*path, key), file, places)
        elif target == key or not is_secret(annotation_of(Settings, (*path, target))):
            read[key] = value
            places[*path, key] = Origin(file)
        elif target in values:
            raise SettingsError(f"{variable(*path, target)} and {name} are both set; keep one of them")
        else:
            read[target] = _read_secret(name, str(value))
            places[*path, target] = Origin(file, Path(str(value)))
    return read


def _read_secret(name: str, file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8-sig").rstrip("\r\n")
    except (OSError, ValueError) as error:
        if not isinstance(error, OSError):
            raise SettingsError(
                f"{name}: {file} cannot be read (it is not UTF-8 text); save it as UTF-8"
            ) from None
        raise SettingsError(
            f"{name}: {file} cannot be read ({error.strerror}); name a file that confcal may read"
        ) from None


def _refuse_service_links(values: Mapping[str, str]) -> None:
    """Raise SettingsError where Kubernetes set variables about a Service named confcal."""
    name = f"{PREFIX}SERVICE_HOST"
    if name in values:
        raise SettingsError(
            f"{name} and {PREFIX}PORT are set by Kubernetes, for its Service named confcal: "
            "say enableServiceLinks: false in the pod's spec"
        )


def _refuse_quoted(values: Mapping[str, str]) -> None:
    """
    Raise SettingsError for values that docker's --env-file left in quotes, which would count as part of them.
    """
    quoted = [name for name, value in values.items() if _is_quoted(value.strip())]
    if quoted:
        raise SettingsError("\n".join(_list_quoted_sentences(quoted)))


def _is_quoted(value: str) -> bool:
    return len(value) > 1 and value[0] == value[-1] and value[0] in _QUOTES


def _list_quoted_sentences(names: list[str]) -> Iterator[str]:
    for name in sorted(names):
        yield (
            f"{name}: its value stands in quotes, which docker's --env-file keeps; write it without them, "
            "or, where they belong to it, in a file"
        )


def _refuse_unknown(values: Mapping[str, str]) -> None:
    unknown = [name for name in sorted(values) if annotation_of(Settings, place_of(name)) is None]
    if unknown:
        raise SettingsError("\n".join(unknown_sentence(name) for name in unknown))
