"""
The names of settings: the place of a variable in `Settings`, and the nearest known name.
"""

import types
import typing
from collections.abc import Iterator
from typing import get_args, get_origin

from pydantic import BaseModel, SecretStr

from service.core.nearest import nearest
from service.settings.model import DELIMITER, PREFIX, Settings

FILE = "_FILE"
"""The end of the name of a secret that is in a file."""

Place = tuple[str, ...]
"""The place of a setting, like `("sources", "lobby", "url")`."""


def variable(*path: str) -> str:
    """Return the name of the variable for a path like `("sources", "lobby", "url")`."""
    return PREFIX + DELIMITER.join(path).upper()


def unknown_sentence(name: str) -> str:
    """Return the error text for a variable that is not a setting."""
    path = place_of(name)
    known = [variable(*candidate) for candidate in _find_paths(Settings, path)]
    known += [
        candidate + FILE for candidate in known if is_secret(annotation_of(Settings, place_of(candidate)))
    ]
    # Compared without the prefix, which makes any two names similar.
    known = [candidate.removeprefix(PREFIX) for candidate in known]
    near = nearest(name.removeprefix(PREFIX), known)
    hint = f"did you mean {PREFIX}{near}?" if near else "`confcal settings --example` lists them all"
    return f"{name} is not a setting; {hint}"


def place_of(name: str) -> Place:
    """Return the place that a variable names."""
    return tuple(name.removeprefix(PREFIX).lower().split(DELIMITER))


def _find_paths(model: type[BaseModel], like: Place) -> Iterator[Place]:
    """Yield the paths of all settings; names that the operator chose are taken from `like`."""
    for field, info in model.model_fields.items():
        inner = find_model(info.annotation)
        if inner is None:
            yield (field,)
        elif _is_named(info.annotation):
            rest = like[2:] if len(like) > 1 else ()
            name = (like[1] if len(like) > 1 else "") or "name"
            yield from ((field, name, *path) for path in _find_paths(inner, rest))
        else:
            yield from ((field, *path) for path in _find_paths(inner, like[1:]))


def annotation_of(model: type[BaseModel], path: Place) -> object | None:
    """Return the type of the setting at `path`, or None where there is none."""
    if not path or path[0] not in model.model_fields:
        return None
    annotation = model.model_fields[path[0]].annotation
    inner = find_model(annotation)
    if _is_named(annotation) and not any(path[1:2]):
        return None
    rest = path[2:] if _is_named(annotation) else path[1:]
    if inner is None:
        return None if rest else annotation
    return annotation_of(inner, rest)


def find_model(annotation: object) -> type[BaseModel] | None:
    """Return the model that an annotation is or has as values of a mapping, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if _is_named(annotation):
        return find_model(get_args(annotation)[1])
    return None


def _is_named(annotation: object) -> bool:
    return get_origin(annotation) is dict


def is_secret(annotation: object) -> bool:
    """Return whether the type of a setting is that of secrets."""
    if get_origin(annotation) in {types.UnionType, typing.Union}:
        return any(is_secret(part) for part in get_args(annotation))
    return annotation is SecretStr
