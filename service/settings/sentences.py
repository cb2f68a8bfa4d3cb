"""
Errors of settings in sentences for operators; those of the library are for programmers.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from service.core.nearest import suggest
from service.settings.model import Settings
from service.settings.names import annotation_of, is_secret, unknown_sentence, variable
from service.settings.types import iso

_DURATION = TypeAdapter(timedelta)

_SHORT = 3
"""Letters of a word that resembles too many others."""

_BOUNDS: Mapping[str, tuple[str, str]] = {
    "greater_than": ("gt", "write more than {}"),
    "greater_than_equal": ("ge", "write {} or more"),
    "less_than": ("lt", "write less than {}"),
    "less_than_equal": ("le", "write {} or less"),
}

_KINDS: tuple[tuple[str, str], ...] = (
    ("int", "write a whole number, like 15"),
    ("float", "write a number, like 0.5"),
    ("finite_number", "write a number, like 0.5"),
    ("bool", "write true or false"),
    ("time_delta", "write seconds, or ISO 8601 like PT15M"),
    ("path", "write a path"),
    ("tuple", "write one text with commas, or a list of texts"),
    ("dict", "it is a table: write the settings in it, each with its own name"),
    ("model", "it is a table: write the settings in it, each with its own name"),
)
"""By the beginning of pydantic's type of an error."""


def sentences_of(error: ValidationError, config_file: str | None) -> Iterator[str]:
    """Yield one sentence for each setting that cannot work; `config_file` is the TOML file, if any."""
    for problem in error.errors(include_url=False):
        # A number is the place of a value among several in one variable.
        path = tuple(part for part in problem["loc"] if isinstance(part, str))
        name = variable(*path)
        match problem["type"]:
            case "extra_forbidden":
                yield unknown_sentence(name)
            case "missing":
                yield f"{name} is missing; set it"
            case "lacking":
                yield f"{variable(*path, problem['ctx']['name'])} is missing; set it"
            case "too_short":
                yield f"{name} is too short; write at least {problem['ctx']['min_length']} characters"
            case "string_type" | "string_sub_type":
                # Only TOML has values other than texts: 0123 and 2026-01-01 would not stay as written.
                yield f'{name}: write it in quotes in {config_file}, like {path[-1]} = "..."'
            case kind:
                yield f"{name}: {_reason(kind, problem)}{_quote_value(path, problem['input'])}"


def _reason(kind: str, problem: ErrorDetails) -> str:
    context = problem.get("ctx", {})
    if kind in _BOUNDS:
        bound, sentence = _BOUNDS[kind]
        return sentence.format(_plain(context[bound]))
    if kind == "literal_error":
        return _choice(str(context["expected"]), problem["input"])
    for beginning, sentence in _KINDS:
        if kind.startswith(beginning):
            return sentence
    reason = problem["msg"].removeprefix("Value error, ")
    return reason[:1].lower() + reason[1:]


def _choice(expected: str, given: object) -> str:
    choices = [each.strip(" '") for each in expected.replace(" or ", ", ").split(",")]
    hint = suggest(given, choices) if isinstance(given, str) and len(given) > _SHORT else ""
    return f"write {', '.join(choices[:-1])} or {choices[-1]}{hint}"


def _plain(bound: object) -> str:
    """Return a bound as an operator writes it: pydantic gives durations in three forms."""
    text = str(bound)
    named = re.fullmatch(r"datetime\.timedelta\((.*)\)", text)
    if named:
        parts = dict(re.findall(r"(\w+)=(-?\d+)", named[1]))
        return iso(timedelta(**{unit: int(number) for unit, number in parts.items()}))
    try:
        return text if re.fullmatch(r"[-\d.]+", text) else iso(_DURATION.validate_python(text))
    except ValidationError:
        return text


def _quote_value(path: tuple[str, ...], value: object) -> str:
    """Return what was written, where it is a plain value that cannot hold a password."""
    annotation = annotation_of(Settings, path)
    plain = isinstance(value, str | int | float) and "@" not in str(value)
    return f" (given: {value!r})" if plain and annotation and not is_secret(annotation) else ""
