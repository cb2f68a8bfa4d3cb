"""
The shell blocks of a page, and why those that are not run are not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"(?P<before>[^\n]*)\n```(?P<language>\w*)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
_MARK = re.compile(r"<!-- not run: (?P<reason>.+) -->")
_COMMAND = re.compile(
    r"^(\$ )?(cat|cd|confcal|cp|curl|docker|find|install|jq|kubectl|make|pg_dump|pipx|python3|sha256sum|sudo"
    r"|systemctl)\b",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """
    One block with commands.
    """

    text: str
    not_run: str
    """Why it is not run, empty where it is."""


def shell_blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page that people type into a shell, in the order written."""
    for found in _BLOCK.finditer(page.read_text("utf-8")):
        if found["language"] in {"", "sh", "bash"} and _COMMAND.search(found["text"]):
            mark = _MARK.search(found["before"])
            yield Block(found["text"], mark["reason"] if mark else "")
