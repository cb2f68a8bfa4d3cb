"""
The outermost layer of a frame: its fields, and its list as slices. Sizes are judged before anything is built.
"""

from functools import cache
from itertools import takewhile
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from service.core.errors import FrameRejected
from service.core.rejected import PEER_ID
from service.core.trueconf_id import too_long
from service.trueconf import fields, limits
from service.trueconf.entry import identifier_of
from service.trueconf.frames import peer_id_of
from service.trueconf.lenient_json import repair
from service.trueconf.limits import Limits

_UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_LONGEST_VALUE: Final = 4096
"""The most bytes of a value at the top level, other than the list, that is read."""

_LONGEST_PEER: Final = 16 * 1024
"""Bytes of a user's id: room for three names of full length in which every character is escaped."""

_BEGINNING: Final = 256
"""Length of the prefix by which a list is found in its frame: a search for the whole list is slow."""
_COUNTED_AT_ONCE: Final = 2**20

_TOO_LONG: Final = "(too long)"
"""Stands for a value that is longer: a text that means nothing."""


class _Envelope(msgspec.Struct, rename={"peer_id": "peerId"}):
    """The top level of any frame, still as text, so that a wrong or a huge value cannot hide the rest."""

    method: Raw | UnsetType = UNSET
    event: Raw | UnsetType = UNSET
    cnt: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    succeed: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET
    peer_id: Raw | UnsetType = UNSET
    conferences: Raw | UnsetType = UNSET


class _Identified(msgspec.Struct):
    """A conference of which only the id is decoded."""

    id: Raw | UnsetType = UNSET


class Head(msgspec.Struct, frozen=True):
    """The top level of a frame but for its list."""

    method: Any
    event: Any
    cnt: Any
    result: Any
    succeed: Any
    error: Any
    peer_id: bytes | None
    """None where the frame has no such field."""

    conferences: memoryview | None
    """A view into the frame, not a copy; None if the frame has no such field."""


_envelope: Final = msgspec.json.Decoder(_Envelope)
_slices: Final = msgspec.json.Decoder(list[Raw])
_identified: Final = msgspec.json.Decoder(_Identified)


def open_frame(data: bytes, most: Limits) -> tuple[bytes, Head]:
    """
    Return a frame as strict JSON, and its top level.

    Raises FrameRejected for broken JSON, for anything but an object, and for what is too much to repair.
    """
    try:
        return data, _head_of(_envelope.decode(data))
    except msgspec.ValidationError as error:
        raise FrameRejected("frame", f"expected an object, got {_kind(data.lstrip())}") from error
    except _UNDECODABLE:
        limits.check_nesting(data)
        limits.check_repairable(data, most)
        strict = repair(data)
    try:
        return strict, _head_of(_envelope.decode(strict))
    except msgspec.ValidationError as error:
        raise FrameRejected("frame", f"expected an object, got {_kind(strict)}") from error
    except _UNDECODABLE as error:
        raise FrameRejected("frame", "no JSON that can be read") from error


def value_of(data: bytes) -> Any:  # noqa: ANN401 - JSON of unknown shape, narrowed by whoever reads it
    """Return a JSON value, repaired where it is almost one. Raises FrameRejected."""
    try:
        return msgspec.json.decode(data)
    except _UNDECODABLE:
        limits.check_nesting(data)
        strict = repair(data)
    try:
        return msgspec.json.decode(strict)
    except _UNDECODABLE as error:
        raise FrameRejected("frame", "no JSON that can be read") from error


def _head_of(envelope: _Envelope) -> Head:
    sent = envelope.conferences
    return Head(
        _short(envelope.method),
        _short(envelope.event),
        _short(envelope.cnt),
        _short(envelope.result),
        _short(envelope.succeed),
        _short(envelope.error),
        None if isinstance(envelope.peer_id, UnsetType) else bytes(envelope.peer_id),
        None if isinstance(sent, UnsetType) else memoryview(sent),
    )


