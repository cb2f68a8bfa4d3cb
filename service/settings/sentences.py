"""
Errors of settings in sentences for operators; those of the library are for programmers.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from service.settings.model import Settings
from service.settings.names import annotation_of, is_secret, unknown_sentence, variable
from service.settings.suggestions import find_choice, find_duration, find_number, find_whole
from service.settings.types import NO_DURATION, iso

_DURATION = TypeAdapter(timedelta)

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
    ("time_delta", NO_DURATION),
    ("path", "write a path"),
    ("tuple", "write one text with commas, or a list of texts"),
    ("dict", "it is a table: write the settings in it, each with its own name"),
    ("model", "it is a table: write the settings in it, each with its own name"),
)
"""By the beginning of pydantic's type of an error."""

_MEANT: Mapping[str, Callable[[str], str | None]] = {
    "write a whole number, like 15": find_whole,
    "write a number, like 0.5": find_number,
    "write true or false": lambda written: find_choice(written, ("true", "false")),
    NO_DURATION: find_duration,
}
"""What finds the value that was meant, by the sentence."""

_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?(?://)?[^/?#\\\s]*", re.IGNORECASE)


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
            return sentence + _suggest_meant(sentence, problem["input"])
    reason = problem["msg"].removeprefix("Value error, ")
    return reason[:1].lower() + reason[1:] + _suggest_meant(reason, problem["input"])


def _suggest_meant(sentence: str, given: object) -> str:
    find = _MEANT.get(sentence)
    return _ask(find(given) if find and isinstance(given, str) else None)


def _ask(meant: str | None) -> str:
    return f"; did you mean {meant}?" if meant else ""


def _choice(expected: str, given: object) -> str:
    choices = [each.strip(" '") for each in expected.replace(" or ", ", ").split(",")]
    meant = find_choice(given, choices) if isinstance(given, str) else None
    return f"write {', '.join(choices[:-1])} or {choices[-1]}{_ask(meant)}"


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
    """Return what was written, where it is a plain value, without what may be a password or a PIN."""
    annotation = annotation_of(Settings, path)
    if not isinstance(value, str | int | float) or annotation is None or is_secret(annotation):
        return ""
    quoted = _shorten_address(value) if path[-1].endswith("url") and isinstance(value, str) else value
    return "" if quoted is None or "@" in str(quoted) else f" (given: {quoted!r})"


def _shorten_address(written: str) -> str | None:
    """
    Return what stands before the path: TrueConf Room shows its PIN there, and servers give out secret paths.

    A word alone may be the PIN itself, so none of it is returned.
    """
    host = _HOST.match(written.strip())
    begins = host[0] if host else ""
    if "//" not in begins and "." not in begins:
        return None
    return begins if begins == written.strip() else f"{begins}/***"
