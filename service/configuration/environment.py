"""
From variables and a TOML file to `Settings`, or to sentences that say what to do.
"""

import difflib
import os
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from service.core.errors import SettingsError
from service.settings import DELIMITER, PREFIX, Settings

_FILE = "_FILE"


def load_settings(
    environ: Mapping[str, str] | None = None, *, overrides: Mapping[str, str] | None = None
) -> Settings:
    """
    Return the settings that `environ` (the process's own) and the file it names give.

    `overrides` are variables that a command line option stands for.

    Raises SettingsError: one sentence for each setting that cannot work.
    """
    environ = {**(os.environ if environ is None else environ), **(overrides or {})}
    values = {name.upper(): value for name, value in environ.items() if name.upper().startswith(PREFIX)}
    _refuse_service_links(values)
    values = _with_files(values)
    _refuse_unknown(values)
    file = _toml_with_files(_read_toml(values.get(f"{PREFIX}CONFIG_FILE")), ())

    class Loaded(Settings):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: object, **__: object
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            environment = EnvSettingsSource(settings_cls, env_ignore_empty=False)
            environment.env_vars = {name.lower(): value for name, value in values.items()}
            return (environment, _FileSource(settings_cls, file))

    try:
        return Loaded()
    except ValidationError as error:
        raise SettingsError("\n".join(_sentences(error))) from None


