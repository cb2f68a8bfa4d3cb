"""
What a VEVENT says about a conference, before it becomes bytes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, assert_never
from uuid import UUID, uuid5

from service.core.conference import Conference, Key
from service.core.schedule import UNBOUNDED, Bounds, Once, Schedule, Unscheduled, Weekday, Weekly, is_hidden
from service.core.text import clean, cut, one_line
from service.core.weekly import WeeklyRules, first_start, recur

_NAMESPACE = UUID("8f0d5a1c-3f0e-5f7b-9a55-6d0c1f5b7e21")
_SECOND = timedelta(seconds=1)
_MAX_SUMMARY = 1000
"""TrueConf allows 240; servers refuse what a broken one might send."""

_MAX_DESCRIPTION = 4000
_MAX_URL = 2000
_PLACEHOLDER = re.compile(r"\{(server|id)\}")
# RFC 3986, 2: a URI may hold none of these, and each would end it early in some reader.
_URI = re.compile(r"https?://[!#-;=?-\[\]_a-z~%]+", re.ASCII | re.IGNORECASE)
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_HOST = re.compile(r"[a-z0-9.\-]+(:[0-9]{1,5})?|\[[0-9a-f:.]+\](:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)

JOIN_URL = "https://{server}/c/{id}"
"""Where a conference is joined unless the server or the operator says otherwise (TrueConf, call strings)."""

Redaction = Literal["full", "busy"]
Translate = Callable[[str], str]


def no_translation(text: str) -> str:
    """Return the text as it stands in the source: English."""
    return text


@dataclass(frozen=True, slots=True)
class Rendering:
    """
    How the conferences of one source are turned into VEVENTs.
    """

    weekly: WeeklyRules = field(default_factory=WeeklyRules)
    join_url: str = JOIN_URL
    """A template with `{server}` and `{id}`."""

    people: bool = False
    """Whether DESCRIPTION lists the display names of those invited."""


@dataclass(frozen=True, slots=True)
class VEvent:
    """
    The content of one VEVENT (RFC 5545, 3.6.1) without its revision. Texts are clean, not yet escaped.
    """

    uid: str
    summary: str
    start: datetime
    """Naive where `tzid` is set, else aware UTC."""

    end: datetime
    tzid: str = ""
    byday: tuple[Weekday, ...] = ()
    """The weekdays of a weekly rule; empty for a single event."""

    until: datetime | None = None
    """The last moment at which an occurrence of the rule may begin, in UTC; None where it goes on."""

    conference_id: str = ""
    description: str = ""
    join_url: str = ""
    categories: tuple[str, ...] = ()
    created_at: datetime | None = None


def uid_of(key: Key) -> str:
    """
    Return the UID of a conference.

    It is the same in every feed and target and reveals nothing (RFC 7986, 5.3). A closed part has its own
    UID, which includes its first start.
    """
    name = f"{key.server.lower()}\n{key.id}"
    if key.part:
        name = f"{name}\n{key.part}"
    # A lone surrogate, which JSON can carry, has no UTF-8 form.
    return str(uuid5(_NAMESPACE, name.encode(errors="backslashreplace").decode()))


def to_vevent(
    key: Key,
    conference: Conference,
    rendering: Rendering,
    bounds: Bounds = UNBOUNDED,
    *,
    translate: Translate = no_translation,
    redaction: Redaction = "full",
    secret: str = "",
) -> VEvent | None:
    """
    Return the VEVENT of a conference, or None if it has no occurrence in `bounds`.

    With `busy` it shows only the times: no topic, people, id or link. The UID then depends on `secret`;
    otherwise anybody who knows the server could find the id, and the link, by trying all ids.
    """
    when = _when(conference.schedule, rendering.weekly, bounds)
    if when is None:
        return None
    if redaction == "busy":
        uid = uid_of(key._replace(server=f"{key.server}\n{secret}")) if secret else uid_of(key)
        return VEvent(uid, translate("Busy"), when.start, when.end, when.tzid, when.byday, when.until)
    link = join_link(key, conference, rendering.join_url)
    return VEvent(
        uid_of(key),
        summary_of(conference, translate),
        when.start,
        when.end,
        when.tzid,
        when.byday,
        when.until,
        conference_id=one_line(conference.id),
        description=_description(conference, link, translate, people=rendering.people),
        join_url=link,
        categories=tuple(_categories(conference, translate)),
        created_at=conference.created_at,
    )


@dataclass(frozen=True, slots=True)
class _Times:
    start: datetime
    end: datetime
    tzid: str = ""
    byday: tuple[Weekday, ...] = ()
    until: datetime | None = None


def _when(schedule: Schedule, rules: WeeklyRules, bounds: Bounds) -> _Times | None:
    match schedule:
        case Unscheduled():
            return None
        case Once(start, duration):
            return None if is_hidden(schedule, bounds) else _Times(start, start + duration)
        case Weekly():
            series = recur(schedule, rules, bounds)
            if bounds.until is None:
                return _Times(series.start, series.end, series.tzid, series.byday)
            if first_start(series) >= bounds.until:
                return None
            return _Times(series.start, series.end, series.tzid, series.byday, bounds.until - _SECOND)
        case _ as unreachable:
            assert_never(unreachable)


def summary_of(conference: Conference, translate: Translate = no_translation) -> str:
    """Return the topic; if it is empty, a phrase with the id."""
    topic = cut(clean(conference.topic), _MAX_SUMMARY)
    return topic or translate("Conference {id}").replace("{id}", one_line(conference.id))


def join_link(key: Key, conference: Conference, template: str = JOIN_URL) -> str:
    """
    Return the address that a person opens to join: the server's own, otherwise one from the template.

    It is a URI in ASCII whatever `key` and `conference` hold, if the template passed `check_template`. It is
    empty if neither address is known.
    """
    from_server = one_line(conference.url or "")
    if _is_uri(from_server):
        return from_server
    # No link is better than a link to a server that nobody named.
    return "" if "{server}" in template and not key.server else _fill(template, key.server, conference.id)


def check_template(template: str) -> str:
    """
    Return the template of join links unchanged.

    Raises ValueError, with a sentence for the operator, if it cannot make an address.
    """
    if "{id}" not in template:
        raise ValueError("it must say where the id goes, as in https://{server}/c/{id}")
    if not _is_uri(_fill(template, "server.example", "1")):
        raise ValueError(
            "it must be an http or https address in ASCII with nothing but {server} and {id} in braces"
        )
    return template


def _fill(template: str, server: str, conference_id: str) -> str:
    # Not str.format(): its fields reach into attributes, and filled-in text must not be expanded again.
    values = {"server": _authority(server), "id": _path_segment(conference_id)}
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def _is_uri(text: str) -> bool:
    return len(text) <= _MAX_URL and _URI.fullmatch(text) is not None


def _authority(server: str) -> str:
    """Return a server's name as RFC 3986, 3.2 requires; the domain of an account comes from outside."""
    if _HOST.fullmatch(server):
        return server
    try:
        ascii_form = server.encode("idna").decode()
    except UnicodeError:
        ascii_form = server
    return ascii_form if _HOST.fullmatch(ascii_form) else _path_segment(server)


