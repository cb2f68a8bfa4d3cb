"""
The blocks of a page: what people type into a shell, what they are shown, and what they put into settings.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(
    r"(?P<before>^[^\n]*|)\n```(?P<language>\w*)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE
)
_MARK = re.compile(r"<!-- not run: (?P<reason>.+) -->")
_SETTING = re.compile(r"(?:CONFCAL_(?!TEST_)\w+=(?!.*(?: confcal |\\$)).*|\s*#.*|\s*)")
_COMMENT = re.compile(r"(?:(?<=\s)|^)#.*$", re.MULTILINE)


_VARIABLE = {
    r"[A-Z][a-z]{2} \d+ [A-Z][a-z]{2}(?: \d{4})?(?: \d{2}:\d{2})?": "a day, with the year of another one",
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?": "a moment",
    r"(?<=/feeds/|/pages/)[\w-]{20,}": "the token of an address",
}
"""What is other each time: what fits it, fits all of its kind."""

_PARTS = re.compile(rf"({'|'.join(_VARIABLE)}|\s+)")


class Kind(Enum):
    """
    What a block is for.
    """

    SHELL = auto()
    """Commands, one after the other."""

    CONSOLE = auto()
    """Commands behind `$ `, each with what it prints."""

    SETTINGS = auto()
    """Variables for the file of the daemon's settings."""

    TOML = auto()
    """A file that a setting names."""


@dataclass(frozen=True, slots=True)
class Block:
    """
    One block.
    """

    kind: Kind
    text: str
    not_run: str = ""
    """Why it is not run, empty where it is."""

    @property
    def bare(self) -> str:
        """The text without what only explains it."""
        lines = (line.rstrip() for line in _COMMENT.sub("", self.text).splitlines())
        return "\n".join(line for line in lines if line)


@cache
def blocks(page: Path) -> tuple[Block, ...]:
    """
    Return what a page has for a shell and for settings, in the order written.

    Every block that names no other language is one of these.
    """
    return tuple(_parse(page))


def _parse(page: Path) -> Iterator[Block]:
    for found in _BLOCK.finditer(page.read_text("utf-8")):
        mark = _MARK.search(found["before"])
        reason = mark["reason"] if mark else ""
        match found["language"]:
            case "console":
                yield Block(Kind.CONSOLE, found["text"], reason)
            case "toml":
                yield Block(Kind.TOML, found["text"], reason)
            case "" | "sh" | "bash":
                settings = all(_SETTING.fullmatch(line) for line in found["text"].splitlines())
                yield Block(Kind.SETTINGS if settings else Kind.SHELL, found["text"], reason)


def shell_blocks(page: Path) -> list[Block]:
    """Return the blocks of a page that people type into a shell."""
    return [each for each in blocks(page) if each.kind in {Kind.SHELL, Kind.CONSOLE}]


def dialogs(block: Block) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block with the output that the page shows."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def pattern_of(shown: str) -> re.Pattern[str]:
    """Return what an output fits, with other moments and tokens; `...` is any number of lines."""
    return re.compile("".join(_alike(line.rstrip()) for line in shown.splitlines()))


def _alike(line: str) -> str:
    if line.strip() == "...":
        return r"(?:.*\n)*?"
    return "".join(_alike_part(part) for part in _PARTS.split(line)) + r"[ ]*\n"


def _alike_part(part: str) -> str:
    if part.isspace():
        return r"\s+"
    return next((kind for kind in _VARIABLE if re.fullmatch(kind, part)), re.escape(part))
