"""
All settings on one page: docs/settings.md, written by `confcal settings --reference`.
"""

from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from service.settings.model import Settings
from service.settings.names import Place, find_model, variable
from service.settings.show import EXAMPLES, NAMES, as_text
from service.settings.since import since
from service.settings.types import iso

_PREFACE = """\
# Settings

<!-- Made by `make docs` from service/settings/model.py: change the texts there. -->

Each is an environment variable. In a TOML file
([config/confcal.toml.example](../config/confcal.toml.example)) the same names stand without `CONFCAL_`, in
lower case, with tables for `__`: `CONFCAL_SOURCES__LOBBY__URL` is `url` in `[sources.lobby]`. `LOBBY`,
`BOARD`, `CLOUD` and `OPS` are examples: such names are yours to choose. The environment wins over the file.

A **secret** may stand in a file instead: its name with `_FILE` behind it, such as
`CONFCAL_ADMIN_TOKEN_FILE=/run/secrets/admin-token`. A **duration** is a number of seconds, or ISO 8601 like
`PT15M` or `P30D`. A **list** has commas between its entries.

`confcal settings` prints those in effect, and where each comes from. `confcal check` says what is wrong.
"""

_KINDS: dict[object, str] = {
    SecretStr: "secret",
    bool: "`true` or `false`",
    int: "whole number",
    float: "number",
    timedelta: "duration",
    time: "time of day",
    Path: "path",
    str: "text",
    tuple: "list",
}
_SIGNS = {"ge": "from", "gt": "more than", "le": "to"}


def reference() -> str:
    """Return the page in Markdown: each setting with its kind, its default, an example, and since when."""
    general = "".join(_rows(Settings, (), nested=False))
    return f"{_PREFACE}\n## General\n\n{_HEAD}{general}" + "".join(_sections(Settings, ()))


_HEAD = (
    "| setting | what it says | kind | default | example | since |\n| --- | --- | --- | --- | --- | --- |\n"
)


def _sections(model: type[BaseModel], path: Place) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = find_model(field.annotation)
        if inner is not None:
            here = (*path, name, NAMES[name]) if name in NAMES else (*path, name)
            doc = " ".join((inner.__doc__ or "").split())
            rows = "".join(_rows(inner, here, nested=True))
            yield f"\n## {name.capitalize()}\n\n{doc}\n\n{_HEAD}{rows}"


def _rows(model: type[BaseModel], path: Place, *, nested: bool) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if find_model(field.annotation) is None:
            here = (*path, name)
            generic = (*path[:1], name) if nested else here
            example = EXAMPLES.get(".".join(here), "")
            cells = (
                f"`{variable(*here)}`",
                " ".join((field.description or "").split()),
                _kind(field),
                _code(_default(field)),
                _code(example or _default(field)),
                since(generic),
            )
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _default(field: FieldInfo) -> str:
    return "" if field.default in {None, PydanticUndefined} else as_text(field.default)


def _kind(field: FieldInfo) -> str:
    choices = tuple(_literals(field.annotation))
    if choices:
        return "one of " + ", ".join(f"`{each}`" for each in choices)
    kind = _KINDS[_base(field.annotation)]
    return ", ".join((kind, *_limits(field.metadata)))


def _literals(annotation: object) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    else:
        for part in get_args(annotation):
            yield from _literals(part)


def _base(annotation: object) -> object:
    """Return the plain type inside of an annotation that may be optional, or a tuple of something."""
    if annotation in _KINDS:
        return annotation
    if get_origin(annotation) is tuple:
        return tuple
    return next(filter(None, (_base(part) for part in get_args(annotation) if part is not type(None))), None)


def _limits(metadata: list[Any]) -> Iterator[str]:
    """Yield the limits of a value, without the usual ones of durations."""
    for limit in metadata:
        if (least := getattr(limit, "min_length", None)) is not None:
            yield f"{least} characters or more"
        for name, words in _SIGNS.items():
            value = getattr(limit, name, None)
            if isinstance(value, timedelta):
                if name == "ge" and value:
                    yield f"{words} {iso(value)}"
            elif value is not None:
                yield f"{words} {value}"
