"""
XML from servers, bounded while it is parsed.
"""

import re
import sys
from sys import getsizeof
from xml.etree import ElementTree as ET

from service.core.excerpt import quote_beginning

MOST_OCTETS = 64 * 1024 * 1024

_CHUNK_OCTETS = 64 * 1024
_MOST_ELEMENTS = 500_000
_MOST_DEPTH = 64
_MOST_ATTRIBUTES = 64
_LONGEST_NAME = 1_024
"""Characters of namespace and name together: a long namespace is repeated in each name."""

_LONGEST_TEXT = 8 * 1024 * 1024
_MOST_TEXTS = 2_000_000
_LONGEST_TAG_OCTETS = 1024 * 1024
_MOST_NAMES = 10_000
"""Different names of elements and attributes, and prefixes: the parser keeps them all to the end."""

_MOST_TREE_OCTETS = 96 * 1024 * 1024
"""An estimate of memory: an attribute of seven bytes takes a hundred."""

_ELEMENT_OCTETS = 160
_ATTRIBUTES_OCTETS = 240
_ATTRIBUTE_OCTETS = 100

_MENDED_OCTETS = 8 * 1024 * 1024
"""Mending copies the text several times. Answers with invalid characters are never longer."""

_REFUSED_DOCTYPE = "the answer has a DOCTYPE, which is refused"
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_HEAD_OCTETS = 4096
_BLANK = re.compile(rb"(?:\xef\xbb\xbf|[ \t\r\n])+")
_MOST_BLANKS = 64 * 1024
"""Skipped ones: matching takes a hundred bytes for each."""

_SURROGATE = re.compile(r"&#(5[5-7]\d{3}|[xX][dD][89a-fA-F][0-9a-fA-F]{2});")
_REFERENCE = re.compile(r"&#([0-9]{1,9}|[xX][0-9a-fA-F]{1,8});")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Malformed(ValueError):
    """An answer that cannot be used; the text says why, with the first words at most."""


class _Doctype(ValueError):
    pass


def parse_xml(body: bytes) -> ET.Element:
    """
    Return the root element; blank lines and a byte order mark before it are skipped.

    Raises Malformed for a DOCTYPE, for too much of anything, and where it is not XML.
    """
    if len(body) > MOST_OCTETS:
        raise Malformed(f"the answer has more than {MOST_OCTETS // 1024 // 1024} MB")
    blank = _BLANK.match(body, 0, _MOST_BLANKS)
    start = blank.end() if blank else 0
    root = _root(body, memoryview(body)[start:])
    if root is None and len(body) <= _MENDED_OCTETS:
        root = _root(body, memoryview(_strip_invalid(body[start:]).encode()))
    if root is None:
        doctype = _DOCTYPE.search(body[:_HEAD_OCTETS].replace(b"\0", b""))
        why = _REFUSED_DOCTYPE if doctype else "the answer is not well-formed XML"
        raise Malformed(why + quote_beginning(body))
    return root


def _root(body: bytes, text: memoryview) -> ET.Element | None:
    """Return the root element; None where the text is not well-formed. Raises Malformed."""
    try:
        return _parse(text)
    except _Doctype as error:
        raise Malformed(_REFUSED_DOCTYPE + quote_beginning(body)) from error
    except Malformed:
        raise
    except (ET.ParseError, ValueError, LookupError):
        return None


def _parse(body: memoryview) -> ET.Element:
    bounds = _Bounds()
    parser = ET.XMLParser(target=bounds)  # noqa: S314 -- the bounds refuse a DOCTYPE, and so all entities
    events = silent_from = 0
    for at in range(0, len(body), _CHUNK_OCTETS):
        parser.feed(bytes(body[at : at + _CHUNK_OCTETS]))
        # A tag without an end reports no event while it grows.
        if bounds.events != events:
            events, silent_from = bounds.events, at
        elif at - silent_from > _LONGEST_TAG_OCTETS:
            raise Malformed("the answer has a tag without an end")
    root: ET.Element = parser.close()
    return root


def _strip_invalid(body: bytes) -> str:
    """
    Return the text without characters that XML must not have.

    SOGo writes an emoji as two surrogates; Cyrus and sabre return control characters and Latin-1 unchanged.
    """
    text = _SURROGATE.sub(lambda found: chr(_number(found[1])), body.decode("utf-8", "replace"))
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _REFERENCE.sub(lambda found: found[0] if _legal(_number(found[1])) else "\ufffd", text)
    return _ILLEGAL.sub("\ufffd", text)


def _number(reference: str) -> int:
    return int(reference[1:], 16) if reference[0] in "xX" else int(reference)


def _legal(code: int) -> bool:
    """Whether a character may be in XML (XML 1.0, 2.2)."""
    return code <= sys.maxunicode and not _ILLEGAL.match(chr(code))


class _Bounds:
    """
    Builds the tree from the events of a parser, and raises Malformed where it grows too large.
    """

    def __init__(self) -> None:
        self.events = 0
        """How many events the parser reported."""

        self._builder = ET.TreeBuilder()
        self._elements = self._depth = self._texts = self._length = self._prefixes = self._octets = 0
        self._names: set[str] = set()

    def start_ns(self, _prefix: str, _uri: str) -> None:
        self.events += 1
        self._prefixes += 1
        if self._prefixes > _MOST_NAMES:
            raise Malformed(f"the answer has more than {_MOST_NAMES} namespaces")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.events += 1
        self._elements += 1
        self._depth += 1
        self._length = 0
        if self._elements > _MOST_ELEMENTS:
            raise Malformed(f"the answer has more than {_MOST_ELEMENTS} elements")
        if self._depth > _MOST_DEPTH:
            raise Malformed(f"the answer is nested more than {_MOST_DEPTH} levels deep")
        if len(attributes) > _MOST_ATTRIBUTES or len(tag) > _LONGEST_NAME:
            raise Malformed("the answer has an element with too many attributes, or too long a name")
        self._names.add(tag)
        self._take(_ELEMENT_OCTETS)
        if attributes:
            self._names.update(attributes)
            self._take(_ATTRIBUTES_OCTETS)
            for value in attributes.values():
                self._take(_ATTRIBUTE_OCTETS + getsizeof(value))
        if len(self._names) > _MOST_NAMES:
            raise Malformed(f"the answer has more than {_MOST_NAMES} different names")
        self._builder.start(tag, attributes)

    def end(self, tag: str) -> None:
        self.events += 1
        self._depth -= 1
        self._length = 0
        self._builder.end(tag)

    def data(self, text: str) -> None:
        self.events += 1
        self._texts += 1
        self._length += len(text)
        if self._length > _LONGEST_TEXT or self._texts > _MOST_TEXTS:
            raise Malformed("the answer has too much text in one element, or too many texts")
        self._take(getsizeof(text))
        self._builder.data(text)

    def _take(self, octets: int) -> None:
        self._octets += octets
        if self._octets > _MOST_TREE_OCTETS:
            raise Malformed("the answer takes more memory to read than is given to one")

    def comment(self, _text: str) -> None:
        self.events += 1

    def pi(self, _target: str, _text: str | None = None) -> None:
        self.events += 1

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        # Reported before any entity is read, so none is ever expanded.
        raise _Doctype

    def close(self) -> ET.Element:
        return self._builder.close()
