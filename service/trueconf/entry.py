"""
One object of the list `conferences` as a Conference, or the Rejection that says why not.

Every object is judged on its own: one bad entry must not lose the others.
"""

from collections.abc import Callable
from functools import lru_cache
from sys import intern
from typing import Final

from service.core.conference import Conference, Invitation, Rejection
from service.core.schedule import Once, Schedule, Unscheduled, Weekly
from service.trueconf import fields
from service.trueconf.fields import Json, Unusable
from service.trueconf.limits import MOST_INVITATIONS

_LONGEST_QUOTE: Final = 40
_LONGEST_SHARED: Final = 256
_VARIANT_B: Final = {"-1": "none", "1": "once", "0": "week"}


def entry_of(value: object, *, raw: bytes) -> Conference | Rejection:
    """
    Return the conference that one decoded JSON value describes, or the reason for rejecting it.

    A rejection keeps `raw`, the bytes as they arrived.
    """
    if not isinstance(value, dict):
        return Rejection("", "conferences", f"expected an object, got {fields.kind(value)}", raw)
    conference_id = ""
    try:
        conference_id = fields.identifier(value.get("id"))
        return _conference(conference_id, value)
    except Unusable as verdict:
        return Rejection(conference_id, verdict.field, verdict.reason, raw)


def identifier_of(value: object) -> str:
    """Return a conference id, or an empty text if `value` is not one."""
    try:
        return fields.identifier(value)
    except Unusable:
        return ""


def _conference(conference_id: str, value: Json) -> Conference:
    # Words that many conferences have in common are one object: copies of them would stay in memory.
    return Conference(
        id=conference_id,
        topic=fields.text(value.get("topic")),
        owner=intern(fields.person(value.get("owner"), "owner")),
        schedule=_schedule(value),
        mode=fields.mode(value.get("mode")),
        access=intern(fields.text(value.get("access"))),
        created_at=fields.parse_created(value.get("created_at")),
        invitations=_invitations(value.get("invitations")),
        url=fields.link(value.get("url")),
        state=intern(fields.text(value.get("state"))),
        session_id=fields.text(value.get("session_id")),
    )


def _schedule(value: Json) -> Schedule:
    schedule = value.get("schedule")
    content = schedule if isinstance(schedule, dict) else {}
    match _schedule_type(value, content):
        case "none":
            return Unscheduled()
        case word if not content:
            expectation = "missing" if not schedule else f"expected an object, got {fields.kind(schedule)}"
            raise Unusable("schedule", f"{expectation}, though the type is {word}")
        case "once":
            return Once(fields.start(content.get("start_time")), fields.duration(content.get("duration")))
        case _:
            return Weekly(
                fields.start(content.get("start_time")),
                fields.duration(content.get("duration")),
                fields.weekdays(content.get("days")),
            )


def _schedule_type(value: Json, schedule: Json) -> str:
    """Return `none`, `once` or `week`, from variant A where the object has its field, else from B."""
    if (sent := value.get("schedule_type")) is not None:
        return _require_known("schedule_type", sent, _word)
    if (sent := schedule.get("type")) is not None:
        return _require_known("schedule.type", sent, _word_or_number)
    raise Unusable("schedule_type", "missing")


def _require_known(field: str, sent: object, reading: Callable[[object], str]) -> str:
    word = reading(sent)
    if word in _VARIANT_B.values():
        return word
    quoted = fields.text(sent)[:_LONGEST_QUOTE] or fields.kind(sent)
    raise Unusable(field, f"{quoted!r} is unknown, expected none, once or week")


def _word(sent: object) -> str:
    return fields.text(sent).strip().casefold()


def _word_or_number(sent: object) -> str:
    return _VARIANT_B.get(_word(sent), _word(sent))


def _invitations(value: object) -> tuple[Invitation, ...]:
    """Return the invited people. An entry without an id is useless and is left out."""
    if not isinstance(value, list):
        return ()
    if len(value) > MOST_INVITATIONS:
        raise Unusable("invitations", f"{len(value):,} of them, at most {MOST_INVITATIONS:,} are taken")
    sent = (
        invitation_of(each.get("id"), each.get("display_name")) for each in value if isinstance(each, dict)
    )
    return tuple(each for each in sent if each)


def invitation_of(id_: object, display_name: object) -> Invitation | None:
    """Return an invited person, None where the id is empty. Raises Unusable."""
    # What is remembered stays in memory, so it must be short whatever an endpoint sends.
    match id_, display_name:
        case str(), str() if len(id_) + len(display_name) <= _LONGEST_SHARED:
            return _share(id_, display_name)
        case _:
            return _read_invitation(id_, display_name)


@lru_cache(maxsize=65536)
def _share(id_: str, display_name: str) -> Invitation | None:
    """Return one value for the same person in many conferences: copies would be a third of all memory."""
    return _read_invitation(id_, display_name)


def _read_invitation(id_: object, display_name: object) -> Invitation | None:
    invited = fields.person(id_, "invitations.id").strip()
    return Invitation(invited, fields.text(display_name)) if invited else None
