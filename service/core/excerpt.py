"""
The first words of an answer that is not what was asked for, made safe for an error text.
"""

import html
import re

from service.core.rejected import without_secrets
from service.core.text import cut

_MOST_OCTETS = 2_000
_MOST_CHARACTERS = 100
_TAG = re.compile(r"<[^<>]{0,500}>?")
_NAMED_SECRET = re.compile(
    r"""
    \b( pass\w{0,20} | pwd | \w{0,20}token | \w{0,20}secret | api.?key | pin | cookie | session\w{0,10} )
    \b ["']? (?: \s*[:=]\s* | \s+ (?!is\b|was\b|has\b|must\b|for\b|or\b|and\b|in\b|to\b) ) \S+
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SCHEME = re.compile(r"\b(basic|bearer|digest)\s+\S+", re.IGNORECASE)
_PERSON = re.compile(r"\S*\S@\S+")
_RANDOM = re.compile(r"[A-Za-z0-9+/=_-]{24,}")


def first_words(body: bytes) -> str:
    """Return the first words of a body on one line: no tags, controls, secrets, addresses of people."""
    text = without_secrets(body[:_MOST_OCTETS]).decode("utf-8", "replace")
    text = html.unescape(_TAG.sub(" ", text))
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = _SCHEME.sub(r"\1 ***", _NAMED_SECRET.sub(r"\1 ***", text))
    text = _RANDOM.sub("***", _PERSON.sub("***", text))
    return cut(" ".join(text.split()).replace(" :", ":"), _MOST_CHARACTERS)


def quote_beginning(body: bytes) -> str:
    """Return the end of a sentence that quotes a body; empty where it has no words."""
    words = first_words(body)
    return f': it begins with "{words}"' if words else ""
