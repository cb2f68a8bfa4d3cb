"""
What pages say that confcal says: the words are in its code.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT

PAGES = [ROOT / "docs/operations" / name for name in ("commands.md", "sizing.md", "times.md")]
_TABLE = re.compile(r"^\| it says \|.*\n\|[ |-]+\n((?:\|.*\n)+)", re.MULTILINE)
_OTHER_EACH_TIME = re.compile(
    r"\.\.\.|PATH|CONFCAL_[A-Z_]+|\([^()]*\([^()]*\)[^()]*\)|\([^()]*\)|\(.*|\d+\.\d+\.\d+|\b\d{4}\b|/[\w/]+"
)
"""Names of settings, versions, and what others said: parentheses have the words of a driver or a machine."""


def said() -> str:
    """Return the texts of the code, with a gap for what is put into them."""
    trees = (ast.parse(file.read_text("utf-8")) for file in ROOT.glob("service/**/*.py"))
    return "\n".join(
        str(node.value)
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def quoted(page: Path) -> Iterator[str]:
    """Yield the parts of the sentences of a page's tables that are the same each time."""
    for rows in _TABLE.findall(page.read_text("utf-8")):
        for row in rows.splitlines():
            for sentence in re.findall(r"`([^`]+)`", row.split(" | ")[0]):
                if " " in sentence:
                    parts = (part.strip(" :,;") for part in _OTHER_EACH_TIME.split(sentence))
                    yield from (part for part in parts if len(part) > len("schema"))


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_confcal_says_what_a_page_says_it_says(page: Path) -> None:
    texts, parts = said(), list(quoted(page))

    assert parts
    assert [part for part in parts if part not in texts] == []