class _FileSource(PydanticBaseSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def get_field_value(self, field: object, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 -- the base class asks for it; __call__ answers for all fields
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


def variable(*path: str) -> str:
    """Return the name of the variable for a path like `("sources", "lobby", "url")`."""
    return PREFIX + DELIMITER.join(path).upper()


def _read_toml(name: str | None) -> dict[str, Any]:
    if not name:
        return {}
    try:
        with Path(name).open("rb") as file:
            return _folded(tomllib.load(file), ())
    except OSError as error:
        raise SettingsError(
            f"{PREFIX}CONFIG_FILE: {name} cannot be read ({error.strerror}); give a readable TOML file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{PREFIX}CONFIG_FILE: {name} is not TOML: {error}") from error


def _folded(values: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Return the tables of a TOML file with keys in lower case, as the names of variables have none."""
    folded: dict[str, Any] = {}
    for key, value in values.items():
        here = (*path, key.lower())
        if here[-1] in folded:
            raise SettingsError(f"{PREFIX}CONFIG_FILE: it says {'.'.join(here)} twice; keep one of them")
        folded[here[-1]] = _folded(value, here) if isinstance(value, dict) else value
    return folded


def _with_files(values: dict[str, str]) -> dict[str, str]:
    """Return `values` with each secret's NAME_FILE replaced by what the file holds."""
    read = {}
    for name, value in values.items():
        target = name.removesuffix(_FILE)
        if not name.endswith(_FILE) or not _is_secret(_annotation(Settings, _path(target))):
            read[name] = value
            continue
        if target in values:
            raise SettingsError(f"{target} and {name} are both set; keep one of them")
        read[target] = _read_secret(name, value)
    return read


def _toml_with_files(values: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Do as `_with_files` with the tables of a TOML file, where it is `name_file`."""
    read: dict[str, Any] = {}
    for key, value in values.items():
        name, target = variable(*path, key), key.removesuffix(_FILE.lower())
        if isinstance(value, dict):
            read[key] = _toml_with_files(value, (*path, key))
        elif target == key or not _is_secret(_annotation(Settings, (*path, target))):
            read[key] = value
        elif target in values:
            raise SettingsError(f"{variable(*path, target)} and {name} are both set; keep one of them")
        else:
            read[target] = _read_secret(name, str(value))
    return read


def _read_secret(name: str, file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8-sig").rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(
            f"{name}: {file} cannot be read ({reason}); name a file that confcal may read"
        ) from None


def _refuse_service_links(values: Mapping[str, str]) -> None:
    """Raise SettingsError where Kubernetes mixes variables about a Service named confcal into ours."""
    name = f"{PREFIX}SERVICE_HOST"
    if name in values:
        raise SettingsError(
            f"{name} and {PREFIX}PORT are set by Kubernetes, for its Service named confcal: "
            "say enableServiceLinks: false in the pod's spec"
        )


def _refuse_unknown(values: Mapping[str, str]) -> None:
    unknown = [name for name in sorted(values) if _annotation(Settings, _path(name)) is None]
    if unknown:
        raise SettingsError("\n".join(_unknown_sentence(name) for name in unknown))


def _unknown_sentence(name: str) -> str:
    path = _path(name)
    known = [variable(*candidate) for candidate in _known_paths(Settings, path)]
    known += [candidate + _FILE for candidate in known if _is_secret(_annotation(Settings, _path(candidate)))]
    # Without the prefix: all names share it, so that with it any two are alike.
    known = [candidate.removeprefix(PREFIX) for candidate in known]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1, cutoff=0.5)
    hint = f"did you mean {PREFIX}{near[0]}?" if near else "`confcal settings --example` lists them all"
    return f"{name} is not a setting; {hint}"


def _path(name: str) -> tuple[str, ...]:
    return tuple(name.removeprefix(PREFIX).lower().split(DELIMITER))


def _known_paths(model: type[BaseModel], like: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the paths of all settings; names that the operator chose are taken from `like`."""
    for field, info in model.model_fields.items():
        inner = nested(info.annotation)
        if inner is None:
            yield (field,)
        elif _is_named(info.annotation):
            rest = like[2:] if len(like) > 1 else ()
            name = (like[1] if len(like) > 1 else "") or "name"
            yield from ((field, name, *path) for path in _known_paths(inner, rest))
        else:
            yield from ((field, *path) for path in _known_paths(inner, like[1:]))


def _annotation(model: type[BaseModel], path: tuple[str, ...]) -> object | None:
    """Return the type of the setting at `path`, or None where there is none."""
    if not path or path[0] not in model.model_fields:
        return None
    annotation = model.model_fields[path[0]].annotation
    inner = nested(annotation)
    if _is_named(annotation) and not any(path[1:2]):
        return None
    rest = path[2:] if _is_named(annotation) else path[1:]
    if inner is None:
        return None if rest else annotation
    return _annotation(inner, rest)


def nested(annotation: object) -> type[BaseModel] | None:
    """Return the model inside an annotation (itself, or the values of a mapping), if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if _is_named(annotation):
        return nested(get_args(annotation)[1])
    return None


def _is_named(annotation: object) -> bool:
    return get_origin(annotation) is dict


def _is_secret(annotation: object) -> bool:
    if get_origin(annotation) in {types.UnionType, typing.Union}:
        return any(_is_secret(part) for part in get_args(annotation))
    return annotation is SecretStr


def _sentences(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        # A number is the place of a value among several in one variable.
        path = tuple(part for part in problem["loc"] if isinstance(part, str))
        name = variable(*path)
        match problem["type"]:
            case "extra_forbidden":
                yield _unknown_sentence(name)
            case "missing":
                yield f"{name} is missing; set it"
            case "lacking":
                yield f"{variable(*path, problem['ctx']['name'])} is missing; set it"
            case "too_short":
                yield f"{name} is too short; write at least {problem['ctx']['min_length']} characters"
            case _:
                reason = problem["msg"].removeprefix("Value error, ")
                yield f"{name}: {reason[:1].lower()}{reason[1:]}{_given(path, problem['input'])}"


def _given(path: tuple[str, ...], value: object) -> str:
    """Return what was written, where it is a plain value that cannot hold a password."""
    annotation = _annotation(Settings, path)
    plain = isinstance(value, str | int | float) and "@" not in str(value)
    return f" (given: {value!r})" if plain and annotation and not _is_secret(annotation) else ""