def _short(sent: Raw | UnsetType) -> Any:  # noqa: ANN401 - as `value_of`
    if isinstance(sent, UnsetType):
        return None
    raw = bytes(sent)
    return value_of(raw) if len(raw) <= _LONGEST_VALUE else _TOO_LONG


def peer_of(head: Head) -> str:
    """
    Return the account that the frame names as the owner of the list, or an empty text.

    Raises FrameRejected with the field PEER_ID for an impossible name.
    """
    if head.peer_id is None:
        return ""
    if len(head.peer_id) > _LONGEST_PEER:
        raise FrameRejected(PEER_ID, too_long("user"))
    return peer_id_of(value_of(head.peer_id))


def check_around(frame: bytes, head: Head) -> None:
    """Raise FrameRejected where a frame is nested too deeply outside of its list."""
    start, end = _place_of(head.conferences, frame)
    # That part rarely holds a bracket, and then nothing has to be copied.
    brackets = (frame.count(each, 0, start) + frame.count(each, end) for each in (b"[", b"{"))
    if sum(brackets) > limits.MOST_NESTING:
        limits.check_nesting(frame[:start])
        limits.check_nesting(frame[end:], within=1)


def _place_of(listed: memoryview | None, frame: bytes) -> tuple[int, int]:
    """
    Return the position of a list in its frame, or the frame's length.

    Only both ends are compared, as lists are long.
    """
    if listed is None:
        return len(frame), len(frame)
    length, first, last = len(listed), bytes(listed[:_BEGINNING]), bytes(listed[-_BEGINNING:])
    start = frame.find(first)
    while start >= 0 and not frame.endswith(last, start, start + length):
        start = frame.find(first, start + 1)
    return (start, start + length) if start >= 0 else (len(frame), len(frame))


def entries_of(sent: memoryview | None) -> list[bytes]:
    """
    Return the conferences of a list as they were sent.

    Raises FrameRejected where it is missing, is not a list, or holds more than are taken.
    """
    if sent is None:
        raise FrameRejected("conferences", "missing")
    if bytes(sent[:1]) != b"[":
        raise FrameRejected("conferences", f"expected a list, got {_kind(bytes(sent))}")
    # Every entry but the first has a comma before it, so few bytes, or few commas, are proof enough.
    if len(sent) < 2 * limits.MOST_CONFERENCES or _commas(sent) < limits.MOST_CONFERENCES:
        return [bytes(entry) for entry in _slices.decode(sent)]
    try:
        entries = msgspec.structs.astuple(_make_bounded_decoder().decode(sent))
    except msgspec.ValidationError as error:
        raise FrameRejected(
            "conferences", f"more than {limits.MOST_CONFERENCES:,} conferences, the most that is taken"
        ) from error
    return [bytes(entry) for entry in takewhile(lambda entry: entry is not UNSET, entries)]


def _commas(sent: memoryview) -> int:
    return sum(
        bytes(sent[start : start + _COUNTED_AT_ONCE]).count(b",")
        for start in range(0, len(sent), _COUNTED_AT_ONCE)
    )


@cache
def _make_bounded_decoder() -> msgspec.json.Decoder[msgspec.Struct]:
    """
    Return the decoder that splits a list of at most MOST_CONFERENCES entries into raw slices.

    msgspec checks the length of a `list` when all of it is there: millions of numbers take gigabytes by then.
    As a structure in the form of an array, it stops at the first entry too many.
    """
    places = [(f"entry_{number}", Raw | UnsetType, UNSET) for number in range(limits.MOST_CONFERENCES)]
    entries = msgspec.defstruct("_Entries", places, array_like=True, forbid_unknown_fields=True)
    return msgspec.json.Decoder(entries)


def _kind(sent: bytes) -> str:
    """Return the name of a JSON value's type without building a large value."""
    if sent.startswith(b"{"):
        return fields.kind({})
    if sent.startswith(b"["):
        return fields.kind([])
    return fields.kind(value_of(sent))


def id_of(raw: bytes) -> str:
    """Return the id of a conference that is not decoded as a whole, or an empty text."""
    try:
        return identifier_of(_short(_identified.decode(raw).id))
    except (*_UNDECODABLE, FrameRejected):
        return ""
