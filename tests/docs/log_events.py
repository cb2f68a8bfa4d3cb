# ruff: noqa: E501 -- lines of a page
"""
The events of the log as the source has them at this moment.

    python -m tests.docs.log_events

writes docs/operations/log-events.md: `make docs`. What an event means stands in MEANINGS, and a test compares.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.core.sources import IN_TROUBLE
from tests.docs.log_meanings import MEANINGS

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs/operations/log-events.md"
_EVENT = re.compile(r"[a-z]+\.[a-z_]+")
_LEVELS = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "log_progress": "info",
    "write": "info or warning",
}

_HEAD = """\
# Events of the log

Made from the source by `make docs`; a test compares. Each line of the log is one event: `timestamp`, `level`, `event`, and its own
fields. In a terminal they are readable; elsewhere they are JSON lines (`CONFCAL_LOG_FORMAT`). Lines of a source hold its name as
`source`. A list of more than fifty values is cut to fifty, and its last text says how many more there are. No event holds a PIN, a
password, a token or a secret address; what holds a topic or a person is marked by its fields.

Two events are wide, one line with all that a graph or a search needs: `sync.list_accepted`, for each list that was taken over, and
`publish.pass_finished`, for each pass over a target.
"""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event, over all places that log it."""

    name: str
    levels: tuple[str, ...]
    fields: tuple[str, ...]


def find_events() -> list[LogEvent]:
    """Return every event that the source logs, by name."""
    levels: dict[str, set[str]] = defaultdict(set)
    fields: dict[str, dict[str, bool]] = defaultdict(dict)
    for path in sorted((ROOT / "service").rglob("*.py")):
        for name, level, given in _logged(ast.parse(path.read_text("utf-8"))):
            levels[name].add(level)
            fields[name] |= dict.fromkeys(given, True)
    for state in IN_TROUBLE:
        # A source's trouble is named by its state.
        name = f"trueconf.{state.replace(' ', '_')}"
        levels[name].add("warning")
        fields[name] |= {"error": True, "tries": True}
    return [LogEvent(name, tuple(sorted(levels[name])), tuple(fields[name])) for name in sorted(levels)]


def _logged(tree: ast.Module) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the events of a module, each with its level and fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            # A table from what was done to its event.
            for value in node.value.values:
                yield from ((name, "info", []) for name in _events_in(value))
        if isinstance(node, ast.Call):
            given = [each.arg for each in node.keywords if each.arg and each.arg != "exc_info"]
            yield from ((name, level, given) for name, level in _named(node))


def _named(call: ast.Call) -> Iterator[tuple[str, str]]:
    """Yield the events that a call may log, each with its level."""
    function = call.func
    method = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if method not in _LEVELS or not call.args:
        return
    for name in _events_in(call.args[0]):
        yield name, _LEVELS[method]


def _events_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _EVENT.fullmatch(node.value):
            yield node.value


def render() -> str:
    """Return the page."""
    lines = [_HEAD]
    part = ""
    for event in find_events():
        if event.name.partition(".")[0] != part:
            part = event.name.partition(".")[0]
            lines.append(f"\n## {part}\n\n| event | level | fields | when |\n| --- | --- | --- | --- |\n")
        fields = ", ".join(f"`{field}`" for field in event.fields) or "-"
        meaning = MEANINGS.get(event.name, "?")
        lines.append(f"| `{event.name}` | {', '.join(event.levels)} | {fields} | {meaning} |\n")
    return "".join(lines)


if __name__ == "__main__":
    PAGE.write_text(render(), "utf-8")
