"""
Requests of WebDAV and CalDAV as values: no connection, no clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree import ElementTree as ET

from service.caldav.hrefs import url_of
from service.caldav.multistatus import CALDAV, DAV

ET.register_namespace("d", "DAV:")
ET.register_namespace("c", "urn:ietf:params:xml:ns:caldav")

# Xandikos and Cyrus answer 415 without an XML type; SOGo needs the charset.
_XML = "application/xml; charset=utf-8"
_ICALENDAR = "text/calendar; charset=utf-8"

DISCOVERY = (
    f"{DAV}resourcetype",
    f"{DAV}displayname",
    f"{DAV}current-user-principal",
    f"{DAV}current-user-privilege-set",
    f"{CALDAV}calendar-home-set",
    f"{CALDAV}supported-calendar-component-set",
)
LISTING = (f"{DAV}resourcetype", f"{DAV}getetag", f"{DAV}sync-token")
_CONTENT = (f"{DAV}getetag", f"{CALDAV}calendar-data")


@dataclass(frozen=True, slots=True)
class Request:
    """
    One HTTP request.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    sent_by: str = ""
    """How the server sent us to this address, as "redirect, status 301"; empty where no redirect did."""


@dataclass(frozen=True, slots=True)
class Response:
    """
    The answer to a request.
    """

    status: int
    url: str
    at: datetime
    """When it arrived."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""

    body: bytes = b""

    @property
    def good(self) -> bool:
        """Whether the status means success."""
        return self.status // 100 == 2  # noqa: PLR2004 -- the class of success

    def header(self, name: str) -> str:
        """Return a header, empty where it is absent."""
        return self.headers.get(name, "")


def propfind(url: str, properties: Iterable[str], *, depth: int) -> Request:
    """Ask for properties (RFC 4918, 9.1)."""
    root = ET.Element(f"{DAV}propfind")
    _add_names(root, properties)
    return _with_xml("PROPFIND", url, root, depth)


def multiget(collection_url: str, hrefs: Iterable[str]) -> Request:
    """Ask for the ETags and bodies of resources (RFC 4791, 7.9)."""
    root = ET.Element(f"{CALDAV}calendar-multiget")
    _add_names(root, _CONTENT)
    for href in hrefs:
        # Only the path: SOGo and others refuse another host here, and the server may be behind a proxy.
        ET.SubElement(root, f"{DAV}href").text = _path_only(url_of(collection_url, href))
    return _with_xml("REPORT", collection_url, root, 1)


def query_uid(collection_url: str, uid: str) -> Request:
    """Ask which resource has a UID (RFC 4791, 7.8)."""
    root = ET.Element(f"{CALDAV}calendar-query")
    _add_names(root, _CONTENT)
    filter_ = ET.SubElement(root, f"{CALDAV}filter")
    vcalendar = ET.SubElement(filter_, f"{CALDAV}comp-filter", name="VCALENDAR")
    vevent = ET.SubElement(vcalendar, f"{CALDAV}comp-filter", name="VEVENT")
    property_ = ET.SubElement(vevent, f"{CALDAV}prop-filter", name="UID")
    ET.SubElement(property_, f"{CALDAV}text-match", collation="i;octet").text = uid
    return _with_xml("REPORT", collection_url, root, 1)


def sync_collection(collection_url: str, token: str) -> Request:
    """Ask what changed since `token` (RFC 6578, 3.2)."""
    root = ET.Element(f"{DAV}sync-collection")
    ET.SubElement(root, f"{DAV}sync-token").text = token
    ET.SubElement(root, f"{DAV}sync-level").text = "1"
    _add_names(root, (f"{DAV}getetag",))
    # RFC 6578 requires Depth 0; the level above says 1.
    return _with_xml("REPORT", collection_url, root, 0)


def mkcalendar(url: str, name: str) -> Request:
    """Create a calendar for VEVENTs (RFC 4791, 5.3.1); without `name` it gets no name."""
    root = ET.Element(f"{CALDAV}mkcalendar")
    _calendar_properties(root, name)
    return _with_xml("MKCALENDAR", url, root)


def mkcol(url: str, name: str) -> Request:
    """Create a calendar the other way (RFC 5689), where MKCALENDAR is not known."""
    root = ET.Element(f"{DAV}mkcol")
    properties = _calendar_properties(root, name)
    types = ET.SubElement(properties, f"{DAV}resourcetype")
    ET.SubElement(types, f"{DAV}collection")
    ET.SubElement(types, f"{CALDAV}calendar")
    return _with_xml("MKCOL", url, root)


def put(url: str, body: bytes, *, etag: str | None) -> Request:
    """Write a resource: over the version `etag`, or, with None, only where none exists."""
    condition = {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
    return Request("PUT", url, {"Content-Type": _ICALENDAR, **condition}, body)


def delete(url: str, *, etag: str, headers: Mapping[str, str]) -> Request:
    """Remove the version `etag` of a resource, without scheduling messages (RFC 6638, 8.1)."""
    return Request("DELETE", url, {"If-Match": etag, "Schedule-Reply": "F", **headers})


def get(url: str) -> Request:
    """Read a resource."""
    return Request("GET", url, {"Accept": "text/calendar"})


def _with_xml(method: str, url: str, root: ET.Element, depth: int | None = None) -> Request:
    headers = {"Content-Type": _XML}
    if depth is not None:
        headers["Depth"] = str(depth)
    return Request(method, url, headers, ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _add_names(parent: ET.Element, properties: Iterable[str]) -> None:
    prop = ET.SubElement(parent, f"{DAV}prop")
    for name in properties:
        ET.SubElement(prop, name)


def _calendar_properties(root: ET.Element, name: str) -> ET.Element:
    properties = ET.SubElement(ET.SubElement(root, f"{DAV}set"), f"{DAV}prop")
    if name:
        ET.SubElement(properties, f"{DAV}displayname").text = name
    components = ET.SubElement(properties, f"{CALDAV}supported-calendar-component-set")
    ET.SubElement(components, f"{CALDAV}comp", name="VEVENT")
    return properties


def _path_only(url: str) -> str:
    return "/" + url.split("://", 1)[1].partition("/")[2]
