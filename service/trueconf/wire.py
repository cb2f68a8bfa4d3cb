"""
Text frames -> values. Nothing but FrameRejected leaves this module, whatever arrives.

An unchanged conference costs a dictionary lookup: the list is split into raw slices first, and a slice
seen in the list before gives back the very Conference made from it then.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from service.core.conference import Conference, Listing, Rejection
from service.core.errors import FrameRejected
from service.trueconf import fields
from service.trueconf.entry import entry_of
from service.trueconf.frames import Frame, ListFrame, frame_of, is_no, name, peer_id_of
from service.trueconf.repair import octets, repaired

Entry = Conference | Rejection

LIST_REFUSED: Final = "result"
"""The field of a FrameRejected that says that the endpoint would not give its list."""

_UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Envelope(msgspec.Struct):
    """The top level of any frame; types are left open so that a wrong one cannot hide the rest."""

    method: Any = None
    event: Any = None
    cnt: Any = None
    result: Any = None
    succeed: Any = None
    error: Any = None
    peerId: Any = None  # noqa: N815 - TrueConf's spelling
    conferences: list[Raw] | dict[str, Raw] | str | int | float | bool | UnsetType | None = UNSET


_envelope: Final = msgspec.json.Decoder(_Envelope)


class Decoder:
    """
    Decodes the frames of one source, remembering the entries of its last list.
    """

    def __init__(self) -> None:
        self._known: Mapping[bytes, Entry] = {}

    def decode(self, data: str | bytes) -> Frame:
        """
        Return the frame that `data` holds.

        Raises FrameRejected for broken JSON, for anything but an object, and for a list that says
        `result: false` or `succeed: false`, or whose `conferences` is no list. The field is LIST_REFUSED
        where the endpoint would not give the list, also where an error stands in its place.
        """
        frame, envelope = _opened(octets(data))
        if not _is_list(envelope):
            return frame_of(_value(frame))
        _check(envelope)
        if not isinstance(envelope.conferences, list):
            raise FrameRejected("conferences", _not_a_list(envelope.conferences))
        peer_id = peer_id_of(envelope.peerId)
        return ListFrame(self._listing(envelope.conferences, envelope), peer_id)

    def _listing(self, slices: list[Raw], envelope: _Envelope) -> Listing:
        raws = [bytes(entry) for entry in slices]
        known = self._known
        entries = [known.get(raw) or _entry(raw) for raw in raws]
        self._known = dict(zip(raws, entries, strict=True))
        conferences, rejections = _sifted(raws, entries)
        return Listing(conferences, rejections, tuple(_doubts(envelope, len(slices))))


def list_of(data: str | bytes) -> Listing:
    """
    Return the list that one frame on its own holds.

    Raises FrameRejected as `Decoder.decode` does, and for a frame that is no list at all.
    """
    return list_frame_of(data).listing


def list_frame_of(data: str | bytes) -> ListFrame:
    """Return the frame of a list. Raises FrameRejected as `list_of` does."""
    match Decoder().decode(data):
        case ListFrame() as frame:
            return frame
        case _:
            raise FrameRejected("method", "not a conferenceList event nor a getScheduler reply")


def _opened(data: bytes) -> tuple[bytes, _Envelope]:
    try:
        return data, _envelope.decode(data)
    except _UNDECODABLE:
        strict = repaired(data)
    try:
        return strict, _envelope.decode(strict)
    except msgspec.ValidationError as error:
        raise FrameRejected("frame", f"expected an object, got {fields.kind(_value(strict))}") from error
    except _UNDECODABLE as error:
        raise FrameRejected("frame", "no JSON that can be read") from error


def _value(data: bytes) -> Any:  # noqa: ANN401 - JSON of unknown shape, narrowed by whoever reads it
    try:
        return msgspec.json.decode(data)
    except _UNDECODABLE:
        strict = repaired(data)
    try:
        return msgspec.json.decode(strict)
    except _UNDECODABLE as error:
        raise FrameRejected("frame", "no JSON that can be read") from error


def _is_list(envelope: _Envelope) -> bool:
    method, event = name(envelope.method), name(envelope.event)
    named = method == "getscheduler" or event == "conferencelist"
    return named or (envelope.conferences is not UNSET and not event and method in {"", "event"})


def _check(envelope: _Envelope) -> None:
    # A refusal or a failure is not an empty list: nothing may be concluded from it.
    if is_no(envelope.result):
        raise FrameRejected(LIST_REFUSED, "false: the endpoint refused the list")
    if envelope.error and envelope.conferences is UNSET:
        raise FrameRejected(LIST_REFUSED, "the endpoint answered with an error in place of the list")
    if is_no(envelope.succeed):
        raise FrameRejected("succeed", "false: the endpoint could not fetch the list")


def _not_a_list(value: object) -> str:
    return "missing" if value is UNSET else f"expected a list, got {fields.kind(value)}"


def _entry(raw: bytes) -> Entry:
    try:
        return entry_of(_value(raw), raw=raw)
    except FrameRejected as error:
        return Rejection("", "conferences", error.reason, raw)


def _sifted(raws: list[bytes], entries: list[Entry]) -> tuple[tuple[Conference, ...], tuple[Rejection, ...]]:
    """
    Return the conferences, one per id and in the order of the list, and the rejections.

    Entries of one id that look the same are one conference. Where they differ, or one of them is rejected,
    nobody knows which is meant, so none is taken.
    """
    conferences: dict[str, Conference] = {}
    rejections: dict[Rejection, None] = {}
    differing: set[str] = set()
    for entry in entries:
        if isinstance(entry, Rejection):
            rejections[entry] = None
            continue
        first = conferences.setdefault(entry.id, entry)
        if first is not entry and first != entry:
            differing.add(entry.id)
    if differing:
        rejections |= dict.fromkeys(_contested(raws, entries, differing))
    for rejection in rejections:
        conferences.pop(rejection.conference_id, None)
    return tuple(conferences.values()), tuple(rejections)


def _contested(raws: list[bytes], entries: list[Entry], ids: set[str]) -> Iterable[Rejection]:
    twins: dict[str, list[bytes]] = {}
    for raw, entry in zip(raws, entries, strict=True):
        if isinstance(entry, Conference) and entry.id in ids:
            twins.setdefault(entry.id, []).append(raw)
    for conference_id, versions in twins.items():
        everything = b"[" + b",".join(versions) + b"]"
        yield Rejection(conference_id, "id", "listed twice with different content", everything)


def _doubts(envelope: _Envelope, length: int) -> Iterable[str]:
    """Yield why absence from this list proves nothing."""
    match envelope.cnt:
        case None:
            pass
        case bool():
            yield "cnt is not a number"
        case int() | float() as count if count != length:
            yield f"cnt says {count}, the list has {length}"
        case int() | float():
            pass
        case str() as digits if digits.strip().lstrip("-").isdecimal():
            if digits.strip() != str(length):
                yield f"cnt says {digits.strip()[:20]}, the list has {length}"
        case _:
            yield "cnt is not a number"
    if envelope.error:
        yield "the list carries an error"
