"""
How a stand-in refuses what the real tool would not take.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path
from types import EllipsisType
from typing import NoReturn


class Refused(Exception):
    """The real tool would not take this."""


class Arguments(argparse.ArgumentParser):
    """
    Options of one tool, in full; an error is raised, not printed.
    """

    def __init__(self, tool: str) -> None:
        super().__init__(tool, allow_abbrev=False, add_help=False)

    def error(self, message: str) -> NoReturn:
        """Refuse."""
        raise Refused(message)


def options(tool: str, *flags: str, **positional: int | str | EllipsisType) -> Arguments:
    """
    Return a parser of these flags and arguments.

    `--name=` takes a value. An argument is one (1), some ("+"), or all that is left (...).
    """
    parser = Arguments(tool)
    for flag in flags:
        if flag.endswith("="):
            parser.add_argument(flag.removesuffix("="))
        else:
            parser.add_argument(flag, action="store_true")
    for name, count in positional.items():
        if count == 1:
            parser.add_argument(name)
        else:
            parser.add_argument(name, nargs=argparse.REMAINDER if count is ... else "+")
    return parser


def files(names: Iterable[str]) -> None:
    """Refuse files that are not there."""
    for name in names:
        if not Path(name).exists():
            raise Refused(f"{name}: no such file")
