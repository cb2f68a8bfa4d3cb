"""
Files of variables for a command beside the daemon, in the syntax of systemd and compose.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from io import StringIO
from pathlib import Path
from types import MappingProxyType

from dotenv.parser import parse_stream

from service.core.errors import SettingsError

_PREFIX = "CONFCAL_"
_FILE = "_FILE"
_NONE: Mapping[str, Path] = MappingProxyType({})

_FILES: ContextVar[Mapping[str, Path]] = ContextVar("files", default=_NONE)
"""The file of each variable that this command line read from one."""


def file_of(variable: str) -> Path | None:
    """Return the file that a variable came from; None where the environment had it before."""
    return _FILES.get().get(variable)


class EnvFiles:
    """
    The files that one command line names, and the environment that it was started with.

    The environment wins over all files, a later file over an earlier one.
    """

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._own = dict(environ)
        self._files: list[Path] = []
        _FILES.set(_NONE)

    def add(self, files: Iterable[Path]) -> None:
        """Put the variables of further files into the environment. Raises SettingsError."""
        self._files += files
        found: dict[str, tuple[str, Path]] = {}
        for file in self._files:
            variables = dict(variables_of(file))
            found = _without(found, variables) | {name: (value, file) for name, value in variables.items()}
        found = _without(found, {_upper_case_ours(name) for name in self._own})
        for name in _FILES.get():
            self._environ.pop(name, None)
        self._environ.update({name: value for name, (value, _) in found.items()})
        _FILES.set({name: file.absolute() for name, (_, file) in found.items()})


def variables_of(file: Path) -> Iterator[tuple[str, str]]:
    """
    Yield the variables of a file; comments, `export` and quotes around a value are its own syntax.

    Raises SettingsError.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(
            f"--env-file: {file} cannot be read ({error.strerror}); name a file that you may read"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"--env-file: {file} cannot be read (it is not UTF-8 text); save it as UTF-8"
        ) from error
    for binding in parse_stream(StringIO(text)):
        line = binding.original.string.strip()
        if line.startswith("["):
            raise SettingsError(
                f"--env-file: {file} is TOML, with {line.splitlines()[0]} in it; name it in "
                "CONFCAL_CONFIG_FILE in place of this option"
            )
        # In systemd a semicolon begins a comment too.
        if line.startswith(";"):
            continue
        if binding.error:
            raise SettingsError(
                f"--env-file: line {_line(binding.original.line, binding.original.string)} of {file} is not "
                "understood; write NAME=value, with quotes around a value that holds quotes or #"
            )
        if binding.key and binding.value is not None:
            yield _upper_case_ours(binding.key), binding.value


def _line(first: int, text: str) -> int:
    """Return the line number for an error text. Blank lines before a statement count as part of it."""
    return first + len(text[: len(text) - len(text.lstrip())].splitlines())


def _upper_case_ours(name: str) -> str:
    return name.upper() if name.upper().startswith(_PREFIX) else name


def _without(found: dict[str, tuple[str, Path]], names: Iterable[str]) -> dict[str, tuple[str, Path]]:
    """Return the settings that are not among others; a secret and the file that holds it are one setting."""
    named = {name.removesuffix(_FILE) if name.startswith(_PREFIX) else name for name in names}
    return {
        name: each
        for name, each in found.items()
        if (name.removesuffix(_FILE) if name.startswith(_PREFIX) else name) not in named
    }
