"""
Text from outside made fit for a TEXT value (RFC 5545, 3.3.11), for XML and for a line of a calendar.
"""

import re
import unicodedata

# Some readers take these for the end of a line, because several parsers use Python's splitlines(). In a topic
# they would begin a new property.
_LINE_ENDS = re.compile("\r\n|[\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
# What a calendar cannot carry: controls (RFC 5545, 3.1, CONTROL; C1 alike), the byte order mark, and what
# XML 1.0 forbids, because CalDAV servers quote the calendar inside XML.
_UNFIT = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f\ufeff]")
_NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")
_REPLACEMENT = "\ufffd"

_JOINER = "\u200d"
_SKIN_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))


def clean(text: str) -> str:
    """
    Return `text` without what cannot be represented.

    Any line end becomes a line feed. Controls, byte order marks and blanks at both ends are dropped. Lone
    surrogates and noncharacters become U+FFFD. Direction marks, tabs, emoji and everything else stay.
    """
    # Nothing printable is a line end, a control, a mark or a surrogate; nearly every text ends here.
    if text.isprintable():
        return text.strip()
    text = _LINE_ENDS.sub("\n", text)
    text = _UNFIT.sub("", text)
    return _NO_CHARACTER.sub(_REPLACEMENT, text).strip()


def one_line(text: str) -> str:
    """Return `clean(text)` on one line: for parameters, names and lists."""
    if not text.isprintable():
        text = clean(text)
    return " ".join(text.split())


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, with an ellipsis where something was cut off."""
    if len(text) <= limit:
        return text
    end = limit - 1
    # Never between a letter and the marks that belong to it, nor inside a joined emoji.
    while end > 0 and (_belongs_to_the_left(text[end]) or text[end - 1] == _JOINER):
        end -= 1
    return text[:end].rstrip() + "…"


def _belongs_to_the_left(character: str) -> bool:
    return character == _JOINER or character in _SKIN_TONES or unicodedata.category(character).startswith("M")