def _path_segment(text: str) -> str:
    # RFC 3986, 3.3. Ids were letters, digits and underscores on every server seen, but nobody guarantees it.
    if text.isascii() and text.isalnum():
        return text
    octets = text.encode(errors="replace")
    return "".join(chr(octet) if octet in _UNRESERVED else f"%{octet:02X}" for octet in octets)


def mode_in_words(mode: str, translate: Translate = no_translation) -> str:
    """Return TrueConf's mode in words; an unknown mode unchanged."""
    match mode:
        case "PxP":
            return translate("all on screen")
        case "OxP":
            return translate("video lecture")
        case "S|L":
            return translate("role-based")
        case "S|L Auto":
            return translate("smart meeting")
        case _:
            return one_line(mode)


def access_in_words(access: str, translate: Translate = no_translation) -> str:
    """Return TrueConf's access in words; an unknown value unchanged."""
    match access:
        case "private":
            return translate("private")
        case "public":
            return translate("public")
        case _:
            return one_line(access)


def _categories(conference: Conference, translate: Translate) -> list[str]:
    words = (mode_in_words(conference.mode, translate), access_in_words(conference.access, translate))
    return [word for word in words if word]


def _description(conference: Conference, link: str, translate: Translate, *, people: bool) -> str:
    names = [one_line(i.display_name) or one_line(i.id) for i in conference.invitations] if people else []
    facts = (
        (translate("Conference ID"), one_line(conference.id)),
        (translate("Owner"), one_line(conference.owner)),
        (translate("Mode"), mode_in_words(conference.mode, translate)),
        (translate("Access"), access_in_words(conference.access, translate)),
        (translate("Invited"), ", ".join(name for name in names if name)),
    )
    text = "\n".join(f"{label}: {value}" for label, value in facts if value)
    # The link stays whole, however long the text is.
    return f"{link}\n{cut(text, _MAX_DESCRIPTION)}".lstrip()
