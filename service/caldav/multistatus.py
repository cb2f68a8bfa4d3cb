"""
Multistatus answers (RFC 4918, 13), read as servers really send them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from service.caldav.hrefs import join_url, path_of
from service.caldav.xml import Malformed, parse_xml
from service.core.excerpt import quote_beginning

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"

_OK = 200
_MULTIPLE = 300


@dataclass(frozen=True, slots=True)
class ResponseEntry:
    """
    What a multistatus says about one resource.
    """

    href: str
    """The decoded path."""

    url: str
    """The whole address, as sent."""

    status: int = _OK
    """The status of the resource itself; a property that was not found is not in `properties`."""

    properties: Mapping[str, ET.Element] = field(default_factory=dict)
    """By name in Clark notation; only those that were found."""

    @property
    def exists(self) -> bool:
        """Whether the resource exists."""
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
            if (href := (child.text or "").strip()) and (url := join_url(self.url, href))
        ]


@dataclass(frozen=True, slots=True)
class Multistatus:
    """
    The answers, each resource once, in their order.
    """

    answers: tuple[ResponseEntry, ...]
    token: str = ""
    """The new sync-token, in a sync-collection report."""

    def others(self, url: str) -> Iterator[ResponseEntry]:
        """Yield the answers about anything but the resource at `url`."""
        own = path_of(url).rstrip("/")
        return (answer for answer in self.answers if answer.href.rstrip("/") != own)

    def about(self, url: str) -> ResponseEntry | None:
        """Return the answer about the resource at `url`, if there is one."""
        own = path_of(url).rstrip("/")
        return next((answer for answer in self.answers if answer.href.rstrip("/") == own), None)


def parse_multistatus(body: bytes, base: str) -> Multistatus:
    """Return the answers in a body that came from `base`. Raises Malformed."""
    root = parse_xml(body)
    if root.tag != f"{DAV}multistatus":
        raise Malformed(f"the answer is not a multistatus{quote_beginning(body)}")
    answers: dict[str, ResponseEntry] = {}
    for response in root.iterfind(f"{DAV}response"):
        for answer in _parse_response(response, base):
            known = answers.get(answer.href)
            # DavMail and Zimbra list a resource twice: the existing one counts.
            if known is None or (answer.exists and not known.exists):
                answers[answer.href] = answer
    return Multistatus(tuple(answers.values()), (root.findtext(f"{DAV}sync-token") or "").strip())


def _parse_response(response: ET.Element, base: str) -> Iterator[ResponseEntry]:
    properties, statuses = _parse_properties(response)
    own = _parse_status(response.findtext(f"{DAV}status"))
    # Some servers report a missing resource as properties that are all 404.
    status = own or (_OK if not statuses or properties else max(statuses))
    for element in response.findall(f"{DAV}href"):
        href = "".join(element.itertext()).strip()
        # A resource whose address cannot be read or stored could not be asked for again.
        if href and (url := join_url(base, href)) and "\0" not in (path := path_of(url)):
            yield ResponseEntry(path, url, status, properties)


def _parse_properties(response: ET.Element) -> tuple[dict[str, ET.Element], list[int]]:
    found: dict[str, ET.Element] = {}
    statuses = []
    for propstat in response.findall(f"{DAV}propstat"):
        status = _parse_status(propstat.findtext(f"{DAV}status")) or _OK
        statuses.append(status)
        prop = propstat.find(f"{DAV}prop")
        if prop is not None and _OK <= status < _MULTIPLE:
            found |= {element.tag: element for element in prop}
    return found, statuses if not found else [_OK]


def _parse_status(line: str | None) -> int:
    """Return the number in a status line: `HTTP/1.1 404 Not Found`; 0 where there is none."""
    parts = (line or "").split()
    return next((int(part) for part in parts[:2] if part.isdecimal() and len(part) == len("404")), 0)
