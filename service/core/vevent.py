"""
What a VEVENT says about a conference, before it becomes bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, assert_never
from uuid import UUID, uuid5

from service.core.conference import Conference, Key
from service.core.join_link import JOIN_URL, join_link
from service.core.schedule import UNBOUNDED, Bounds, Once, Schedule, Unscheduled, Weekday, Weekly, is_hidden
from service.core.text import clean, cut, one_line
from service.core.weekly import WeeklyRules, first_start, recur

_NAMESPACE = UUID("8f0d5a1c-3f0e-5f7b-9a55-6d0c1f5b7e21")
_SECOND = timedelta(seconds=1)
_MAX_SUMMARY = 1000
"""TrueConf allows 240; servers refuse what a broken one might send."""

_MAX_DESCRIPTION = 4000
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
