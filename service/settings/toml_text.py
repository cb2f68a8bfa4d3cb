"""
TOML as people save it. What is wrong with a file is explained by its line, without the words of a parser.
"""

import re
import tomllib
from collections.abc import Callable
from typing import Any

_AT_LINE = re.compile(r"at line (\d+)")
_KEY = r"""\s*(?P<key>[\w.-]+|"[^"]*"|'[^']*')\s*"""
_ASSIGNED = re.compile(rf"{_KEY}=\s*(?P<value>.*)")
_COLON = re.compile(rf"{_KEY}:")
_CURLY = re.compile(r"""=\s*[“”„«»‘’]""")

_Advice = Callable[[str], str | None]


def parse_toml(octets: bytes) -> dict[str, Any]:
    """
    Return the tables of a TOML file, which may begin with a byte order mark, as Notepad writes it.

    Raises ValueError with a sentence that says what to do. It repeats no value, which may be a secret.
    """
    if b"\0" in octets:
        raise ValueError("save it as UTF-8")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("save it as UTF-8") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(_explain(text, str(error))) from error


def _explain(text: str, words: str) -> str:
    if text.lstrip().startswith("{"):
        return 'this is JSON; write one setting to a line, like timezone = "Europe/Moscow"'
    lines = text.split("\n")
    found = _AT_LINE.search(words)
    number = min(int(found[1]), len(lines)) if found else len(lines)
    line = lines[number - 1]
    advice = _explain_twice(words, line) or next(filter(None, (advise(line) for advise in _ADVICE)), _LAST)
    return f"line {number}: {advice}"


def _explain_twice(words: str, line: str) -> str | None:
    if "Cannot declare" in words:
        return f"the table {line.strip()} is there twice; put its settings under one heading"
    assigned = _ASSIGNED.match(line)
    if "Cannot overwrite" in words and assigned:
        return f"it sets {assigned['key']} a second time; keep one of them"
    return None


def _advise_quotes(line: str) -> str | None:
    """Explain a text without quotes, or with those of a word processor."""
    assigned = _ASSIGNED.match(line)
    if not assigned:
        return None
    if _CURLY.search(line):
        return f'write straight quotes, like {assigned["key"]} = "..."'
    bare = assigned["value"][:1] not in ('"', "'", "[", "{")
    return f'write the value in quotes, like {assigned["key"]} = "..."' if bare else None


def _advise_backslash(line: str) -> str | None:
    assigned = _ASSIGNED.match(line)
    if assigned and assigned["value"].startswith('"') and "\\" in assigned["value"]:
        return f"write single quotes where backslashes are meant as such, like {assigned['key']} = '...'"
    return None


def _advise_closing(line: str) -> str | None:
    assigned = _ASSIGNED.match(line)
    if assigned and assigned["value"][:1] in ('"', "'"):
        quote = assigned["value"][0]
        if assigned["value"].count(quote) % 2:
            return f"the quote that ends the value of {assigned['key']} is missing"
    return None


def _advise_equals(line: str) -> str | None:
    colon = _COLON.match(line)
    return f'write {colon["key"]} = "...", with an equals sign' if colon else None


_ADVICE: tuple[_Advice, ...] = (_advise_quotes, _advise_backslash, _advise_closing, _advise_equals)
_LAST = 'write NAME = "value" there, or a heading like [sources.lobby]'
