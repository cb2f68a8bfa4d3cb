"""
The answer of a token server (RFC 6749, 5.1), bounded before it is read.
"""

import json
import math
import re
from dataclasses import dataclass, field
from datetime import timedelta

MOST_OCTETS = 64 * 1024
_MOST_DEPTH = 32
_DEFAULT_LIFE = 3600.0
_LONGEST_LIFE = 86400.0
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
# A text may lack its end; otherwise a hostile answer would cost quadratic time.
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """
    An access token.
    """

    text: str = field(repr=False)
    life: timedelta


def parse_token(body: bytes) -> Token | None:
    """Return the token in an answer, or None where there is no usable one."""
    if len(body) > MOST_OCTETS or _depth(body) > _MOST_DEPTH:
        return None
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        return None
    return Token(token, _life(answer.get("expires_in")))


def _life(seconds: object) -> timedelta:
    """Return the lifetime of a token: at most a day, and an hour if the answer does not say."""
    try:
        life = float(seconds) if isinstance(seconds, int | float | str) else _DEFAULT_LIFE
    except (ValueError, OverflowError):
        life = _DEFAULT_LIFE
    if math.isnan(life):
        life = _DEFAULT_LIFE
    return timedelta(seconds=min(max(life, 0.0), _LONGEST_LIFE))


def _depth(body: bytes) -> int:
    """Return how deep brackets are nested: the parser of the standard library recurses with each."""
    deepest = depth = 0
    for found in _BRACKETS.finditer(body):
        bracket = found[0]
        if bracket in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in b"]}":
            depth -= 1
    return deepest
