"""
WWW-Authenticate as servers write it (RFC 9110, 11.6.1), one or several challenges to a line.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

MOST_CHARACTERS = 16 * 1024
_MOST_CHALLENGES = 32
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}"
_PARAMETER = re.compile(rf'[\s,]*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}(?:[:/=@]{_WORD})*)?)')
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?=\s|,|$)(?!\s*=[^=])")
_REST = re.compile(r"[^,]*")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """
    One way to authenticate that the server offers.
    """

    scheme: str
    """In lower case."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""


def parse_challenges(header: str) -> list[Challenge]:
    """
    Return the challenges of a header; unreadable parts are skipped.

    Raises ValueError where it is longer than any server needs.
    """
    if len(header) > MOST_CHARACTERS:
        raise ValueError("the challenge is too long")
    return list(_challenges(header))


def _challenges(header: str) -> Iterator[Challenge]:
    at = 0
    for _ in range(_MOST_CHALLENGES):
        scheme = _SCHEME.match(header, at)
        if not scheme:
            # Something unreadable: the next challenge may begin behind a comma.
            rest = _REST.match(header, at)
            at = rest.end() + 1 if rest else len(header)
            if at >= len(header):
                return
            continue
        at = scheme.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, at):
            quoted, plain = parameter[2], parameter[3]
            value = _ESCAPED.sub(r"\1", quoted) if quoted is not None else plain or ""
            parameters.setdefault(parameter[1].lower(), value)
            at = parameter.end()
        yield Challenge(scheme[1].lower(), parameters)
