"""
A conference in the form of TrueConf's documentation, read by its types.

It takes half the time of reading each field with care, which `entry` does for every other form.
"""

from functools import lru_cache
from sys import intern
from typing import Final, Literal

import msgspec

from service.core.conference import Conference, Invitation
from service.core.schedule import Once, Schedule, Unscheduled, Weekly
from service.core.trueconf_id import LONGEST as LONGEST_NAME
from service.trueconf import fields
from service.trueconf.entry import invitation_of
from service.trueconf.fields import Unusable
from service.trueconf.limits import MOST_INVITATIONS

_UNLIKE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Invited(msgspec.Struct, gc=False):
    id: str
    display_name: str = ""


class _Planned(msgspec.Struct, gc=False):
    start_time: int
    duration: int
    days: tuple[int, ...] = ()


class _Documented(msgspec.Struct, gc=False):
    id: str
    schedule_type: Literal["none", "once", "week"]
    topic: str = ""
    owner: str = ""
    mode: str = ""
    access: str = ""
    state: str = ""
    session_id: str = ""
    created_at: int | None = None
    invitations: tuple[_Invited, ...] = ()
    url: str | None = None
    schedule: _Planned | None = None


_UNSCHEDULED: Final = Unscheduled()

# Few durations and sets of days are in use, and each is one object this way.
_duration: Final = lru_cache(maxsize=1024)(fields.duration)
_weekdays: Final = lru_cache(maxsize=256)(fields.weekdays)

_decoder: Final = msgspec.json.Decoder(_Documented)


def read_documented(raw: bytes) -> Conference | None:
    """Return the conference that is sent as documented; None for whatever needs a closer look."""
    try:
        sent = _decoder.decode(raw)
        return _conference(sent) if _is_usual(sent) else None
    except (*_UNLIKE, Unusable):
        return None


def _is_usual(sent: _Documented) -> bool:
    """Return whether id, owner and invitations are within the limits that `entry` explains."""
    name = sent.id
    return (
        bool(name)
        and name.isascii()
        and name.isprintable()
        and not name.isspace()
        and max(len(name), len(sent.owner)) <= LONGEST_NAME
        and len(sent.invitations) <= MOST_INVITATIONS
    )


def _conference(sent: _Documented) -> Conference | None:
    schedule = _schedule(sent)
    if schedule is None:
        return None
    return Conference(
        sent.id,
        sent.topic,
        intern(sent.owner),
        schedule,
        sent.mode if sent.mode in fields.MODES else fields.mode(sent.mode),
        intern(sent.access),
        None if sent.created_at is None else fields.moment(sent.created_at),
        _invitations(sent.invitations),
        fields.link(sent.url) if sent.url else None,
        intern(sent.state),
        sent.session_id,
    )


def _invitations(sent: tuple[_Invited, ...]) -> tuple[Invitation, ...]:
    known = [invitation_of(each.id, each.display_name) for each in sent]
    return tuple([each for each in known if each])


def _schedule(sent: _Documented) -> Schedule | None:
    if sent.schedule_type == "none":
        return _UNSCHEDULED
    planned = sent.schedule
    if planned is None or (start := fields.moment(planned.start_time)) is None:
        return None
    duration = _duration(planned.duration)
    if sent.schedule_type == "once":
        return Once(start, duration)
    return Weekly(start, duration, _weekdays(planned.days))
