"""
What a server's answer to a write means: 412, 409, 403, 400, 415, 423, 501 and 507 are ambiguous.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from xml.etree import ElementTree as ET

from service.caldav.hrefs import host_of, join_url
from service.caldav.multistatus import CALDAV, DAV, parse_multistatus
from service.caldav.protocol import Response
from service.caldav.xml import Malformed, parse_xml
from service.core.errors import CollectionMoved, Conflict, CredentialsRefused, Retryable

REFUSAL_OF_LOGIN = "refuses the user name or the password: correct them"
"""What a server does that refuses the credentials, behind its name."""

_LONGEST_WAIT_SECONDS = 3600.0
_FULL_WAIT_SECONDS = 900.0
_MULTISTATUS = 207
_MOST_TEXT = 20_000


class Refusal(StrEnum):
    """
    Why one resource was refused, as far as the answer shows.
    """

    CONDITION = "its condition failed"
    UID = "its UID is in use"
    DATA = "the server finds its data invalid"
    SIZE = "the server finds it too large"
    PERMISSION = "the server does not permit it"
    MISSING = "the server knows no such place"
    CHANGE = "the server does not take this change"
    """The place exists: Google refuses a SEQUENCE that went back, SOGo answers 404 to data."""

    FAILURE = "the server failed on it"


@dataclass(frozen=True, slots=True)
class Refused:
    """
    One resource was refused.
    """

    kind: Refusal
    status: int
    url: str = ""
    """The resource that has the UID, where the server names it (Cyrus)."""

    in_front: bool = False
    """Whether the answer is a web page: a proxy writes those, a CalDAV server does not."""

    @property
    def text(self) -> str:
        """The reason in our own words."""
        who = "something in front of the server does not permit it" if self.in_front else self.kind
        return f"{who} (status {self.status})"

    def of_known(self) -> "Refused":
        """Return the refusal of a resource that certainly exists."""
        return replace(self, kind=Refusal.CHANGE) if self.kind is Refusal.MISSING else self

    def conflict(self) -> Conflict:
        """Return the error of this resource."""
        return Conflict(
            self.text,
            blames_target=self.kind in _OF_TARGETS,
            passing=self.status >= SERVER_FAILED,
            in_front=self.status if self.in_front else 0,
        )


_IN_FRONT = frozenset({403, 405, 406})

_OF_TARGETS = frozenset({Refusal.PERMISSION, Refusal.MISSING, Refusal.FAILURE})
"""What may concern the whole collection."""

_ELEMENTS: Mapping[str, Refusal] = {
    f"{CALDAV}no-uid-conflict": Refusal.UID,
    f"{CALDAV}unique-scheduling-object-resource": Refusal.UID,
    f"{CALDAV}valid-calendar-data": Refusal.DATA,
    f"{CALDAV}valid-calendar-object-resource": Refusal.DATA,
    f"{CALDAV}supported-calendar-data": Refusal.DATA,
    f"{CALDAV}supported-calendar-component": Refusal.DATA,
    f"{CALDAV}max-instances": Refusal.DATA,
    f"{CALDAV}min-date-time": Refusal.DATA,
    f"{CALDAV}max-date-time": Refusal.DATA,
    f"{CALDAV}max-attendees-per-instance": Refusal.DATA,
    f"{CALDAV}max-resource-size": Refusal.SIZE,
    f"{DAV}need-privileges": Refusal.PERMISSION,
}

_STATUSES: Mapping[int, Refusal] = {
    400: Refusal.DATA,
    403: Refusal.PERMISSION,
    404: Refusal.MISSING,
    405: Refusal.MISSING,
    409: Refusal.MISSING,
    410: Refusal.MISSING,
    412: Refusal.CONDITION,
    413: Refusal.SIZE,
    415: Refusal.DATA,
    422: Refusal.DATA,
}

SERVER_FAILED = 500
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CROWDED = frozenset({423, 429, 503})
_BUSY = frozenset({408, 425, 502, 504}) | _CROWDED
_NOT_IMPLEMENTED = 501
_FULL = 507
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_USAGE_LIMITS = (b"usagelimits", b"ratelimitexceeded", b"quotaexceeded", b"userratelimitexceeded")
"""What the body of a 403 of Google says where requests come too fast."""

_UID_TEXTS = (b"uid already exists", b"uid conflict", b"already exists in this calendar", b"uid is already")
"""What sabre and Nextcloud say in a 400 or 403, without an element of the standard."""


def is_accepted(response: Response) -> bool:
    """Return whether a write was carried out; of a 207 the entries count."""
    if response.status != _MULTISTATUS:
        return response.good
    try:
        return all(answer.exists for answer in parse_multistatus(response.body, response.url).answers)
    except Malformed:
        return True


def parse_refusal(response: Response, quirks: Collection[str] = ()) -> Refused:
    """Return why one resource was refused. Raises Retryable and Fatal where the whole target is refused."""
    require_usable(response, quirks)
    names, url = _error_elements(response)
    for name in names:
        if name in _ELEMENTS:
            return Refused(_ELEMENTS[name], response.status, url)
    text = response.body[:_MOST_TEXT].lower()
    if response.status in _STATUSES and any(phrase in text for phrase in _UID_TEXTS):
        return Refused(Refusal.UID, response.status, url)
    kind = _STATUSES.get(response.status, Refusal.FAILURE)
    return Refused(kind, response.status, url, in_front=_is_page(response) and response.status in _IN_FRONT)


def _is_page(response: Response) -> bool:
    head = response.body[:_MOST_TEXT].lstrip().lower()
    return head.startswith((b"<!doctype html", b"<html")) or (
        bool(head) and "text/html" in response.header("content-type").lower()
    )


def require_usable(response: Response, quirks: Collection[str] = ()) -> None:
    """Raise Retryable or Fatal where an answer says that the target cannot be used, now or ever."""
    host, status = host_of(response.url), response.status
    if status == _UNAUTHORIZED:
        raise CredentialsRefused(f"{host} {REFUSAL_OF_LOGIN}")
    if status in REDIRECTS:
        raise CollectionMoved(f"the collection on {host} has moved")
    throttled = status == _FORBIDDEN and any(word in response.body.lower() for word in _USAGE_LIMITS)
    overloaded = status == _NOT_IMPLEMENTED and "overload-501" in quirks
    if status in _BUSY or throttled or overloaded:
        crowded = status in _CROWDED or throttled or overloaded
        raise Retryable(
            f"{host} is busy (status {status})", delay_seconds=retry_after(response), crowded=crowded
        )
    if status == _FULL:
        raise Retryable(
            f"{host} has no space left (status {status})",
            delay_seconds=retry_after(response) or _FULL_WAIT_SECONDS,
        )


def retry_after(response: Response) -> float | None:
    """Return how long the server asks to wait (RFC 9110, 10.2.3), at most an hour; None where it does not."""
    value = response.header("retry-after").strip()
    if value.isdecimal():
        return min(float(value[:9]), _LONGEST_WAIT_SECONDS)
    until = _date(value)
    if until is None:
        return None
    # The date is by the server's own clock, which its Date header shows.
    seconds = (until - (_date(response.header("date")) or response.at)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_WAIT_SECONDS)


def _date(value: str) -> datetime | None:
    """Return the moment in a header, or None for an impossible or unreadable one."""
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _error_elements(response: Response) -> tuple[list[str], str]:
    """Return the names of the preconditions in an error body, and the first address in it."""
    if response.body.lstrip()[:1] != b"<":
        return [], ""
    try:
        root = parse_xml(response.body)
    except Malformed:
        return [], ""
    errors = [root] if root.tag == f"{DAV}error" else list(root.iter(f"{DAV}error"))
    names = [child.tag for error in errors for child in error]
    href = next((found for error in errors if (found := _href(error))), "")
    return names, (join_url(response.url, href) or "") if href else ""


def _href(error: ET.Element) -> str:
    return next((text for element in error.iter(f"{DAV}href") if (text := (element.text or "").strip())), "")
