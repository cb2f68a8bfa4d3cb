"""
Multistatus answers (RFC 4918, 13), read from whatever servers send.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from service.caldav.hrefs import joined, path_of

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"

MOST_OCTETS = 64 * 1024 * 1024
_MOST_RESPONSES = 200_000
_SURROGATE = re.compile(r"&#(5[5-7]\d{3}|[xX][dD][89a-fA-F][0-9a-fA-F]{2});")
_REFERENCE = re.compile(r"&#([0-9]{1,9}|[xX][0-9a-fA-F]{1,8});")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_OK = 200
_MULTIPLE = 300


class Malformed(ValueError):
    """An answer that cannot be used; the text says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a multistatus says about one resource.
    """

    href: str
    """The decoded path."""

    url: str
    """The whole address, as sent."""

    status: int = _OK
    """Of the resource itself; that of single properties is not kept: what was not found is not in them."""

    properties: Mapping[str, ET.Element] = field(default_factory=dict)
    """By name in Clark notation; only those that were found."""

    @property
    def found(self) -> bool:
        """Whether the resource is there."""
        return _OK <= self.status < _MULTIPLE

    def text(self, name: str) -> str:
        """Return the text of a property, empty where it is absent."""
        element = self.properties.get(name)
        return "" if element is None else "".join(element.itertext()).strip()

    def names(self, name: str) -> frozenset[str]:
        """Return the names of the elements in a property."""
        element = self.properties.get(name)
        return frozenset() if element is None else frozenset(child.tag for child in element)

    def hrefs(self, name: str) -> list[str]:
        """Return the whole addresses in a property."""
        element = self.properties.get(name)
        if element is None:
            return []
        return [
            url
            for child in element.iter(f"{DAV}href")
            if (href := (child.text or "").strip()) and (url := joined(self.url, href))
        ]


@dataclass(frozen=True, slots=True)
class Multistatus:
    """
    The answers, each resource once, in their order.
    """

    answers: tuple[Answer, ...]
    token: str = ""
    """The new sync-token, in a sync-collection report."""

    def others(self, url: str) -> Iterator[Answer]:
        """Yield the answers about anything but the resource at `url`."""
        own = path_of(url).rstrip("/")
        return (answer for answer in self.answers if answer.href.rstrip("/") != own)

    def about(self, url: str) -> Answer | None:
        """Return the answer about the resource at `url`, if there is one."""
        own = path_of(url).rstrip("/")
        return next((answer for answer in self.answers if answer.href.rstrip("/") == own), None)


def parse_xml(body: bytes) -> ET.Element:
    """
    Return the root element. Raises Malformed for a DOCTYPE, for too much of it, and where it is no XML.
    """
    if len(body) > MOST_OCTETS:
        raise Malformed(f"the answer has more than {MOST_OCTETS // 1024 // 1024} MB")
    # Entities are declared in a DOCTYPE only. In UTF-16 its letters have NULs between them.
    flat = body.replace(b"\0", b"").upper()
    if b"<!DOCTYPE" in flat or b"<!ENTITY" in flat:
        raise Malformed("the answer has a DOCTYPE, which is refused")
    root = _root(body)
    if root is None:
        root = _root(_mended(body))
    if root is None:
        raise Malformed("the answer is not well-formed XML")
    return root


def _root(text: bytes | str) -> ET.Element | None:
    with suppress(ET.ParseError, ValueError, LookupError):
        return ET.fromstring(text)  # noqa: S314 -- no DOCTYPE, no entities: see above
    return None


def _mended(body: bytes) -> str:
    """
    Return the text without what no XML may hold.

    SOGo writes an emoji as two surrogates, Cyrus and sabre give back control characters and Latin-1 as they
    got them. Nothing is taken out, only replaced: no DOCTYPE can come into being.
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


def parse_multistatus(body: bytes, base: str) -> Multistatus:
    """
    Return the answers in a body that came from `base`. Raises Malformed.
    """
    root = parse_xml(body)
    if root.tag != f"{DAV}multistatus":
        raise Malformed("the answer is no multistatus")
    responses = root.findall(f"{DAV}response")
    if len(responses) > _MOST_RESPONSES:
        raise Malformed(f"the answer tells of more than {_MOST_RESPONSES} resources")
    answers: dict[str, Answer] = {}
    for response in responses:
        for answer in _answers(response, base):
            known = answers.get(answer.href)
            # DavMail and Zimbra list a resource twice: what is there counts.
            if known is None or (answer.found and not known.found):
                answers[answer.href] = answer
    return Multistatus(tuple(answers.values()), (root.findtext(f"{DAV}sync-token") or "").strip())


def _answers(response: ET.Element, base: str) -> Iterator[Answer]:
    properties, statuses = _properties(response)
    own = _status(response.findtext(f"{DAV}status"))
    # Some servers report a missing resource as properties that are all 404.
    status = own or (_OK if not statuses or properties else max(statuses))
    for element in response.findall(f"{DAV}href"):
        href = "".join(element.itertext()).strip()
        # One whose address cannot be read is nothing that we could ask for again.
        if href and (url := joined(base, href)):
            yield Answer(path_of(url), url, status, properties)


def _properties(response: ET.Element) -> tuple[dict[str, ET.Element], list[int]]:
    found: dict[str, ET.Element] = {}
    statuses = []
    for propstat in response.findall(f"{DAV}propstat"):
        status = _status(propstat.findtext(f"{DAV}status")) or _OK
        statuses.append(status)
        prop = propstat.find(f"{DAV}prop")
        if prop is not None and _OK <= status < _MULTIPLE:
            found |= {element.tag: element for element in prop}
    return found, statuses if not found else [_OK]


def _status(line: str | None) -> int:
    """Return the number in a status line: `HTTP/1.1 404 Not Found`; 0 where there is none."""
    parts = (line or "").split()
    return next((int(part) for part in parts[:2] if part.isdecimal() and len(part) == len("404")), 0)
