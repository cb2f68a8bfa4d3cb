"""
Conferences as bytes: compact, and equal bytes for equal conferences.

The Structs are the stored form. They are apart from the core types, so that those can change. They are stored
as arrays, which may grow at their end: a new last field needs a default, for what an older confcal wrote.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from sys import intern
from typing import assert_never

import msgspec

from service.core.conference import Conference, Invitation
from service.core.schedule import Once, Schedule, Unscheduled, Weekday, Weekly


class _Unscheduled(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=0):
    pass


class _Once(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=1):
    start: datetime
    duration: timedelta


class _Weekly(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=2):
    start: datetime
    duration: timedelta
    days: int
    """One bit for each weekday, Monday the lowest: a set has no order, and the bytes must be equal."""


class _Invitation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    id: str
    display_name: str


class _Conference(msgspec.Struct, frozen=True, array_like=True, gc=False):
    id: str
    topic: str
    owner: str
    schedule: _Unscheduled | _Once | _Weekly
    mode: str
    access: str
    created_at: datetime | None
    invitations: tuple[_Invitation, ...]
    url: str | None


_encoder = msgspec.msgpack.Encoder()
_conference = msgspec.msgpack.Decoder(_Conference)
_ids = msgspec.msgpack.Decoder(frozenset[str])

_DAYS = tuple(frozenset(day for day in Weekday if bits >> day & 1) for bits in range(1 << len(Weekday)))
"""The set of weekdays that each combination of bits means."""


_share_invitation = lru_cache(maxsize=65_536)(Invitation)
"""The same people are invited again and again: one object stands for each."""


def encode(conference: Conference) -> bytes:
    """Return the stored form, without `state` and `session_id`: they do not count in a comparison."""
    return _encoder.encode(
        _Conference(
            id=conference.id,
            topic=conference.topic,
            owner=conference.owner,
            schedule=_to_stored(conference.schedule),
            mode=conference.mode,
            access=conference.access,
            created_at=conference.created_at,
            invitations=tuple(_Invitation(i.id, i.display_name) for i in conference.invitations),
            url=conference.url,
        )
    )


def decode(content: bytes) -> Conference:
    """Return the conference that `encode` wrote. Raises msgspec.DecodeError where the bytes are damaged."""
    stored = _conference.decode(content)
    return Conference(
        id=stored.id,
        topic=stored.topic,
        owner=intern(stored.owner),
        schedule=_from_stored(stored.schedule),
        mode=intern(stored.mode),
        access=intern(stored.access),
        created_at=stored.created_at,
        invitations=tuple([_share_invitation(i.id, i.display_name) for i in stored.invitations]),
        url=stored.url,
    )


def encode_ids(ids: Iterable[str]) -> bytes:
    """Return a set of conference ids as bytes."""
    return _encoder.encode(sorted(ids))


def decode_ids(content: bytes) -> frozenset[str]:
    """Return the ids that `encode_ids` wrote."""
    return _ids.decode(content)


def _to_stored(schedule: Schedule) -> _Unscheduled | _Once | _Weekly:
    match schedule:
        case Unscheduled():
            return _Unscheduled()
        case Once(start, duration):
            return _Once(start, duration)
        case Weekly(start, duration, days):
            return _Weekly(start, duration, sum(1 << day for day in days))
        case _ as unreachable:
            assert_never(unreachable)


def _from_stored(stored: _Unscheduled | _Once | _Weekly) -> Schedule:
    # A `match` of these takes twice as long, and there are many.
    if isinstance(stored, _Weekly):
        return Weekly(stored.start, stored.duration, _DAYS[stored.days])
    if isinstance(stored, _Once):
        return Once(stored.start, stored.duration)
    if isinstance(stored, _Unscheduled):
        return Unscheduled()
    assert_never(stored)
