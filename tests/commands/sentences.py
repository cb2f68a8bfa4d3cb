"""
The English sentences of the source that people read, each with something in the place of what varies.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SERVICE = Path(__file__).parent.parent.parent / "service"

NOT_IN_TERMINALS = ("web", "simulator", "store/migrations", "language.py", "telemetry.py", "version.py")

OF_OTHERS = {
    "app/metrics.py": "HELP of Prometheus",
    "app/source_metrics.py": "HELP of Prometheus",
    "app/systemd.py": "the log",
    "commands/env_file.py": "--help",
    "core/need_words.py": "gettext",
    "calendars/calendar.py": "names of colors",
    "core/weekly.py": "the log",
    "settings/since.py": "names of settings",
    "settings/reference.py": "a page in English",
    "settings/show.py": "a file in English",
}

OF_PROGRAMS = (
    "a snapshot always has an arrival to record",
    "what has no schedule has no past",
    "a mapping has no hash",
    "the last try returns or raises",
    "gave back another connection than it was asked for",
    "cannot switch to state",
    "disconnected without sending a response",
    "tried again by hand",
    "X1 is not a moment",
    "not by rule",
    "connection is closed",
    "illegal request line",
)
"""Words of other programs, and of faults of our own that no person gets to see."""

FILLED = {
    "X1 does not hold it: its X1 is none of X1": "X1 does not hold it: its owner is none of X1",
    "X1it crashed (X1: X1); please report it with the lines above": (
        "it crashed (X1: X1); please report it with the lines above"
    ),
    "No calendar is like X1X1": "No calendar is like X1.",
    " (X1 older than what is known left out)": (
        "lists accepted: 2 (X1 older than what is known left out), conferences edited: 2, removed: 1"
    ),
}
"""Texts that mean something only with certain words in the place of what varies."""

_TRANSLATED = frozenset({"gettext", "ngettext", "_", "translate"})
_NOT_PROSE = re.compile(r"PRAGMA|SELECT|UPDATE|INSERT|CREATE TABLE|GET /|[A-Z]{3} d|^confcal [a-z]")
_PROSE = re.compile(r"(?:\b[a-z]+'?[a-z]*,? ){2}[a-z]+")


class _Texts(ast.NodeVisitor):
    """Collects the texts of a module without docstrings, texts for gettext, and help of options."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in _TRANSLATED | {"option", "argument", "warning", "info"}:
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self.found.append("".join(_fill(each) for each in node.values))
        for each in node.values:
            if isinstance(each, ast.FormattedValue):
                self.visit(each.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.found.append(node.value)


def _fill(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "X1"


def is_prose(text: str) -> bool:
    """Return whether three English words stand in a row outside of what is quoted as code."""
    return bool(_PROSE.search(re.sub(r"`[^`]*`|https?://\S+", "", text)))


def sentences() -> Iterator[tuple[str, str]]:
    """Yield the module and the text of each sentence."""
    for file in sorted(SERVICE.rglob("*.py")):
        name = file.relative_to(SERVICE).as_posix()
        if name.startswith(NOT_IN_TERMINALS) or name in OF_OTHERS:
            continue
        texts = _Texts()
        texts.visit(ast.parse(file.read_text("utf-8")))
        yield from ((name, text) for text in texts.found if _is_for_people(text))


def _is_for_people(text: str) -> bool:
    return is_prose(text) and not _NOT_PROSE.search(text) and not text.endswith(OF_PROGRAMS)


def in_sentences(text: str) -> Iterator[str]:
    """Yield the sentences that a text, which may be a part of one, can stand in."""
    text = FILLED.get(text, text)
    for each in (text, re.sub(r"(?<=\w)(X1)+", "", text)):
        rest = each.lstrip(":;, ")
        yield from (each, rest, f"X2 {rest}", f"The database X2 {rest}", f"The database X2 {rest} (X3)")
